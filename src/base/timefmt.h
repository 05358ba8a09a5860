/* Packet times as text. */
#ifndef P2T_BASE_TIMEFMT_H
#define P2T_BASE_TIMEFMT_H

#include <stddef.h>
#include <stdint.h>

enum { TIME_TEXT_BYTES = 30 }; /* "2026-01-02T03:04:05.123456789Z" */

/* Nanoseconds since 1970 as RFC 3339, UTC, nine fractional digits; exactly TIME_TEXT_BYTES, no NUL. */
void time_rfc3339(int64_t ts_ns, char out[TIME_TEXT_BYTES]);

#endif
