/* A capture in memory, from which packets are left out. */
#ifndef P2T_GOLDEN_CUT_H
#define P2T_GOLDEN_CUT_H

#include <stddef.h>
#include <stdint.h>

#include "pcap2trace/session.h"

enum { CUT_FILE_MAX = 2 << 20, CUT_RECORD_BYTES = 16 };

/* A pcap file, its packets, and the path of a file that what is left of them is written to. */
struct cut_capture {
    uint8_t bytes[CUT_FILE_MAX];
    size_t n, packets, at[4096];
    char path[64];
    const char *keylog;
};

/* Reads a capture, gzip or plain; keylog: kept, or NULL. Fails the test where it cannot. */
void cut_load(struct cut_capture *c, const char *path, const char *keylog);
/* Hands over all exchanges of the capture without packets [from, to). */
void cut_run(const struct cut_capture *c, size_t from, size_t to,
             int (*exchange)(void *, const struct p2t_exchange *), void *ctx);
int64_t cut_packet_ns(const struct cut_capture *c, size_t i);
/* Removes the file. */
int cut_done(const struct cut_capture *c);

#endif
