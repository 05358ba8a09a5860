#include "cli/packer.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/relay.h"
#include "base/thread.h"

/* Slots are large, so that one is worth waking the thread for. */
enum { SLOTS = 4, SLOT_BYTES = 256 << 10, LEVEL = 1 };

struct packer {
    struct packer_sink sink;
    struct relay relay;
    struct buf slots[SLOTS];
    struct buf *filling; /* the caller's own; NULL: none */
    pthread_t thread;
    bool started;
    atomic_bool whole; /* nothing is missing at the end */
    atomic_int error;  /* the first failure */
    ZSTD_CCtx *zstd;
    struct buf packed;
};

/* ---- the packer's thread ---- */

static int fail(struct packer *p, int error)
{
    int none = 0;

    if (error != 0)
        atomic_compare_exchange_strong(&p->error, &none, error);
    return error;
}

/* 0 or an errno. */
static int pack(struct packer *p, struct slice bytes, ZSTD_EndDirective end)
{
    ZSTD_inBuffer in = {bytes.p, bytes.n, 0};
    size_t left;

    do {
        ZSTD_outBuffer out = {p->packed.p, p->packed.cap, 0};
        left = ZSTD_compressStream2(p->zstd, &out, &in, end);
        int error = ZSTD_isError(left) ? ENOMEM : out.pos > 0 ? p->sink.write(p->sink.ctx, out.dst, out.pos) : 0;
        if (error != 0)
            return error;
    } while (end == ZSTD_e_end ? left > 0 : in.pos < in.size);
    return 0;
}

static void *run(void *arg)
{
    struct packer *p = arg;

    for (size_t slot; relay_next(&p->relay, &slot); relay_took(&p->relay)) {
        const struct buf *b = &p->slots[slot];
        if (atomic_load(&p->error) == 0)
            (void)fail(p, b->failed ? ENOMEM : pack(p, buf_view(b), ZSTD_e_continue));
    }
    if (atomic_load(&p->whole) && atomic_load(&p->error) == 0)
        (void)fail(p, pack(p, (struct slice){NULL, 0}, ZSTD_e_end));
    return NULL;
}

/* ---- the caller's side ---- */

static bool prepare(struct packer *p)
{
    p->zstd = ZSTD_createCCtx();
    if (p->zstd == NULL || !buf_reserve(&p->packed, ZSTD_CStreamOutSize()))
        return false;
    (void)ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, LEVEL);
    (void)ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1);
    return true;
}

struct packer *packer_new(const struct packer_sink *sink)
{
    struct packer *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->sink = *sink;
    relay_init(&p->relay, SLOTS, 1);
    p->started = prepare(p) && thread_start(&p->thread, run, p) == 0;
    if (p->started)
        return p;
    packer_free(p);
    return NULL;
}

static void put_slot(struct packer *p)
{
    p->filling = NULL;
    relay_put(&p->relay);
}

int packer_write(struct packer *p, const void *bytes, size_t n)
{
    size_t slot;

    if (p->filling == NULL) {
        (void)relay_room(&p->relay, &slot); /* in the end there is: the thread never closes the relay */
        p->filling = &p->slots[slot];
        buf_reset(p->filling);
    }
    buf_put(p->filling, bytes, n);
    if (p->filling->n >= SLOT_BYTES || p->filling->failed)
        put_slot(p);
    return atomic_load(&p->error);
}

static void end_thread(struct packer *p)
{
    if (!p->started)
        return;
    p->started = false;
    relay_end(&p->relay);
    pthread_join(p->thread, NULL);
}

int packer_finish(struct packer *p)
{
    if (p->filling != NULL)
        put_slot(p);
    atomic_store(&p->whole, true);
    end_thread(p);
    return atomic_load(&p->error);
}

void packer_free(struct packer *p)
{
    if (p == NULL)
        return;
    end_thread(p);
    relay_fini(&p->relay);
    for (size_t i = 0; i < SLOTS; i++)
        buf_fini(&p->slots[i]);
    buf_fini(&p->packed);
    ZSTD_freeCCtx(p->zstd);
    free(p);
}
