#include "support/cmocka_all.h"

#include <string.h>

#include "cli/filter.h"
#include "pcap2trace/status.h"

#define TEXT(s) ((struct p2t_text){(s), sizeof(s) - 1})

static const struct p2t_connection connection = {.server = {"10.0.0.2:8080", 13}};

static struct p2t_exchange example(void)
{
    return (struct p2t_exchange){.id = 0x0123456789abcdef,
                                 .outcome = P2T_OUTCOME_OK,
                                 .method = TEXT("GET"),
                                 .host = TEXT("API.example.com:8080"),
                                 .status = 404,
                                 .connection = &connection,
                                 .start_ns = 1000,
                                 .end_ns = 1000 + 250000000};
}

typedef int add_fn(struct filter *f, const char *value);

static bool keeps(add_fn *add, const char *value)
{
    struct p2t_exchange x = example();
    struct filter f = {0};

    assert_int_equal(add(&f, value), P2T_OK);
    assert_false(filter_is_empty(&f));
    bool kept = filter_keeps(&f, &x);
    filter_free(&f);
    return kept;
}

static void each_filter_keeps_what_it_names(void **state)
{
    static const struct {
        add_fn *add;
        const char *value;
        bool kept;
    } rows[] = {
        /* hosts: with and without port, in any case */
        {filter_add_host, "api.example.com", true},
        {filter_add_host, "api.example.com:8080", true},
        {filter_add_host, "*.EXAMPLE.com", true},
        {filter_add_host, "*:8080", true},
        {filter_add_host, "example.com", false},
        {filter_add_host, "api.example.com:80", false},
        {filter_add_host, "10.0.0.2", false},
        /* methods */
        {filter_add_method, "get", true},
        {filter_add_method, "GE", false},
        {filter_add_method, "GETS", false},
        /* status: one, a class, a list */
        {filter_add_status, "404", true},
        {filter_add_status, "4xx", true},
        {filter_add_status, "4XX", true},
        {filter_add_status, "500,404", true},
        {filter_add_status, "405", false},
        {filter_add_status, "403,5xx", false},
        /* longer, not as long as */
        {filter_set_slower_than, "249ms", true},
        {filter_set_slower_than, "249999us", true},
        {filter_set_slower_than, "0.2499s", true},
        {filter_set_slower_than, "250ms", false},
        {filter_set_slower_than, "1m", false},
        /* ids: whole, first digits */
        {filter_add_id, "0123456789abcdef", true},
        {filter_add_id, "0123456789ABCDEF", true},
        {filter_add_id, "0", true},
        {filter_add_id, "01234", true},
        {filter_add_id, "1", false},
        {filter_add_id, "0123456789abcdee", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (keeps(rows[i].add, rows[i].value) != rows[i].kept)
            fail_msg("%s", rows[i].value);
}

static void nonsense_is_refused(void **state)
{
    static const struct {
        add_fn *add;
        const char *value;
    } rows[] = {
        {filter_add_host, ""},
        {filter_add_method, ""},
        {filter_add_status, ""},
        {filter_add_status, "40"},
        {filter_add_status, "4040"},
        {filter_add_status, "0xx"},
        {filter_add_status, "6xx"},
        {filter_add_status, "9xx"},
        {filter_add_status, "4x4"},
        {filter_add_status, ",404"},
        {filter_add_id, ""},
        {filter_add_id, "0x12"},
        {filter_add_id, "0123456789abcdef0"},
        {filter_set_slower_than, ""},
        {filter_set_slower_than, "ms"},
        {filter_set_slower_than, "-1ms"},
        {filter_set_slower_than, "1"},
        {filter_set_slower_than, "1h"},
        {filter_set_slower_than, "0ms"},
        {filter_set_slower_than, "inf"},
        {filter_set_slower_than, "1e30s"},
        {filter_set_slower_than, "nans"},
    };
    struct filter f = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].add(&f, rows[i].value) != P2T_ERR_USAGE)
            fail_msg("'%s' was accepted", rows[i].value);
    assert_true(filter_is_empty(&f));
    filter_free(&f);
}

static void repeated_options_widen_and_different_ones_narrow(void **state)
{
    struct p2t_exchange x = example();
    struct filter f = {0};

    (void)state;
    assert_int_equal(filter_add_status(&f, "500"), P2T_OK);
    assert_false(filter_keeps(&f, &x));
    assert_int_equal(filter_add_status(&f, "404"), P2T_OK);
    assert_true(filter_keeps(&f, &x));
    assert_int_equal(filter_add_method(&f, "POST"), P2T_OK);
    assert_false(filter_keeps(&f, &x));
    filter_free(&f);
}

static void failed_means_an_error_of_either_side(void **state)
{
    struct p2t_exchange x = example();
    struct filter f = {.failed = true};

    (void)state;
    assert_false(filter_keeps(&f, &x));
    x.status = 500;
    assert_true(filter_keeps(&f, &x));
    x.status = 404;
    for (int i = P2T_OUTCOME_OK + 1; i < P2T_OUTCOME_COUNT; i++) {
        x.outcome = (enum p2t_outcome)i;
        x.error = (struct p2t_text){NULL, 0}; /* the client sent it again itself: its application saw none */
        assert_false(filter_keeps(&f, &x));
        x.error = (struct p2t_text){"EOF", 3};
        assert_int_equal(filter_keeps(&f, &x), i != P2T_OUTCOME_INCOMPLETE);
    }
}

