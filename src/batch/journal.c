#include "batch/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "batch/own.h"
#include "pcap2trace/status.h"

/* Written anew when it has this many records more than twice the files. */
enum { SLACK = 1000, RECORD_HEAD = 4 };

void journal_init(struct journal *j, char *base)
{
    *j = (struct journal){.base = base, .hash = HASH_STABLE_SEED};
}

void journal_fini(struct journal *j)
{
    free(j->base);
    buf_fini(&j->pending);
}

static char *path_of(const struct journal *j, uint32_t turn)
{
    char *path;

    return asprintf(&path, "%s-%u", j->base, (unsigned)(turn % 2)) < 0 ? NULL : path;
}

void journal_note(struct journal *j, const struct processed *r)
{
    struct buf one = {0};

    processed_save(r, &one);
    buf_le32(&j->pending, (uint32_t)one.n);
    buf_slice(&j->pending, buf_view(&one));
    j->pending.failed |= one.failed;
    j->pending_n++;
    buf_fini(&one);
}

static void note_all(struct journal *j, const struct processed_set *s)
{
    buf_reset(&j->pending);
    j->pending_n = 0;
    for (const struct list_link *l = s->order.next; l != &s->order; l = l->next)
        journal_note(j, list_entry(l, struct processed, link));
}

static bool put(int fd, struct slice bytes, uint64_t at)
{
    while (bytes.n > 0) {
        ssize_t wrote = pwrite(fd, bytes.p, bytes.n, (off_t)at);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        at += (uint64_t)wrote;
        bytes = slice_of(bytes.p + wrote, bytes.n - (size_t)wrote);
    }
    return true;
}

/* Its end is where the checkpoint will say; nothing of an interrupted run is behind it. */
static int write_at(const struct journal *j, uint32_t turn, uint64_t at, int *error)
{
    char *path = path_of(j, turn);

    if (path == NULL)
        return P2T_ERR_MEMORY;
    errno = 0;
    int fd = at > 0 ? own_open(path, O_WRONLY, 0) : own_create(path, 0600);
    bool good = fd >= 0 && ftruncate(fd, (off_t)at) == 0 && put(fd, buf_view(&j->pending), at) && fsync(fd) == 0;
    *error = good ? 0 : errno != 0 ? errno : EIO;
    if (fd >= 0 && close(fd) != 0 && good) {
        *error = errno;
        good = false;
    }
    free(path);
    return good ? P2T_OK : P2T_ERR_IO;
}

int journal_write(struct journal *j, const struct processed_set *s, int *error)
{
    bool anew = j->n == 0 || j->records + j->pending_n > 2 * s->map.count + SLACK;
    uint32_t turn = j->turn + anew;
    uint64_t at = anew ? 0 : j->n;

    *error = 0;
    if (!anew && j->pending_n == 0)
        return P2T_OK;
    if (anew)
        note_all(j, s);
    if (j->pending.failed)
        return P2T_ERR_MEMORY;
    int status = write_at(j, turn, at, error);
    if (status != P2T_OK)
        return status;
    j->hash = hash_stable(anew ? HASH_STABLE_SEED : j->hash, j->pending.p, j->pending.n);
    j->n = at + j->pending.n;
    j->records = (anew ? 0 : j->records) + j->pending_n;
    j->turn = turn;
    j->stale |= anew;
    buf_reset(&j->pending);
    j->pending_n = 0;
    return P2T_OK;
}

void journal_published(struct journal *j)
{
    char *path = j->stale ? path_of(j, j->turn + 1) : NULL;

    if (path != NULL)
        (void)unlink(path);
    free(path);
    j->stale = false;
}

void journal_save(const struct journal *j, struct buf *out)
{
    buf_le32(out, j->turn);
    buf_le64(out, j->n);
    buf_le64(out, j->hash);
    buf_le64(out, j->records);
}

void journal_load(struct journal *j, struct reader *r)
{
    j->turn = reader_le32(r);
    j->n = reader_le64(r);
    j->hash = reader_le64(r);
    j->records = reader_le64(r);
}

static int take(struct processed_set *s, struct slice bytes)
{
    struct reader r = reader_of_slice(bytes);
    int status = P2T_OK;

    while (status == P2T_OK && r.left > 0) {
        struct slice one = reader_slice(&r, reader_le32(&r));
        status = reader_ok(&r) ? processed_load(s, one) : P2T_ERR_USAGE;
    }
    return status;
}

static int read_whole(int fd, uint64_t n, struct buf *b)
{
    while (b->n < n) {
        if (!buf_reserve(b, 1))
            return P2T_ERR_MEMORY;
        size_t room = b->cap - b->n, left = (size_t)(n - b->n);
        ssize_t got = read(fd, b->p + b->n, room < left ? room : left);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? P2T_ERR_IO : P2T_ERR_USAGE;
        b->n += (size_t)got;
    }
    return P2T_OK;
}

int journal_read(const struct journal *j, struct processed_set *s)
{
    struct buf b = {0};
    char *path = path_of(j, j->turn);
    int status = P2T_ERR_MEMORY;

    if (path != NULL && j->n > 0) {
        int fd = own_open(path, O_RDONLY, 0);
        status = fd >= 0 ? read_whole(fd, j->n, &b) : errno == ENOENT ? P2T_ERR_USAGE : P2T_ERR_IO;
        if (fd >= 0)
            close(fd);
        if (status == P2T_OK && hash_stable(HASH_STABLE_SEED, b.p, b.n) != j->hash)
            status = P2T_ERR_USAGE;
        if (status == P2T_OK)
            status = take(s, buf_view(&b));
    } else if (path != NULL) {
        status = P2T_OK;
    }
    free(path);
    buf_fini(&b);
    return status;
}
