#include "batch/states.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "pcap2trace/status.h"

/* A window has at most 65,536 records of each kind; beyond this a file is no state. */
enum { STATE_BYTES_MAX = 64 << 20 };

const char states_damaged[] = "is damaged: what this window adds is missing";

int states_init(struct states *s)
{
    *s = (struct states){.zstd = ZSTD_createDCtx()};
    return s->zstd != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

void states_fini(struct states *s)
{
    ZSTD_freeDCtx(s->zstd);
    buf_fini(&s->packed);
    buf_fini(&s->plain);
}

static bool read_file(const char *path, struct buf *b)
{
    int fd = outputs_open(path);
    ssize_t got = 0;

    buf_reset(b);
    while (fd >= 0 && b->n < STATE_BYTES_MAX && buf_reserve(b, 65536) && (got = read(fd, b->p + b->n, 65536)) > 0)
        b->n += (size_t)got;
    int error = fd < 0 || got < 0 ? errno : b->failed ? ENOMEM : b->n >= STATE_BYTES_MAX ? EFBIG : 0;
    if (fd >= 0)
        close(fd);
    errno = error;
    return error == 0;
}

static bool unpack(struct states *s)
{
    ZSTD_inBuffer in = {s->packed.p, s->packed.n, 0};
    size_t left = 1;

    buf_reset(&s->plain);
    (void)ZSTD_DCtx_reset(s->zstd, ZSTD_reset_session_only);
    while (left != 0 && s->plain.n < STATE_BYTES_MAX && buf_reserve(&s->plain, 65536)) {
        ZSTD_outBuffer out = {s->plain.p + s->plain.n, s->plain.cap - s->plain.n, 0};
        left = ZSTD_decompressStream(s->zstd, &out, &in);
        if (ZSTD_isError(left) || (left != 0 && out.pos == 0 && in.pos == in.size))
            return false;
        s->plain.n += out.pos;
    }
    return left == 0 && !s->plain.failed;
}

struct slice states_read(struct states *s, const struct outputs_window *w,
                         void (*problem)(void *ctx, const char *path, const char *text), void *ctx)
{
    char *name = outputs_state_name(w->output), *path = name != NULL ? outputs_path(w->folder, name) : NULL;
    struct slice state = {NULL, 0};

    if (path == NULL)
        problem(ctx, w->folder, "its manifest names an output that batch did not write");
    else if (!read_file(path, &s->packed))
        problem(ctx, path,
                errno == ENOENT ? "is missing: the window was written by a version before 0.2.0, or removed"
                                : outputs_why(errno));
    else if (!unpack(s))
        problem(ctx, path, states_damaged);
    else
        state = buf_view(&s->plain);
    free(path);
    free(name);
    return state;
}

struct slice states_read_file(struct states *s, const char *path)
{
    return read_file(path, &s->packed) && unpack(s) ? buf_view(&s->plain) : slice_of(NULL, 0);
}
