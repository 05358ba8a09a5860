/* One open capture file: recognises its format and gives its frames in the order of the file. */
#ifndef P2T_INPUT_CAPTURE_H
#define P2T_INPUT_CAPTURE_H

#include "input/input.h"
#include "input/pcapng_interface.h"
#include "input/source.h"

/* Either callback may be NULL. Texts and secrets are valid during the call. packet: a packet number, 0 for none; offset: in
 * the decompressed file. */
struct input_capture_events {
    void *ctx;
    void (*problem)(void *ctx, const char *text, uint64_t packet, uint64_t offset);
    void (*secrets)(void *ctx, const struct input_secrets *s);
};

enum input_capture_found {
    INPUT_CAPTURE_FOUND,
    INPUT_CAPTURE_EMPTY_FILE,
    INPUT_CAPTURE_FOREIGN, /* readable, but not a capture */
    INPUT_CAPTURE_DAMAGED  /* unreadable before its first record; the problem was reported */
};

/* Which of a record's two lengths comes first: LENGTHS_USUAL is the captured one. */
enum lengths_order { LENGTHS_USUAL, LENGTHS_SWAPPED, LENGTHS_SWAPPED_MAYBE };

struct input_pcap_file {
    size_t header_bytes; /* of a record */
    uint32_t frame_max;  /* a longer captured length is damage */
    uint32_t link_type;
    uint32_t snaplen;
    uint32_t ns_per_unit; /* of the fraction: 1000 or 1 */
    enum lengths_order lengths;
};

struct input_capture {
    struct input_source source;
    struct input_capture_events events;
    int (*next)(struct input_capture *c, struct input_frame *f);
    uint64_t number;         /* of the last packet */
    uint64_t record;         /* offset at which the record being read begins */
    int64_t last_ns;         /* of the last packet that had a time */
    bool big_endian;         /* the file, or the section */
    bool bad_block_reported; /* only the first malformed block is */
    struct input_pcap_file pcap;
    struct input_pcapng_interfaces interfaces;
};

/* read() supplies the file's raw bytes. Returns an enum input_capture_found or a negative p2t_status; close the capture in
 * any case. */
int input_capture_open(struct input_capture *c, input_read_fn *read, void *ctx,
                       const struct input_capture_events *events);
/* The same for a file that is read ahead. The file stays the caller's, which must keep it open as long as the capture. */
int input_capture_open_ahead(struct input_capture *c, struct input_ahead_file *file,
                             const struct input_capture_events *events);
/* 1: *f is filled, except f->file. 0: the end, on every further call too; what cut the file short was reported. Negative:
 * a p2t_status. */
static inline int input_capture_next(struct input_capture *c, struct input_frame *f)
{
    return c->next(c, f);
}
/* Frees everything; safe after a failed open. */
void input_capture_close(struct input_capture *c);

#endif
