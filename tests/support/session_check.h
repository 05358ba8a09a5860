/* Runs a session over one capture and holds everything it hands over against what users are promised. */
#ifndef P2T_TESTS_SESSION_CHECK_H
#define P2T_TESTS_SESSION_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session_check {
    uint64_t exchanges, frames;
    char broken[256]; /* the first promise that was not kept; empty: none */
};

/* True when every promise was kept. A capture that cannot be read, or is nonsense, keeps them all. */
bool session_check_path(struct session_check *check, const char *path, const char *keylog, unsigned jobs);
/* Same for a capture in memory. keylog: NULL for none. */
bool session_check_bytes(struct session_check *check, const void *bytes, size_t n, const char *keylog, unsigned jobs);

#endif
