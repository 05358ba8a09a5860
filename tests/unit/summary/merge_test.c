/* Summaries add up: whatever parts a run's exchanges, connections and questions are saved in, and in whatever order the parts
 * are loaded, the result is the same. What is damaged is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "pcap2trace/summary.h"

enum { PARTS_MAX = 7 };

struct parts {
    struct p2t_summary *part[PARTS_MAX];
    unsigned n;
    uint32_t random;
};

static struct p2t_summary *fresh(void)
{
    struct p2t_summary *s;

    assert_int_equal(p2t_summary_new(&s, &(struct p2t_summary_config){0}), P2T_OK);
    return s;
}

static uint32_t next(uint32_t *random)
{
    *random = *random * 1664525 + 1013904223;
    return *random >> 8;
}

static struct p2t_summary *any(struct parts *p)
{
    return p->part[next(&p->random) % p->n];
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    return p2t_summary_exchange(any(ctx), x);
}

static int on_connection(void *ctx, const struct p2t_connection_record *k)
{
    return p2t_summary_connection(any(ctx), k);
}

static void on_question(void *ctx, const struct p2t_question *q)
{
    p2t_summary_question(any(ctx), q);
}

static void read_capture(struct parts *p, const char *path, struct p2t_counters *counters)
{
    const char *paths[] = {path};
    struct p2t_config config = {.paths = paths,
                                .path_count = 1,
                                .jobs = 1,
                                .all = true,
                                .ctx = p,
                                .exchange = on_exchange,
                                .connection = on_connection,
                                .question = on_question};
    struct p2t_session *session;

    for (unsigned i = 0; i < p->n; i++)
        p->part[i] = fresh();
    assert_int_equal(p2t_session_open(&session, &config, NULL), P2T_OK);
    assert_int_equal(p2t_session_run(session), P2T_OK);
    p2t_session_counters(session, counters);
    p2t_session_free(session);
}

static char *finish(struct p2t_summary *s, const struct p2t_counters *counters)
{
    size_t n;

    assert_int_equal(p2t_summary_finish(s, counters), P2T_OK);
    char *json = p2t_summary_write(s, P2T_SUMMARY_JSON, &n);
    assert_non_null(json);
    p2t_summary_free(s);
    return json;
}

static void move_into(struct p2t_summary *to, struct p2t_summary *from, const struct p2t_counters *counters)
{
    size_t n;
    uint8_t *bytes = p2t_summary_save(from, counters, &n);

    assert_non_null(bytes);
    assert_int_equal(p2t_summary_load(to, bytes, n), P2T_OK);
    free(bytes);
    p2t_summary_free(from);
}

/* The parts in an order of its own; the first two by way of a summary of both. */
static char *merged(const char *path, unsigned n, uint32_t seed)
{
    struct parts p = {.n = n, .random = seed};
    struct p2t_summary *all = fresh(), *two = fresh();
    struct p2t_counters counters;

    read_capture(&p, path, &counters);
    const struct p2t_counters none = {0};
    for (unsigned i = 0; i < n; i++) {
        unsigned k = i + next(&p.random) % (n - i);
        struct p2t_summary *s = p.part[k];
        p.part[k] = p.part[i];
        move_into(i < 2 ? two : all, s, i == 0 ? &counters : &none);
    }
    move_into(all, two, &none);
    return finish(all, &none);
}

static char *whole(const char *path)
{
    struct parts p = {.n = 1};
    struct p2t_counters counters;

    read_capture(&p, path, &counters);
    return finish(p.part[0], &counters);
}

static void any_partition_gives_the_same(void **state)
{
    const char *const folder = getenv("P2T_INCIDENTS");
    static const char *const names[] = {"captures/01-empty-answer-go-and-glibc",
                                        "captures/06-upstream-reset-behind-proxy",
                                        "captures/12-h2-connection-window",
                                        "captures/16-healthy-with-noise",
                                        "own/36-path-got-longer",
                                        "own/41-uploads-lose-packets"};
    char path[512];

    (void)state;
    assert_non_null(folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s.pcap.zst", folder, names[i]);
        char *one = whole(path);
        for (unsigned n = 2; n <= PARTS_MAX; n++) {
            char *other = merged(path, n, n * 977 + (uint32_t)i);
            assert_string_equal(one, other);
            free(other);
        }
        free(one);
    }
}

/* ---- many calls: parts that were thinned out differently ---- */

static void add_calls(struct p2t_summary *s, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        const int64_t start = INT64_C(1000000000000) + i * INT64_C(20000);
        struct p2t_exchange x = {.id = i + 1,
                                 .kind = P2T_KIND_HTTP1,
                                 .method = {"GET", 3},
                                 .host = {"a.test", 6},
                                 .status = i % 3 == 0 ? 503 : 200,
                                 .start_ns = start,
                                 .end_ns = start + 1000,
                                 .phases = {-1, -1, -1, -1, 0, 1000, 0, 1000}};
        assert_int_equal(p2t_summary_exchange(s, &x), P2T_OK);
    }
}

static void thinned_parts_add_up(void **state)
{
    enum { CALLS = 400000 };
    const struct p2t_counters none = {0};
    static const unsigned cuts[] = {1000, 90000, 200000, CALLS - 1};
    struct p2t_summary *one = fresh();

    (void)state;
    add_calls(one, 0, CALLS);
    char *expected = finish(one, &none);
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        struct p2t_summary *a = fresh(), *b = fresh();
        add_calls(a, cuts[i], CALLS);
        add_calls(b, 0, cuts[i]);
        move_into(b, a, &none);
        char *json = finish(b, &none);
        assert_string_equal(expected, json);
        free(json);
    }
    assert_non_null(strstr(expected, "\"calls\":400000,\"failed\":133334"));
    free(expected);
}

static void damaged_states_are_refused(void **state)
{
    const struct p2t_counters none = {0};
    struct p2t_summary *s = fresh();
    size_t n;

    (void)state;
    add_calls(s, 0, 50);
    uint8_t *bytes = p2t_summary_save(s, &none, &n);
    p2t_summary_free(s);
    for (size_t cut = 0; cut < n; cut++) {
        s = fresh();
        assert_int_equal(p2t_summary_load(s, bytes, cut), P2T_ERR_USAGE);
        assert_int_equal(p2t_summary_finish(s, &none), P2T_OK);
        p2t_summary_free(s);
    }
    bytes[7]++; /* another version */
    s = fresh();
    assert_int_equal(p2t_summary_load(s, bytes, n), P2T_ERR_USAGE);
    p2t_summary_free(s);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_partition_gives_the_same),
        cmocka_unit_test(thinned_parts_add_up),
        cmocka_unit_test(damaged_states_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
