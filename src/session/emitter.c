#include "session/emitter.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/relay.h"
#include "base/thread.h"

/* Few batches, so that all of them stay in the cache. */
enum { BATCHES = 8, WAKE_BATCHES = BATCHES / 2, BATCH_EXCHANGES = 64 };
/* A batch ends early when its exchanges' arenas hold this much: heads may be large. */
#define BATCH_BYTES ((size_t)256 << 10)

struct item {
    struct exchange *exchange; /* NULL: a record */
    struct conn_record *record;
};

/* Filled, emitted, and given back when its slot comes round again. */
struct batch {
    struct item items[BATCH_EXCHANGES];
    size_t n, bytes;
};

struct emitter {
    struct emitter_config config;
    struct relay relay;
    struct batch ring[BATCHES];
    struct batch *filling; /* the caller's own; NULL: none */
    pthread_t thread;
    bool over;
    atomic_uint_least64_t exchanges; /* emitted */
    atomic_int status;               /* the first failure */
};

/* ---- the emitter's thread ---- */

static void set_status(struct emitter *m, int status)
{
    int none = 0;

    atomic_compare_exchange_strong(&m->status, &none, status);
}

static int emit(struct emitter *m, const struct item *item)
{
    if (item->exchange == NULL)
        return m->config.emit_record(m->config.ctx, item->record);
    int status = m->config.emit(m->config.ctx, item->exchange);
    atomic_fetch_add(&m->exchanges, 1);
    return status;
}

static void emit_batch(struct emitter *m, const struct batch *b)
{
    for (size_t i = 0; i < b->n && atomic_load(&m->status) == 0; i++)
        set_status(m, emit(m, &b->items[i]));
}

static void *run(void *arg)
{
    struct emitter *m = arg;

    for (size_t slot; relay_next(&m->relay, &slot); relay_took(&m->relay))
        emit_batch(m, &m->ring[slot]);
    return NULL;
}

/* ---- the caller's side ---- */

struct emitter *emitter_new(const struct emitter_config *config)
{
    struct emitter *m = calloc(1, sizeof *m);

    if (m == NULL)
        return NULL;
    m->config = *config;
    relay_init(&m->relay, BATCHES, WAKE_BATCHES);
    if (thread_start(&m->thread, run, m) == 0)
        return m;
    emitter_free(m);
    return NULL;
}

static void give_back(struct emitter *m, struct batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->items[i].exchange != NULL)
            m->config.give_back(m->config.ctx, b->items[i].exchange);
        else
            free(b->items[i].record);
    b->n = b->bytes = 0;
}

/* There is always room in the end: the emitter's thread never closes the relay. */
static void begin_batch(struct emitter *m)
{
    size_t slot;

    (void)relay_room(&m->relay, &slot);
    m->filling = &m->ring[slot];
    give_back(m, m->filling);
}

static void put_batch(struct emitter *m)
{
    m->filling = NULL;
    relay_put(&m->relay);
}

static int put(struct emitter *m, struct item item, size_t bytes)
{
    if (m->filling == NULL)
        begin_batch(m);
    struct batch *b = m->filling;
    b->items[b->n++] = item;
    b->bytes += bytes;
    if (b->n < BATCH_EXCHANGES && b->bytes < BATCH_BYTES)
        return 0;
    put_batch(m);
    return atomic_load(&m->status);
}

int emitter_put(struct emitter *m, struct exchange *e)
{
    return put(m, (struct item){.exchange = e}, e->arena.used_bytes);
}

int emitter_put_record(struct emitter *m, struct conn_record *r)
{
    return put(m, (struct item){.record = r}, sizeof *r + r->stall_count * sizeof *r->stalls);
}

int emitter_finish(struct emitter *m)
{
    if (m->over)
        return atomic_load(&m->status);
    m->over = true;
    if (m->filling != NULL)
        put_batch(m);
    relay_end(&m->relay);
    pthread_join(m->thread, NULL);
    for (size_t i = 0; i < BATCHES; i++)
        give_back(m, &m->ring[i]);
    return atomic_load(&m->status);
}

void emitter_silence(struct emitter *m)
{
    set_status(m, 1);
}

uint64_t emitter_count(struct emitter *m)
{
    return atomic_load(&m->exchanges);
}

void emitter_free(struct emitter *m)
{
    if (m == NULL)
        return;
    relay_fini(&m->relay);
    free(m);
}
