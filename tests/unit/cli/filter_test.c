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

static void failed_means_an_outcome_that_is_not_ok(void **state)
{
    struct p2t_exchange x = example();
    struct filter f = {.failed = true};

    (void)state;
    x.status = 500;
    assert_false(filter_keeps(&f, &x));
    for (int i = P2T_OUTCOME_OK + 1; i < P2T_OUTCOME_COUNT; i++) {
        x.outcome = (enum p2t_outcome)i;
        assert_true(filter_keeps(&f, &x));
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
        struct filter f = {.hosts = (const char *[]){rows[i].glob}, .host_count = 1};
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
        cmocka_unit_test(failed_means_an_outcome_that_is_not_ok),
        cmocka_unit_test(a_bare_connection_goes_by_its_servers_address),
        cmocka_unit_test(odd_hosts_are_compared_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
