#include "input/ahead.h"

#include <stdlib.h>

#include "base/thread.h"

/* Waking a thread costs as much as reading a block: a sleeping reader is woken for half a ring. */
enum { WAKE_BLOCKS = INPUT_AHEAD_BLOCKS / 2 };

struct input_ahead_file {
    struct input_ahead *owner;
    struct input_supply supply; /* used by the thread that is busy with the file */
    struct input_piece ring[INPUT_AHEAD_BLOCKS];
    pthread_cond_t was_put;
    /* Protected by the owner's lock: */
    uint64_t age;        /* files that were opened before it */
    uint64_t put, taken; /* blocks since the file was opened */
    bool open, ended;
    bool hungry; /* to be filled until the ring is full */
    bool busy;   /* a thread is filling it */
    bool waited; /* its reader waits for a block, or for it to be closed */
};

struct input_ahead {
    pthread_mutex_t lock;
    pthread_cond_t wanted; /* signalled when a file has become hungry, or all is over */
    bool over;
    uint64_t opened;
    size_t open, open_max;
    unsigned threads_max, threads;
    pthread_t thread[INPUT_AHEAD_THREADS];
    struct input_ahead_file files[INPUT_AHEAD_FILES];
};

/* ---- the threads ---- */

static bool comes_before(const struct input_ahead_file *a, const struct input_ahead_file *b)
{
    return a->waited != b->waited ? a->waited : a->age < b->age;
}

static struct input_ahead_file *hungriest(struct input_ahead *a)
{
    struct input_ahead_file *best = NULL;

    for (size_t i = 0; i < INPUT_AHEAD_FILES; i++) {
        struct input_ahead_file *f = &a->files[i];
        if (f->hungry && !f->busy && (best == NULL || comes_before(f, best)))
            best = f;
    }
    return best;
}

static void fill(struct input_ahead_file *f, struct input_piece *p)
{
    struct input_supply *s = &f->supply;

    if (p->block == NULL)
        p->block = malloc(INPUT_HEADROOM_BYTES + INPUT_BLOCK_BYTES);
    if (p->block == NULL)
        s->state = SOURCE_NO_MEMORY;
    p->n = 0;
    while (p->n < INPUT_BLOCK_BYTES && s->state == SOURCE_OPEN)
        p->n += input_supply_read(s, p->block + INPUT_HEADROOM_BYTES + p->n, INPUT_BLOCK_BYTES - p->n);
    p->state = s->state;
    p->error = s->error;
    p->bytes_in = s->bytes_in;
}

/* Blocks that must not be overwritten: those not taken yet, and the last two taken, which the reader may still use. */
static uint64_t in_use(const struct input_ahead_file *f)
{
    return f->put - f->taken + (f->taken < 2 ? f->taken : 2);
}

static void note_put(struct input_ahead_file *f)
{
    f->busy = false;
    f->put++;
    f->ended = f->supply.state != SOURCE_OPEN;
    f->hungry = f->hungry && !f->ended && in_use(f) < INPUT_AHEAD_BLOCKS;
    if (f->waited && (!f->hungry || f->put - f->taken >= WAKE_BLOCKS))
        pthread_cond_signal(&f->was_put);
}

