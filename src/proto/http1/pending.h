/* Requests that wait for their responses, oldest first: RFC 9112 9.3.2. */
#ifndef P2T_PROTO_HTTP1_PENDING_H
#define P2T_PROTO_HTTP1_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h1_pending {
    uint32_t exchange;
    int64_t asked_ns;
    bool is_head, is_connect, expects, answered;
};

struct h1_pending_queue {
    struct h1_pending *items;
    size_t first, n, cap;
    uint32_t unkept; /* older ones that wait, too: only their numbers are known, which follow one another ... */
    struct h1_pending oldest; /* ... from this one's */
};

void h1_pending_fini(struct h1_pending_queue *q);
/* NULL when none waits. */
struct h1_pending *h1_pending_front(struct h1_pending_queue *q);
struct h1_pending *h1_pending_back(const struct h1_pending_queue *q);
/* One must wait. */
void h1_pending_pop(struct h1_pending_queue *q);
/* The oldest one that is kept waits on without what it asked for; one must be kept. */
void h1_pending_unkeep(struct h1_pending_queue *q);
/* Not taken when memory ran out. */
void h1_pending_push(struct h1_pending_queue *q, uint32_t exchange, int64_t asked_ns);

#endif
