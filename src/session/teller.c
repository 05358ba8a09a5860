#include "session/teller.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/relay.h"
#include "base/thread.h"

/* Few batches keep what goes around in the cache. */
enum { BATCHES = 8, WAKE_BATCHES = BATCHES / 2, BATCH_EXCHANGES = 64 };
/* Heads may be large: the arenas of a batch together. */
#define BATCH_BYTES ((size_t)256 << 10)

/* Filled, told, and given back when its slot is filled anew. */
struct batch {
    struct exchange *exchanges[BATCH_EXCHANGES];
    size_t n, bytes;
};

struct teller {
    struct teller_config config;
    struct relay relay;
    struct batch ring[BATCHES];
    struct batch *filling; /* the caller's own; NULL: none */
    pthread_t thread;
    bool over;
    atomic_uint_least64_t exchanges; /* told */
    atomic_int status;               /* the first that is not 0 */
};

/* ---- the teller's thread ---- */

static void note(struct teller *t, int status)
{
    int none = 0;

    atomic_compare_exchange_strong(&t->status, &none, status);
}

static void tell_batch(struct teller *t, const struct batch *b)
{
    for (size_t i = 0; i < b->n && atomic_load(&t->status) == 0; i++) {
        note(t, t->config.tell(t->config.ctx, b->exchanges[i]));
        atomic_fetch_add(&t->exchanges, 1);
    }
}

static void *run(void *arg)
{
    struct teller *t = arg;

    for (size_t slot; relay_next(&t->relay, &slot); relay_took(&t->relay))
        tell_batch(t, &t->ring[slot]);
    return NULL;
}

/* ---- the caller's side ---- */

struct teller *teller_new(const struct teller_config *config)
{
    struct teller *t = calloc(1, sizeof *t);

    if (t == NULL)
        return NULL;
    t->config = *config;
    relay_init(&t->relay, BATCHES, WAKE_BATCHES);
    if (thread_start(&t->thread, run, t) == 0)
        return t;
    teller_free(t);
    return NULL;
}

static void give_back(struct teller *t, struct batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        t->config.give_back(t->config.ctx, b->exchanges[i]);
    b->n = b->bytes = 0;
}

/* The teller takes to the end, silent or not. */
static void begin_batch(struct teller *t)
{
    size_t slot;

    (void)relay_room(&t->relay, &slot);
    t->filling = &t->ring[slot];
    give_back(t, t->filling);
}

static void put_batch(struct teller *t)
{
    t->filling = NULL;
    relay_put(&t->relay);
}

int teller_put(struct teller *t, struct exchange *e)
{
    if (t->filling == NULL)
        begin_batch(t);
    struct batch *b = t->filling;
    b->exchanges[b->n++] = e;
    b->bytes += e->arena.used_bytes;
    if (b->n < BATCH_EXCHANGES && b->bytes < BATCH_BYTES)
        return 0;
    put_batch(t);
    return atomic_load(&t->status);
}

int teller_finish(struct teller *t)
{
    if (t->over)
        return atomic_load(&t->status);
    t->over = true;
    if (t->filling != NULL)
        put_batch(t);
    relay_end(&t->relay);
    pthread_join(t->thread, NULL);
    for (size_t i = 0; i < BATCHES; i++)
        give_back(t, &t->ring[i]);
    return atomic_load(&t->status);
}

void teller_silence(struct teller *t)
{
    note(t, 1);
}

uint64_t teller_told(struct teller *t)
{
    return atomic_load(&t->exchanges);
}

void teller_free(struct teller *t)
{
    if (t == NULL)
        return;
    relay_fini(&t->relay);
    free(t);
}
