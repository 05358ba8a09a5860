/* One captured frame, as it comes from a capture file. */
#ifndef P2T_INPUT_FRAME_H
#define P2T_INPUT_FRAME_H

#include <stdint.h>

struct input_frame {
    int64_t ts_ns;        /* since 1970-01-01 UTC */
    uint64_t number;      /* in its file, from 1, as Wireshark counts */
    uint32_t file;        /* index of its file: input_file() */
    uint32_t interface;   /* pcapng interface within the section; 0 for pcap */
    uint32_t link_type;   /* LINKTYPE_ value, see pcap-linktype(7) */
    uint32_t cap_len;     /* bytes in the file */
    uint32_t wire_len;    /* bytes on the wire; >= cap_len */
    uint32_t snaplen;     /* of its interface; 0: not known, or unlimited */
    const uint8_t *bytes; /* cap_len bytes, valid until the next frame is asked for */
};

#endif
