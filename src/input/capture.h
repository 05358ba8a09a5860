/* One open capture: tells its format and gives its frames in the order of the file. */
#ifndef P2T_INPUT_CAPTURE_H
#define P2T_INPUT_CAPTURE_H

#include "input/input.h"
#include "input/pcapng_interface.h"
#include "input/source.h"

/* A record header that claims more is damage. Wireshark writes at most 256 KB for networks, libpcap likewise; the
 * rest is room for offloaded segments and odd link types. Bounds what one record can make us hold. */
#define INPUT_FRAME_MAX ((uint32_t)16 << 20)
/* The same for a classic pcap whose own snapshot length does not say more. */
#define INPUT_FRAME_USUAL_MAX ((uint32_t)1 << 20)
/* A packet or secrets block: a frame and 64 KB of options. */
#define INPUT_BLOCK_MAX (INPUT_FRAME_MAX + ((uint32_t)64 << 10))

/* Enough of a file to tell whether it is a capture: a pcapng one shows it in its third word. */
#define INPUT_MAGIC_BYTES 12

/* Either callback may be NULL. Texts and secrets are valid during the call. */
struct input_capture_events {
    void *ctx;
    void (*problem)(void *ctx, const char *text, uint64_t packet, uint64_t offset);
    void (*secrets)(void *ctx, const struct input_secrets *s);
};

enum input_capture_found {
    INPUT_CAPTURE_FOUND,
    INPUT_CAPTURE_EMPTY_FILE,
    INPUT_CAPTURE_FOREIGN, /* whole bytes that are no capture */
    INPUT_CAPTURE_DAMAGED  /* unreadable before its first record; the problem was reported */
};

enum lengths_order { LENGTHS_USUAL, LENGTHS_SWAPPED, LENGTHS_SWAPPED_MAYBE };

struct input_pcap_file {
    size_t header_bytes; /* of a record */
    uint32_t frame_max;
    uint32_t link_type;
    uint32_t ns_per_unit; /* of the fraction: 1000 or 1 */
    enum lengths_order lengths;
};

struct input_capture {
    struct input_source source;
    struct input_capture_events events;
    int (*next)(struct input_capture *c, struct input_frame *f);
    uint64_t number; /* of the last packet */
    uint64_t record; /* offset at which the record being read begins */
    int64_t last_ns; /* of the last packet that had a time */
    bool big_endian; /* the file, or the section */
    bool block_told; /* a block that makes no sense was reported: one stands for all */
    struct input_pcap_file pcap;
    struct input_pcapng_interfaces interfaces;
};

/* An enum input_capture_found, or a negative p2t_status. Close it in any case. */
int input_capture_open(struct input_capture *c, input_read_fn *read, void *ctx,
                       const struct input_capture_events *events);
/* The same, of a file that is read ahead; it stays the caller's, and open for as long as the capture. */
int input_capture_open_ahead(struct input_capture *c, struct input_ahead_file *file,
                             const struct input_capture_events *events);
/* 1: *f is filled, but for f->file. 0: the end, for good; what cut it was reported. Negative: a p2t_status. */
static inline int input_capture_next(struct input_capture *c, struct input_frame *f)
{
    return c->next(c, f);
}
void input_capture_close(struct input_capture *c);

/* For the two formats. */

/* INPUT_CAPTURE_FOUND, INPUT_CAPTURE_FOREIGN when the first bytes are not this format's, INPUT_CAPTURE_DAMAGED, or a p2t_status. */
int input_pcap_file_open(struct input_capture *c);
int input_pcapng_file_open(struct input_capture *c);
/* Reports and ends the capture; returns 0 for the caller to return. */
int input_capture_stop(struct input_capture *c, uint64_t packet, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Reports and goes on. */
void input_capture_warn(struct input_capture *c, uint64_t packet, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The source ended where a record should be: a good end, a cut inside the record, or damaged compression. */
int input_capture_ended(struct input_capture *c, bool is_packet);
/* LINKTYPE_ value for what the file says: some systems wrote their own DLT_ numbers for raw IP. */
uint32_t input_capture_link_type(uint32_t written);

static inline uint16_t input_capture_u16(const struct input_capture *c, struct reader *r)
{
    return c->big_endian ? reader_be16(r) : reader_le16(r);
}

static inline uint32_t input_capture_u32(const struct input_capture *c, struct reader *r)
{
    return c->big_endian ? reader_be32(r) : reader_le32(r);
}

#endif
