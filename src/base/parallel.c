#include "base/parallel.h"

#include <stdatomic.h>

#include "base/thread.h"

enum { THREADS_MAX = 64 };

struct loop {
    void (*one)(void *ctx, size_t i);
    void *ctx;
    size_t n;
    atomic_size_t next;
};

static void *work(void *arg)
{
    struct loop *loop = arg;

    for (size_t i; (i = atomic_fetch_add(&loop->next, 1)) < loop->n;)
        loop->one(loop->ctx, i);
    return NULL;
}

void parallel_for(unsigned threads, size_t n, void (*one)(void *ctx, size_t i), void *ctx)
{
    struct loop loop = {.one = one, .ctx = ctx, .n = n};
    pthread_t others[THREADS_MAX];
    size_t started = 0, most = n < THREADS_MAX ? n : THREADS_MAX;

    while (started + 1 < threads && started + 1 < most && thread_start(&others[started], work, &loop) == 0)
        started++;
    (void)work(&loop);
    while (started > 0)
        pthread_join(others[--started], NULL);
}
