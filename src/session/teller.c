#include "session/teller.h"

#include <stdlib.h>

#include "base/thread.h"

/* Waking a thread costs as much as telling some exchanges, and many a kernel puts it where its waker runs: who sleeps is
 * woken for half a ring. Few batches keep what goes around in the cache. */
enum { BATCHES = 8, WAKE_BATCHES = BATCHES / 2, BATCH_EXCHANGES = 64 };
/* Heads may be large: the arenas of a batch together. */
#define BATCH_BYTES ((size_t)256 << 10)

struct batch {
    struct exchange *exchanges[BATCH_EXCHANGES];
    size_t n, bytes;
};

/* A batch belongs to the caller, is put into the ring, told, and taken back. */
struct teller {
    struct teller_config config;
    struct batch ring[BATCHES];
    uint64_t taken; /* the caller's own */
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t was_put, was_told;
    uint64_t put, told; /* batches */
    uint64_t exchanges; /* told */
    int status;
    bool closing, over;
};

/* ---- the teller's thread ---- */

static int status_of(struct teller *t)
{
    pthread_mutex_lock(&t->lock);
    int status = t->status;
    pthread_mutex_unlock(&t->lock);
    return status;
}

static void note(struct teller *t, uint64_t exchanges, int status)
{
    pthread_mutex_lock(&t->lock);
    t->exchanges += exchanges;
    if (t->status == 0)
        t->status = status;
    t->told++;
    if (t->put - t->told <= BATCHES - WAKE_BATCHES)
        pthread_cond_signal(&t->was_told);
    pthread_mutex_unlock(&t->lock);
}

static void tell_batch(struct teller *t, const struct batch *b)
{
    int status = status_of(t);
    uint64_t n = 0;

    for (size_t i = 0; i < b->n && status == 0; i++, n++)
        status = t->config.tell(t->config.ctx, b->exchanges[i]);
    note(t, n, status);
}

/* NULL: there will be none. */
static const struct batch *next_batch(struct teller *t)
{
    const struct batch *b = NULL;

    pthread_mutex_lock(&t->lock);
    if (t->told == t->put)
        while (t->put - t->told < WAKE_BATCHES && !t->closing)
            pthread_cond_wait(&t->was_put, &t->lock);
    if (t->told < t->put)
        b = &t->ring[t->told % BATCHES];
    pthread_mutex_unlock(&t->lock);
    return b;
}

static void *run(void *arg)
{
    struct teller *t = arg;

    for (const struct batch *b; (b = next_batch(t)) != NULL;)
        tell_batch(t, b);
    return NULL;
}

/* ---- the caller's side ---- */

struct teller *teller_new(const struct teller_config *config)
{
    struct teller *t = calloc(1, sizeof *t);

    if (t == NULL)
        return NULL;
    t->config = *config;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->was_put, NULL);
    pthread_cond_init(&t->was_told, NULL);
    if (thread_start(&t->thread, run, t) == 0)
        return t;
    t->over = true;
    teller_free(t);
    return NULL;
}

static void take_back(struct teller *t, uint64_t told)
{
    for (; t->taken < told; t->taken++) {
        struct batch *b = &t->ring[t->taken % BATCHES];
        for (size_t i = 0; i < b->n; i++)
            t->config.give_back(t->config.ctx, b->exchanges[i]);
        b->n = b->bytes = 0;
    }
}

/* Puts the batch into the ring, and waits for the next one to be free. */
static int put_batch(struct teller *t)
{
    pthread_mutex_lock(&t->lock);
    t->put++;
    if (t->put - t->told >= WAKE_BATCHES)
        pthread_cond_signal(&t->was_put);
    if (t->put - t->told == BATCHES)
        while (t->put - t->told > BATCHES - WAKE_BATCHES)
            pthread_cond_wait(&t->was_told, &t->lock);
    uint64_t told = t->told;
    int status = t->status;
    pthread_mutex_unlock(&t->lock);
    take_back(t, told);
    return status;
}

int teller_put(struct teller *t, struct exchange *e)
{
    struct batch *b = &t->ring[t->put % BATCHES];

    b->exchanges[b->n++] = e;
    b->bytes += e->arena.used_bytes;
    return b->n == BATCH_EXCHANGES || b->bytes >= BATCH_BYTES ? put_batch(t) : 0;
}

int teller_finish(struct teller *t)
{
    if (t->over)
        return t->status;
    t->over = true;
    pthread_mutex_lock(&t->lock);
    if (t->ring[t->put % BATCHES].n > 0)
        t->put++;
    t->closing = true;
    pthread_cond_signal(&t->was_put);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    take_back(t, t->told);
    return t->status;
}

void teller_silence(struct teller *t)
{
    pthread_mutex_lock(&t->lock);
    if (t->status == 0)
        t->status = 1;
    pthread_mutex_unlock(&t->lock);
}

uint64_t teller_told(struct teller *t)
{
    pthread_mutex_lock(&t->lock);
    uint64_t n = t->exchanges;
    pthread_mutex_unlock(&t->lock);
    return n;
}

void teller_free(struct teller *t)
{
    if (t == NULL)
        return;
    pthread_cond_destroy(&t->was_told);
    pthread_cond_destroy(&t->was_put);
    pthread_mutex_destroy(&t->lock);
    free(t);
}
