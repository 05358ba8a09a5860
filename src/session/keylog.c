#include "session/keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

void keylog_close(struct keylog *k)
{
    if (k->fd >= 0)
        close(k->fd);
    k->fd = -1;
    k->at = 0;
}

static int reopen(struct keylog *k)
{
    keylog_close(k);
    k->fd = open(k->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return k->fd >= 0 ? P2T_OK : P2T_ERR_IO;
}

static ssize_t read_some(int fd, uint8_t *p, size_t n)
{
    ssize_t got;

    do {
        got = read(fd, p, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* A pipe can be read only once: to its end. */
static int drain(struct keylog *k, struct proto *proto, uint8_t *p, size_t max)
{
    int status = P2T_OK;
    ssize_t n;

    k->once = true;
    while (status == P2T_OK && (n = read_some(k->fd, p, max)) != 0)
        status = n > 0 ? proto_secrets(proto, slice_of(p, (size_t)n)) : P2T_ERR_IO;
    return status == P2T_OK ? proto_secrets_end(proto) : status;
}

static size_t whole_lines(const uint8_t *p, size_t n)
{
    while (n > 0 && p[n - 1] != '\n')
        n--;
    return n;
}

static int read_lines(struct keylog *k, struct proto *proto, bool half, uint8_t *p, size_t max)
{
    for (;;) {
        if (lseek(k->fd, k->at, SEEK_SET) < 0)
            return P2T_ERR_IO;
        ssize_t got = read_some(k->fd, p, max);
        if (got <= 0)
            return got < 0 ? P2T_ERR_IO : P2T_OK;
        size_t n = (size_t)got, whole = whole_lines(p, n);
        bool last = whole == 0 && n < max;
        if (last && !half)
            return P2T_OK;
        if (whole == 0)
            whole = n; /* longer than any valid line, or the half one */
        int status = proto_secrets(proto, slice_of(p, whole));
        if (status != P2T_OK)
            return status;
        if (last)
            return proto_secrets_end(proto);
        k->at += (off_t)whole;
    }
}

static int read_on(struct keylog *k, struct proto *proto, bool half)
{
    uint8_t bytes[16384];
    struct stat st;
    int status;

    if (fstat(k->fd, &st) != 0)
        return P2T_ERR_IO;
    if (st.st_size < k->at)
        k->at = 0;
    if (S_ISREG(st.st_mode))
        status = read_lines(k, proto, half, bytes, sizeof bytes);
    else
        status = drain(k, proto, bytes, sizeof bytes);
    OPENSSL_cleanse(bytes, sizeof bytes); /* secrets */
    return status;
}

static bool was_replaced(const struct keylog *k)
{
    struct stat open_one, named;

    return fstat(k->fd, &open_one) == 0 && stat(k->path, &named) == 0 &&
           (open_one.st_dev != named.st_dev || open_one.st_ino != named.st_ino);
}

int keylog_read(struct keylog *k, struct proto *proto, bool half)
{
    int status = P2T_OK;

    if (k->path == NULL || k->once)
        return P2T_OK;
    if (k->fd < 0)
        status = reopen(k);
    if (status == P2T_OK)
        status = read_on(k, proto, half);
    if (status != P2T_OK || k->once || !was_replaced(k))
        return status;
    status = reopen(k);
    return status == P2T_OK ? read_on(k, proto, half) : status;
}
