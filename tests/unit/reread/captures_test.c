/* Every exchange of the laboratory, the field's and the incidents' captures: written, read back and written again, it is the
 * same bytes; also where it was written in the compact form, which is shorter. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "pcap2trace/session.h"
#include "reread/exchange.h"
#include "support/cmocka_all.h"
#include "write/writer.h"

static struct {
    struct reread *reread;
    struct out_writer *full, *compact;
    struct buf text, first, short_form;
    uint64_t full_bytes, compact_bytes;
    uint64_t exchanges, kinds[P2T_KIND_COUNT], outcomes[P2T_OUTCOME_COUNT], transports, websockets, grpcs, http2s;
} t;

static int append(void *ctx, const void *bytes, size_t n)
{
    buf_put(ctx, bytes, n);
    return P2T_OK;
}

static void write_into(struct buf *b, struct out_writer *w, const struct p2t_exchange *x)
{
    buf_reset(&t.text);
    assert_int_equal(out_writer_exchange(w, x), P2T_OK);
    assert_int_equal(out_writer_flush(w), P2T_OK);
    buf_reset(b);
    buf_slice(b, buf_view(&t.text));
}

static void note(const struct p2t_exchange *x)
{
    t.exchanges++;
    t.kinds[x->kind]++;
    t.outcomes[x->outcome]++;
    t.transports += x->transport != NULL;
    t.websockets += x->websocket != NULL;
    t.grpcs += x->grpc != NULL;
    t.http2s += x->http2 != NULL;
}

/* What is read of the line, written in full, is what was written in full at first. */
static void comes_back(const struct buf *line, const struct p2t_exchange *x)
{
    struct buf again = {0};
    struct p2t_exchange back;
    const char *why;

    if (reread_exchange(t.reread, buf_view(line), &back, &why) != P2T_OK)
        fail_msg("%s: %.*s", why, (int)line->n, (const char *)line->p);
    assert_int_equal(back.id, x->id);
    assert_int_equal(back.event_count, x->event_count);
    write_into(&again, t.full, &back);
    if (!slice_eq(buf_view(&again), buf_view(&t.first)))
        fail_msg("not the same:\n%.*s%.*s", (int)t.first.n, (const char *)t.first.p, (int)again.n,
                 (const char *)again.p);
    note(&back);
    buf_fini(&again);
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    (void)ctx;
    write_into(&t.first, t.full, x);
    write_into(&t.short_form, t.compact, x);
    t.full_bytes += t.first.n;
    t.compact_bytes += t.short_form.n;
    comes_back(&t.first, x);
    comes_back(&t.short_form, x);
    return 0;
}

static bool is_capture(const char *path)
{
    static const char *const ends[] = {".pcap", ".pcap.gz", ".pcap.zst", ".pcapng", ".pcapng.zst"};
    size_t n = strlen(path);

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (n > strlen(ends[i]) && strcmp(path + n - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

static int on_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    struct p2t_config config = {.paths = &path, .path_count = 1, .all = true, .jobs = 1, .exchange = on_exchange};
    struct p2t_session *session;

    (void)st;
    (void)ftw;
    if (type != FTW_F || !is_capture(path))
        return 0;
    assert_int_equal(p2t_session_open(&session, &config, NULL), P2T_OK);
    assert_int_equal(p2t_session_run(session), P2T_OK);
    p2t_session_free(session);
    return 0;
}

static void exchanges_come_back(void **state)
{
    static const char *const folders[] = {P2T_ROOT "/tests/golden", P2T_ROOT "/tests/incidents", P2T_ROOT "/samples"};
    struct out_sink sink = {&t.text, append};

    (void)state;
    t.reread = reread_new();
    t.full = out_writer_new(OUT_FORMAT_NDJSON, &(struct out_options){0}, &sink);
    t.compact = out_writer_new(OUT_FORMAT_NDJSON, &(struct out_options){.compact = true}, &sink);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_int_equal(nftw(folders[i], on_file, 16, FTW_PHYS), 0);
    print_message("%llu exchanges\n", (unsigned long long)t.exchanges);
    /* Each part of an exchange was there. */
    assert_true(t.exchanges > 10000);
    assert_true(t.compact_bytes < t.full_bytes / 2);
    for (int i = 0; i < P2T_KIND_COUNT; i++)
        assert_true(t.kinds[i] > 0);
    for (int i = 0; i < P2T_OUTCOME_COUNT; i++)
        assert_true(t.outcomes[i] > 0);
    assert_true(t.transports > 2000 && t.websockets > 0 && t.grpcs > 0 && t.http2s > 200);
    out_writer_free(t.full);
    out_writer_free(t.compact);
    reread_free(t.reread);
    buf_fini(&t.text);
    buf_fini(&t.first);
    buf_fini(&t.short_form);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(exchanges_come_back)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
