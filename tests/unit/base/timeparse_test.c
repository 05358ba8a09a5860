#include "support/cmocka_all.h"

#include <math.h>

#include "base/timeparse.h"

static const int64_t T = 1795329130; /* 2026-11-22T06:32:10Z */

static void times_as_programs_print_them(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds, ns;
        size_t rest; /* bytes that are no part of it */
    } rows[] = {
        /* RFC 3339, Go's JSON */
        {"2026-11-22T06:32:10Z", 0, 0, 0},
        {"2026-11-22T06:32:10.5Z", 0, 500000000, 0},
        {"2026-11-22T06:32:10.000000001Z", 0, 1, 0},
        {"2026-11-22T06:32:10.123456789123Z", 0, 123456789, 0},
        {"2026-11-22t06:32:10z", 0, 0, 0},
        {"2026-11-22T08:32:10+02:00", 0, 0, 0},
        {"2026-11-22T01:02:10.25-05:30", 0, 250000000, 0},
        {"2026-11-23T06:32:10+24:00", 0, 0, 0},
        /* Go's String */
        {"2026-11-22 07:32:10.404748 +0100 CET m=+0.001", 0, 404748000, 13},
        {"2026-11-22 06:32:10 +0000 UTC", 0, 0, 4},
        /* without a zone: UTC; with a comma, as Java's loggers have it */
        {"2026-11-22 06:32:10,123", 0, 123000000, 0},
        {"2026-11-22 06:32:10 and more", 0, 0, 9},
        {"2026-11-22 06:32:10 -x", 0, 0, 3},
        {"1970-01-01T00:00:00Z", -1795329130, 0, 0},
        {"1969-12-31T23:59:59.999999999Z", -1795329131, 999999999, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ns;
        size_t taken;
        struct slice text = slice_str(rows[i].text);
        if (!time_parse_prefix(text, &ns, &taken))
            fail_msg("%s is a time", rows[i].text);
        if (ns != (T + rows[i].seconds) * 1000000000 + rows[i].ns)
            fail_msg("%s gives %lld", rows[i].text, (long long)ns);
        assert_int_equal(text.n - taken, rows[i].rest);
    }
}

static void what_is_no_time(void **state)
{
    static const char *const rows[] = {
        "",
        "2026",
        "2026-11-22",
        "2026-11-22T06:32",
        "2026-11-22T06:32:",
        "2026-11-22T06:32:1",
        "2026-11-22X06:32:10Z",
        "2026-13-22T06:32:10Z",
        "2026-00-22T06:32:10Z",
        "2026-11-32T06:32:10Z",
        "2026-11-22T24:32:10Z",
        "2026-11-22T06:60:10Z",
        "2026-11-22T06:32:61Z",
        "2026-11-22T06:32:10.Z",
        "2026/11/22T06:32:10Z",
        "0001-01-01T00:00:00Z", /* Go's zero time: it never happened */
        "9999-12-31T23:59:59Z", /* beyond what nanoseconds reach */
        "-2026-11-22T06:32:10Z",
        "1795329130",
    };
    int64_t ns;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (time_parse(slice_str(rows[i]), &ns))
            fail_msg("'%s' is no time", rows[i]);
}

static void numbers_tell_their_unit(void **state)
{
    static const double good[] = {1795329130.25, 1795329130250.0, 1795329130250000.0, 1795329130250000000.0};
    static const double bad[] = {0, -1795329130, 12.5, 9.9e7, 9.3e18, 1e300, INFINITY, -INFINITY, NAN};
    int64_t ns;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(time_from_number(good[i], &ns));
        assert_in_range(ns, T * 1000000000 + 249999872, T * 1000000000 + 250000128);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (time_from_number(bad[i], &ns))
            fail_msg("%g is no time", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_as_programs_print_them),
        cmocka_unit_test(what_is_no_time),
        cmocka_unit_test(numbers_tell_their_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
