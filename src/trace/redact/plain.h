/* Most URLs hold no secret, and one look at each byte says so. */
#ifndef P2T_TRACE_REDACT_PLAIN_H
#define P2T_TRACE_REDACT_PLAIN_H

#include "trace/redact/names.h"

enum { PLAIN_KEYS = 64, PLAIN_KEY_BYTES = 32 };

struct plain_key {
    uint8_t name[PLAIN_KEY_BYTES];
    uint8_t n; /* 0: free */
    bool ordinary;
};

/* The names of values that it met last. A zeroed one is empty and ready. */
struct plain {
    struct plain_key keys[PLAIN_KEYS];
};

/* True: scan_text() finds nothing to hide in the URL, REDACT_URL. False: it has to look. */
bool plain_url(struct plain *p, const struct names *names, struct slice url);

#endif
