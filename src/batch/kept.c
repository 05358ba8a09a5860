#include "batch/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "pcap2trace/status.h"

/* Most windows are smaller, and then no file is made. */
enum { MEMORY_BYTES = 1 << 20, PIECE_BYTES = 256 << 10 };
/* Of a larger one the disk might have no room for both. */
static const uint64_t FILE_BYTES_MAX = UINT64_C(1) << 30;

void kept_init(struct kept *k, char *path)
{
    *k = (struct kept){.path = path, .fd = -1, .failed = path == NULL};
    if (path != NULL)
        (void)unlink(path);
}

void kept_fini(struct kept *k)
{
    if (k->fd >= 0)
        close(k->fd);
    buf_fini(&k->rest);
    buf_fini(&k->piece);
    free(k->path);
    *k = (struct kept){.fd = -1};
}

/* ---- writing ---- */

static bool make_file(struct kept *k)
{
    /* Not for others to read: it holds packets. */
    k->fd = open(k->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return k->fd >= 0 && unlink(k->path) == 0;
}

static bool write_at(int fd, const uint8_t *p, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t wrote = pwrite(fd, p, n, (off_t)at);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        p += wrote;
        n -= (size_t)wrote;
        at += (uint64_t)wrote;
    }
    return true;
}

static bool put_into_file(struct kept *k)
{
    if (k->in_file + k->rest.n > FILE_BYTES_MAX || (k->fd < 0 && !make_file(k)) ||
        !write_at(k->fd, k->rest.p, k->rest.n, k->in_file))
        return false;
    k->in_file += k->rest.n;
    buf_reset(&k->rest);
    return true;
}

void kept_begin(struct kept *k)
{
    k->failed = k->path == NULL;
    if (k->in_file <= k->settled) {
        k->rest.n = (size_t)(k->settled - k->in_file);
        return;
    }
    k->in_file = k->settled;
    buf_reset(&k->rest);
}

void kept_add(struct kept *k, const struct input_frame *frame)
{
    if (k->failed)
        return;
    buf_put(&k->rest, frame, sizeof *frame);
    buf_put(&k->rest, frame->bytes, frame->cap_len);
    k->failed = k->rest.failed || (k->rest.n >= MEMORY_BYTES && !put_into_file(k));
}

bool kept_settle(struct kept *k)
{
    bool whole = !k->failed;

    if (!whole)
        kept_begin(k);
    k->settled = k->in_file + k->rest.n;
    return whole;
}

void kept_clear(struct kept *k)
{
    k->settled = k->in_file = 0;
    buf_reset(&k->rest);
    if (k->fd >= 0 && ftruncate(k->fd, 0) != 0) {
        close(k->fd);
        k->fd = -1;
    }
}

/* ---- reading ---- */

static bool read_piece(struct kept *k, size_t n)
{
    k->piece_at = k->read_at;
    buf_reset(&k->piece);
    if (!buf_reserve(&k->piece, n))
        return false;
    while (k->piece.n < n) {
        ssize_t got = pread(k->fd, k->piece.p + k->piece.n, n - k->piece.n, (off_t)(k->piece_at + k->piece.n));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        k->piece.n += (size_t)got;
    }
    return true;
}

static const uint8_t *peek_in_file(struct kept *k, size_t n)
{
    uint64_t left = k->in_file - k->read_at;

    if (k->read_at + n > k->piece_at + k->piece.n) {
        size_t piece = n > PIECE_BYTES ? n : left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        if (!read_piece(k, piece))
            return NULL;
    }
    return k->piece.p + (k->read_at - k->piece_at);
}

/* The next n bytes, of one frame, which is in one place as a whole; NULL when they cannot be had. */
static const uint8_t *peek(struct kept *k, size_t n)
{
    return k->read_at < k->in_file ? peek_in_file(k, n) : k->rest.p + (k->read_at - k->in_file);
}

void kept_rewind(struct kept *k)
{
    k->read_at = k->piece_at = 0;
    buf_reset(&k->piece);
}

int kept_next(struct kept *k, struct input_frame *frame)
{
    const uint8_t *p = peek(k, sizeof *frame);

    if (p != NULL) {
        memcpy(frame, p, sizeof *frame);
        p = peek(k, sizeof *frame + frame->cap_len);
    }
    if (p == NULL)
        return k->piece.failed ? P2T_ERR_MEMORY : P2T_ERR_IO;
    frame->bytes = p + sizeof *frame;
    k->read_at += sizeof *frame + frame->cap_len;
    return P2T_OK;
}
