#include "batch/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "batch/own.h"
#include "pcap2trace/status.h"

char *store_temporary(const char *target)
{
    const char *slash = strrchr(target, '/');
    int folder = slash != NULL ? (int)(slash - target) + 1 : 0;
    char *name;

    return asprintf(&name, "%.*s.%s.tmp", folder, target, target + folder) < 0 ? NULL : name;
}

static int fail(struct store *s)
{
    if (s->error == 0)
        s->error = errno != 0 ? errno : EIO;
    return P2T_ERR_IO;
}

static int open_zstd(struct store *s, int level)
{
    s->packed_cap = ZSTD_CStreamOutSize();
    s->packed = malloc(s->packed_cap);
    s->zstd = ZSTD_createCCtx();
    if (s->packed == NULL || s->zstd == NULL)
        return P2T_ERR_MEMORY;
    (void)ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_compressionLevel, level);
    (void)ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_checksumFlag, 1);
    return P2T_OK;
}

int store_open(struct store *s, const char *target, enum store_packing packing, unsigned mode)
{
    *s = (struct store){.fd = -1};
    s->target = strdup(target);
    s->temporary = store_temporary(target);
    if (s->target == NULL || s->temporary == NULL)
        return P2T_ERR_MEMORY;
    s->fd = own_create(s->temporary, mode);
    if (s->fd < 0)
        return fail(s);
    return packing != STORE_PLAIN ? open_zstd(s, packing == STORE_ZSTD ? 3 : -5) : P2T_OK;
}

static int put(struct store *s, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t wrote = write(s->fd, p, n);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return fail(s);
        p += wrote;
        n -= (size_t)wrote;
    }
    return P2T_OK;
}

static int pack(struct store *s, const void *bytes, size_t n, ZSTD_EndDirective end)
{
    ZSTD_inBuffer in = {bytes, n, 0};
    size_t left;

    do {
        ZSTD_outBuffer out = {s->packed, s->packed_cap, 0};
        left = ZSTD_compressStream2(s->zstd, &out, &in, end);
        if (ZSTD_isError(left))
            return P2T_ERR_MEMORY;
        int status = put(s, s->packed, out.pos);
        if (status != P2T_OK)
            return status;
    } while (end == ZSTD_e_end ? left > 0 : in.pos < in.size);
    return P2T_OK;
}

int store_write(void *ctx, const void *bytes, size_t n)
{
    struct store *s = ctx;

    if (s->error != 0)
        return P2T_ERR_IO;
    return s->zstd != NULL ? pack(s, bytes, n, ZSTD_e_continue) : put(s, bytes, n);
}

int store_write_plain(struct store *s, const void *bytes, size_t n)
{
    return put(s, bytes, n);
}

int store_finish(struct store *s)
{
    int status = s->error != 0 ? P2T_ERR_IO : P2T_OK;

    if (status == P2T_OK && s->zstd != NULL)
        status = pack(s, NULL, 0, ZSTD_e_end);
    if (status == P2T_OK && fsync(s->fd) != 0)
        status = fail(s);
    /* Network file systems report a full disk only here. */
    if (close(s->fd) != 0 && status == P2T_OK)
        status = fail(s);
    s->fd = -1;
    return status;
}

void store_expect(struct store *s, size_t n)
{
    if (s->zstd != NULL)
        (void)ZSTD_CCtx_setPledgedSrcSize(s->zstd, n);
}

int store_sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash != NULL ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    int fd = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    /* Some file systems cannot, and need not. */
    int status = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL || errno == EROFS) ? P2T_OK : P2T_ERR_IO;

    free(folder);
    if (fd >= 0)
        close(fd);
    return status;
}

int store_rename(const char *temporary, const char *target, int *error)
{
    bool good = rename(temporary, target) == 0;

    *error = good ? 0 : errno;
    return good ? P2T_OK : P2T_ERR_IO;
}

int store_publish(struct store *s)
{
    int status = store_rename(s->temporary, s->target, &s->error);

    if (status == P2T_OK && (status = store_sync_folder(s->target)) != P2T_OK)
        s->error = errno;
    return status;
}

int store_publish_unsynced(struct store *s)
{
    return store_rename(s->temporary, s->target, &s->error);
}

void store_leave(struct store *s)
{
    if (s->fd >= 0)
        close(s->fd);
    ZSTD_freeCCtx(s->zstd);
    free(s->packed);
    free(s->target);
    free(s->temporary);
    *s = (struct store){.fd = -1};
}

void store_abandon(struct store *s)
{
    if (s->temporary != NULL)
        (void)unlink(s->temporary);
    store_leave(s);
}

int store_piece(const char *target, const void *bytes, size_t n, bool synced, int *error)
{
    struct store s;
    int status = store_open(&s, target, STORE_ZSTD, 0666);

    if (status == P2T_OK)
        store_expect(&s, n);
    if (status == P2T_OK)
        status = store_write(&s, bytes, n);
    if (status == P2T_OK)
        status = store_finish(&s);
    if (status == P2T_OK)
        status = synced ? store_publish(&s) : store_publish_unsynced(&s);
    *error = s.error;
    if (status == P2T_OK)
        store_leave(&s);
    else
        store_abandon(&s);
    return status;
}
