#include "session/emitter.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/crew.h"
#include "base/thread.h"
#include "pcap2trace/session.h"

/* Few batches, so that all of them stay in the cache; some for each further worker, but smaller ones: what all of them hold is
 * bounded, whatever the number. A batch ends early when its exchanges' arenas hold this much: heads may be large. */
enum { SLOTS = 8, SLOTS_MORE = 4, WAKE_SLOTS = SLOTS / 2, BATCH_EXCHANGES = 64 };
#define BATCH_BYTES ((size_t)256 << 10)
_Static_assert(SLOTS + SLOTS_MORE * (EMITTER_WORKERS_MAX - 1) <= P2T_SLOTS, "slots that callers know of");
_Static_assert(P2T_SLOTS <= CREW_SLOTS_MAX, "slots that a crew knows of");

struct item {
    struct exchange *exchange; /* NULL: a record */
    struct conn_record *record;
};

/* Filled, emitted, and given back when its slot comes round again. */
struct batch {
    struct item items[BATCH_EXCHANGES];
    size_t n, bytes;
};

struct worker {
    struct emitter *emitter;
    pthread_t thread;
    int64_t passing_ns, spent_ns; /* processor time: for passing on, and all of it */
};

struct emitter {
    struct emitter_config config;
    struct crew crew;
    size_t batch_exchanges, batch_bytes; /* of one slot */
    struct batch ring[P2T_SLOTS];
    struct batch *filling; /* the caller's own; NULL: none */
    struct worker workers[EMITTER_WORKERS_MAX];
    unsigned started;
    bool over;
    atomic_uint_least64_t exchanges; /* emitted */
    atomic_int status;               /* the first failure */
};

/* ---- the workers' threads ---- */

static void set_status(struct emitter *m, int status)
{
    int none = 0;

    if (status != 0)
        atomic_compare_exchange_strong(&m->status, &none, status);
}

static int emit(struct emitter *m, unsigned worker, size_t slot, const struct item *item)
{
    if (item->exchange == NULL)
        return m->config.emit_record(m->config.ctx, item->record);
    return m->config.emit(m->config.ctx, worker, slot, item->exchange);
}

static void emit_batch(struct emitter *m, unsigned worker, size_t slot)
{
    const struct batch *b = &m->ring[slot];
    uint64_t exchanges = 0;

    for (size_t i = 0; i < b->n && atomic_load(&m->status) == 0; i++) {
        int status = emit(m, worker, slot, &b->items[i]);
        set_status(m, status < 0 ? status : 0);
        exchanges += b->items[i].exchange != NULL && status <= 0;
    }
    atomic_fetch_add(&m->exchanges, exchanges);
}

static void pass_on(struct emitter *m, struct worker *w)
{
    for (size_t slot; crew_turn(&m->crew, &slot); crew_passed(&m->crew)) {
        if (m->config.pass == NULL || atomic_load(&m->status) != 0)
            continue;
        int64_t before = thread_spent_ns();
        set_status(m, m->config.pass(m->config.ctx, slot));
        w->passing_ns += thread_spent_ns() - before;
    }
}

static void *run(void *arg)
{
    struct worker *w = arg;
    struct emitter *m = w->emitter;

    for (size_t slot; crew_next(&m->crew, &slot);) {
        emit_batch(m, (unsigned)(w - m->workers), slot);
        crew_made(&m->crew, slot);
        pass_on(m, w);
    }
    w->spent_ns = thread_spent_ns();
    return NULL;
}

/* ---- the caller's side ---- */

static void join(struct emitter *m)
{
    crew_end(&m->crew);
    for (unsigned i = 0; i < m->started; i++)
        pthread_join(m->workers[i].thread, NULL);
}

struct emitter *emitter_new(const struct emitter_config *config)
{
    struct emitter *m = calloc(1, sizeof *m);

    if (m == NULL)
        return NULL;
    m->config = *config;
    m->batch_exchanges = BATCH_EXCHANGES / config->workers;
    m->batch_bytes = BATCH_BYTES / config->workers;
    crew_init(&m->crew, SLOTS + SLOTS_MORE * (config->workers - 1), WAKE_SLOTS);
    for (bool more = true; more && m->started < config->workers; m->started += more) {
        struct worker *w = &m->workers[m->started];
        w->emitter = m;
        more = thread_start(&w->thread, run, w) == 0;
    }
    if (m->started > 0) /* fewer do the same work */
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

static void begin_batch(struct emitter *m)
{
    m->filling = &m->ring[crew_room(&m->crew)];
    give_back(m, m->filling);
}

static void put_batch(struct emitter *m)
{
    bool large = m->filling->bytes >= m->batch_bytes;

    m->filling = NULL;
    crew_put(&m->crew);
    if (large) /* their text is several times as large, and waits for its turn */
        crew_clear(&m->crew, m->config.workers);
}

static int put(struct emitter *m, struct item item, size_t bytes)
{
    if (m->filling == NULL)
        begin_batch(m);
    struct batch *b = m->filling;
    b->items[b->n++] = item;
    b->bytes += bytes;
    if (b->n < m->batch_exchanges && b->bytes < m->batch_bytes)
        return 0;
    put_batch(m);
    return atomic_load(&m->status);
}

int emitter_put(struct emitter *m, struct exchange *e)
{
    return put(m, (struct item){.exchange = e}, e->arena.held_bytes);
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
    join(m);
    for (size_t i = 0; i < P2T_SLOTS; i++)
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

void emitter_spent(const struct emitter *m, int64_t *emitting_ns, int64_t *passing_ns)
{
    *emitting_ns = *passing_ns = 0;
    for (unsigned i = 0; i < m->started; i++) {
        *emitting_ns += m->workers[i].spent_ns - m->workers[i].passing_ns;
        *passing_ns += m->workers[i].passing_ns;
    }
}

void emitter_free(struct emitter *m)
{
    if (m == NULL)
        return;
    crew_fini(&m->crew);
    free(m);
}
