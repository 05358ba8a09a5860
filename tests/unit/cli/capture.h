/* Small captures made on the spot: HTTP exchanges, each on its own connection. */
#ifndef P2T_TESTS_UNIT_CLI_CAPTURE_H
#define P2T_TESTS_UNIT_CLI_CAPTURE_H

#include "base/buf.h"

/* The pcap file header: nanosecond times, raw IP packets. */
void capture_begin(struct buf *b);
/* "GET /<n>", answered after 5 ms with `status` and the header field "X-Test: <field>". Start: 1000 + n seconds. */
void capture_exchange(struct buf *b, unsigned n, unsigned status, const char *field);
/* "GET /<n>" as above, but answered after 10 s; "GET /<n + 1>" begins and ends meanwhile. */
void capture_slow_around(struct buf *b, unsigned n);
/* A SYN to port 81 that is refused. */
void capture_refused(struct buf *b, unsigned n);
void capture_save(const struct buf *b, const char *path);

#endif
