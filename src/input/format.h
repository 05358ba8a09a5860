/* For the readers of the two capture formats, pcap.c and pcapng.c. */
#ifndef P2T_INPUT_FORMAT_H
#define P2T_INPUT_FORMAT_H

#include "input/capture.h"

/* A record header that claims a longer frame is damaged. Wireshark and libpcap write at most 256 KB for networks; the
 * rest is room for offloaded segments and odd link types. Bounds what one record can make us hold. */
#define INPUT_FRAME_MAX ((uint32_t)16 << 20)
/* The same for a classic pcap, unless its own snapshot length is larger. */
#define INPUT_FRAME_USUAL_MAX ((uint32_t)1 << 20)
/* A packet or secrets block: a frame and 64 KB of options. */
#define INPUT_BLOCK_MAX (INPUT_FRAME_MAX + ((uint32_t)64 << 10))

/* Enough of a file to recognise it: a pcapng one shows its byte order in its third word. */
#define INPUT_MAGIC_BYTES 12

/* Sets c->next when the file begins as this format does. INPUT_CAPTURE_FOUND; INPUT_CAPTURE_FOREIGN when the first bytes
 * are not this format's; INPUT_CAPTURE_DAMAGED, reported; or a negative p2t_status. */
int input_pcap_file_open(struct input_capture *c);
int input_pcapng_file_open(struct input_capture *c);

/* A value of c->next: the capture is over. Always 0. */
int input_capture_next_after_end(struct input_capture *c, struct input_frame *f);
/* Reports a problem and ends the capture. packet: the number it stands at, 0 for none. Returns 0, for the caller to
 * return. */
int input_capture_stop(struct input_capture *c, uint64_t packet, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Reports a problem; reading goes on. */
void input_capture_warn(struct input_capture *c, uint64_t packet, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Call it when the source ends where a record should be: a clean end, a cut inside the record, or damaged compression.
 * is_packet: the record would have been a packet. Reports what is wrong; 0, or P2T_ERR_MEMORY. */
int input_capture_ended(struct input_capture *c, bool is_packet);
/* The LINKTYPE_ value of a file's link type field: some systems wrote their own DLT_ numbers for raw IP. */
uint32_t input_link_type(uint32_t written);

/* Integers in the byte order of the file or section. */
static inline uint16_t input_capture_u16(const struct input_capture *c, struct reader *r)
{
    return c->big_endian ? reader_be16(r) : reader_le16(r);
}

static inline uint32_t input_capture_u32(const struct input_capture *c, struct reader *r)
{
    return c->big_endian ? reader_be32(r) : reader_le32(r);
}

#endif
