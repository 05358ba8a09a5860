#include "base/crew.h"

#include <stdatomic.h>

#include "base/thread.h"

enum { HANDS_MAX = 64 };

struct crew {
    void (*one)(void *ctx, size_t i);
    void *ctx;
    size_t n;
    atomic_size_t next;
};

static void *work(void *arg)
{
    struct crew *c = arg;

    for (size_t i; (i = atomic_fetch_add(&c->next, 1)) < c->n;)
        c->one(c->ctx, i);
    return NULL;
}

void crew_work(unsigned hands, size_t n, void (*one)(void *ctx, size_t i), void *ctx)
{
    struct crew c = {.one = one, .ctx = ctx, .n = n};
    pthread_t threads[HANDS_MAX];
    size_t others = 0, most = n < HANDS_MAX ? n : HANDS_MAX;

    while (others + 1 < hands && others + 1 < most && thread_start(&threads[others], work, &c) == 0)
        others++;
    (void)work(&c);
    while (others > 0)
        pthread_join(threads[--others], NULL);
}