static void *run(void *arg)
{
    struct input_ahead *a = arg;

    pthread_mutex_lock(&a->lock);
    while (!a->over) {
        struct input_ahead_file *f = hungriest(a);
        if (f == NULL) {
            pthread_cond_wait(&a->wanted, &a->lock);
            continue;
        }
        struct input_piece *piece = &f->ring[f->put % INPUT_AHEAD_BLOCKS];
        f->busy = true;
        pthread_mutex_unlock(&a->lock);
        fill(f, piece);
        pthread_mutex_lock(&a->lock);
        note_put(f);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* ---- the reader's side ---- */

struct input_ahead *input_ahead_new(unsigned threads, size_t files)
{
    struct input_ahead *a = calloc(1, sizeof *a);

    if (a == NULL)
        return NULL;
    a->open_max = files < INPUT_AHEAD_FILES ? files : INPUT_AHEAD_FILES;
    a->threads_max = threads < INPUT_AHEAD_THREADS ? threads : INPUT_AHEAD_THREADS;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->wanted, NULL);
    for (size_t i = 0; i < INPUT_AHEAD_FILES; i++) {
        a->files[i].owner = a;
        pthread_cond_init(&a->files[i].was_put, NULL);
    }
    return a;
}

static void file_fini(struct input_ahead_file *f)
{
    for (size_t i = 0; i < INPUT_AHEAD_BLOCKS; i++)
        free(f->ring[i].block);
    pthread_cond_destroy(&f->was_put);
}

void input_ahead_free(struct input_ahead *a)
{
    if (a == NULL)
        return;
    pthread_mutex_lock(&a->lock);
    a->over = true;
    pthread_cond_broadcast(&a->wanted);
    pthread_mutex_unlock(&a->lock);
    for (unsigned i = 0; i < a->threads; i++)
        pthread_join(a->thread[i], NULL);
    for (size_t i = 0; i < INPUT_AHEAD_FILES; i++)
        file_fini(&a->files[i]);
    pthread_cond_destroy(&a->wanted);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

/* Only the reader's thread opens and closes files, so that this needs no lock. */
bool input_ahead_has_room(struct input_ahead *a)
{
    return a->open < a->open_max;
}

/* Starts a thread for each open file, up to the limit. False: there is none at all. */
static bool has_thread(struct input_ahead *a)
{
    if (a->threads < a->threads_max && a->threads <= a->open && thread_start(&a->thread[a->threads], run, a) == 0)
        a->threads++;
    return a->threads > 0;
}

static struct input_ahead_file *free_file(struct input_ahead *a)
{
    size_t i = 0;

    while (a->files[i].open)
        i++;
    return &a->files[i];
}

struct input_ahead_file *input_ahead_open(struct input_ahead *a, input_read_fn *read, void *ctx)
{
    if (!input_ahead_has_room(a) || !has_thread(a))
        return NULL;
    struct input_ahead_file *f = free_file(a);
    input_supply_open(&f->supply, read, ctx);
    pthread_mutex_lock(&a->lock);
    a->open++;
    f->age = a->opened++;
    f->put = f->taken = 0;
    f->ended = false;
    f->open = f->hungry = true;
    pthread_cond_signal(&a->wanted);
    pthread_mutex_unlock(&a->lock);
    return f;
}

/* Wakes a thread when half the ring is free. The lock is held. */
static void feed(struct input_ahead_file *f)
{
    if (f->hungry || f->ended || in_use(f) > INPUT_AHEAD_BLOCKS - WAKE_BLOCKS)
        return;
    f->hungry = true;
    pthread_cond_signal(&f->owner->wanted);
}

const struct input_piece *input_ahead_next(struct input_ahead_file *f)
{
    struct input_ahead *a = f->owner;

    pthread_mutex_lock(&a->lock);
    if (f->put == f->taken) {
        f->waited = true;
        while (f->put == f->taken)
            pthread_cond_wait(&f->was_put, &a->lock);
        f->waited = false;
    }
    const struct input_piece *piece = &f->ring[f->taken++ % INPUT_AHEAD_BLOCKS];
    feed(f);
    pthread_mutex_unlock(&a->lock);
    return piece;
}

void input_ahead_close(struct input_ahead_file *f)
{
    struct input_ahead *a = f->owner;

    pthread_mutex_lock(&a->lock);
    f->hungry = false;
    f->waited = true;
    while (f->busy)
        pthread_cond_wait(&f->was_put, &a->lock);
    f->waited = f->open = false;
    a->open--;
    pthread_mutex_unlock(&a->lock);
    input_supply_close(&f->supply);
}
