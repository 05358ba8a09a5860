/* Exchanges made by hand, and what a format writes for them. */
#ifndef P2T_TESTS_UNIT_WRITE_EXAMPLE_H
#define P2T_TESTS_UNIT_WRITE_EXAMPLE_H

#include "base/buf.h"
#include "write/writer.h"

#define TEXT(s) ((struct p2t_text){(s), sizeof(s) - 1})

/* GET over a new connection after a lookup; the server took 201 ms. Starts at 2026-01-02T03:04:05.25Z. */
const struct p2t_exchange *example_slow(void);
/* A name without an address. */
const struct p2t_exchange *example_no_address(void);
/* Two addresses at once, the first never answered. */
const struct p2t_exchange *example_two_attempts(void);
/* What a format writes for n exchanges, terminated; to be freed with buf_fini. */
struct buf example_written(enum out_format format, bool color, const struct p2t_exchange *const *x, size_t n);

#endif