static void problems_are_failures_and_warnings(void **state)
{
    struct p2t_exchange x = example();
    struct p2t_finding finding = {.severity = P2T_SEVERITY_INFO};
    struct filter problems = {.problems = true}, incomplete = {.incomplete = true};

    (void)state;
    x.findings = &finding;
    x.finding_count = 1;
    assert_false(filter_keeps(&problems, &x));
    finding.severity = P2T_SEVERITY_WARNING;
    assert_true(filter_keeps(&problems, &x));
    assert_false(filter_keeps(&incomplete, &x));
    x.outcome = P2T_OUTCOME_INCOMPLETE;
    assert_true(filter_keeps(&incomplete, &x));
}

static void times_go_by_the_start(void **state)
{
    static const struct {
        const char *since, *until;
        bool kept;
    } rows[] = {
        {"1970-01-02T10:13:40Z", NULL, true},
        {"1970-01-02T10:13:40.000000001Z", NULL, false},
        {NULL, "1970-01-02T10:13:40Z", false},
        {"10:13", "10:14", true},
        {"10:13:41", NULL, false},
        {"+5s", NULL, true},
        {"+6s", NULL, false},
        {NULL, "+5s", false},
    };
    struct p2t_exchange x = example();

    (void)state;
    x.start_ns = INT64_C(123220) * 1000000000; /* 10:13:40 of the second day */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct filter f = {.first_packet_ns = x.start_ns - INT64_C(5000000000)};
        assert_true(rows[i].since == NULL || filter_set_time(&f.since, rows[i].since) == P2T_OK);
        assert_true(rows[i].until == NULL || filter_set_time(&f.until, rows[i].until) == P2T_OK);
        if (filter_keeps(&f, &x) != rows[i].kept)
            fail_msg("row %zu", i);
    }
    struct filter_time t;
    assert_int_equal(filter_set_time(&t, "yesterday"), P2T_ERR_USAGE);
    assert_int_equal(filter_set_time(&t, "25:00"), P2T_ERR_USAGE);
    assert_int_equal(filter_set_time(&t, "+5"), P2T_ERR_USAGE);
}

static void ends_paths_and_phases_are_told_apart(void **state)
{
    struct p2t_exchange x = example();
    struct p2t_connection c = {.client = TEXT("10.0.0.1:5000"), .server = TEXT("[fd00::7]:8080")};
    static const struct {
        int (*add)(struct filter *f, const char *value);
        const char *yes, *no;
    } rows[] = {
        {filter_add_client, "10.0.0.*", "10.0.1.*"},
        {filter_add_server, "fd00::7", "fd00::8"},
        {filter_add_port, "8080", "80"},
        {filter_add_path, "/v1/*", "/v2/*"},
        {filter_add_trace_id, "t-1", "t-"},
        {filter_add_kind, "http1", "http2"},
        {filter_set_slower_than, "wait=4ms", "wait=5ms"},
    };

    (void)state;
    x.connection = &c;
    x.url = (struct p2t_text)TEXT("http://b.test/v1/items?q=/v2/");
    x.trace_id = (struct p2t_text)TEXT("t-1");
    x.kind = P2T_KIND_HTTP1;
    x.phases.wait_ns = 5000000;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct filter yes = {0}, no = {0};
        assert_int_equal(rows[i].add(&yes, rows[i].yes), P2T_OK);
        assert_int_equal(rows[i].add(&no, rows[i].no), P2T_OK);
        if (!filter_keeps(&yes, &x) || filter_keeps(&no, &x))
            fail_msg("row %zu", i);
        filter_free(&yes);
        filter_free(&no);
    }
}

static void a_bare_connection_goes_by_its_servers_address(void **state)
{
    struct p2t_exchange x = example();
    struct filter f = {0};

    (void)state;
    x.host = (struct p2t_text){NULL, 0};
    assert_int_equal(filter_add_host(&f, "10.0.0.2"), P2T_OK);
    assert_true(filter_keeps(&f, &x));
    x.connection = NULL;
    assert_false(filter_keeps(&f, &x));
    filter_free(&f);
}

/* A NUL would end the pattern's text early, and IPv6 literals end in digits behind a colon that is no port's. */
static void odd_hosts_are_compared_whole(void **state)
{
    static const struct {
        struct p2t_text host;
        const char *glob;
        bool kept;
    } rows[] = {
        {TEXT("evil\0.test"), "evil", false},
        {TEXT("[::1]:80"), "[[]::1]", true},
        {TEXT("[::1]"), "*::1]", true},
        {TEXT(":80"), "", false},
        {TEXT(""), "*", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct p2t_exchange x = example();
        struct filter f = {.hosts = {(const char *[]){rows[i].glob}, 1}};
        x.host = rows[i].host;
        assert_int_equal(filter_keeps(&f, &x), rows[i].kept);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_filter_keeps_what_it_names),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(repeated_options_widen_and_different_ones_narrow),
        cmocka_unit_test(failed_means_an_error_of_either_side),
        cmocka_unit_test(problems_are_failures_and_warnings),
        cmocka_unit_test(times_go_by_the_start),
        cmocka_unit_test(ends_paths_and_phases_are_told_apart),
        cmocka_unit_test(a_bare_connection_goes_by_its_servers_address),
        cmocka_unit_test(odd_hosts_are_compared_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
