#include "golden/cut.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "support/cmocka_all.h"

enum { HEADER_BYTES = 24 };

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

int64_t cut_packet_ns(const struct cut_capture *c, size_t i)
{
    const uint8_t *p = c->bytes + c->at[i];
    return (int64_t)le32(p) * 1000000000 + (int64_t)le32(p + 4) * 1000;
}

static size_t packet_end(const struct cut_capture *c, size_t i)
{
    return i + 1 < c->packets ? c->at[i + 1] : c->n;
}

void cut_run(const struct cut_capture *c, size_t from, size_t to,
             int (*exchange)(void *, const struct p2t_exchange *), void *ctx)
{
    const char *path = c->path;
    struct p2t_config config = {
        .paths = &path, .path_count = 1, .keylog = c->keylog, .ctx = ctx, .exchange = exchange};
    struct p2t_session *session;
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    size_t head = from < c->packets ? c->at[from] : c->n;
    size_t rest = to > from ? packet_end(c, to - 1) : head;
    assert_int_equal(head, fwrite(c->bytes, 1, head, f));
    assert_int_equal(c->n - rest, fwrite(c->bytes + rest, 1, c->n - rest, f));
    assert_int_equal(0, fclose(f));
    assert_int_equal(P2T_OK, p2t_session_open(&session, &config, NULL));
    assert_int_equal(P2T_OK, p2t_session_run(session));
    p2t_session_free(session);
}

void cut_load(struct cut_capture *c, const char *path, const char *keylog)
{
    gzFile f = gzopen(path, "rb");
    int n;

    memset(c, 0, sizeof *c);
    c->keylog = keylog;
    assert_non_null(f);
    while ((n = gzread(f, c->bytes + c->n, (unsigned)(CUT_FILE_MAX - c->n))) > 0)
        c->n += (size_t)n;
    assert_int_equal(Z_OK, gzclose(f));
    assert_true(c->n > HEADER_BYTES && c->n < CUT_FILE_MAX);
    for (size_t at = HEADER_BYTES; at + CUT_RECORD_BYTES <= c->n; at += CUT_RECORD_BYTES + le32(c->bytes + at + 8)) {
        assert_true(c->packets < sizeof c->at / sizeof *c->at);
        c->at[c->packets++] = at;
    }
    snprintf(c->path, sizeof c->path, "/tmp/p2t-cut-%ld.pcap", (long)getpid());
}

int cut_done(const struct cut_capture *c)
{
    return remove(c->path);
}
