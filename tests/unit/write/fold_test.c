/* What fits a line. */
#include "support/cmocka_all.h"

#include <string.h>

#include "write/text/text.h"

static size_t columns(const char *s)
{
    return text_columns((const uint8_t *)s, strlen(s));
}

static void characters_take_the_columns_that_terminals_give_them(void **state)
{
    (void)state;
    assert_int_equal(columns(""), 0);
    assert_int_equal(columns("abc"), 3);
    assert_int_equal(columns("é"), 1);
    assert_int_equal(columns("e\xcc\x81"), 1); /* e, and an accent that joins it */
    assert_int_equal(columns("猫犬"), 4);
    assert_int_equal(columns("\xf0\x9f\x98\x80"), 2);     /* a face */
    assert_int_equal(columns("\x1b[1;31mred\x1b[0m"), 3); /* decoration */
    assert_int_equal(columns("\x1b[1"), 0);               /* one that is cut */
    assert_int_equal(columns("\xff\xe7\x8c"), 3);         /* no UTF-8: each byte has its place */
    assert_int_equal(columns("\xf0\x9f\x98"), 3);         /* a character that is cut */
}

static const struct out_options wide = {.width = 0}, narrow = {.width = 24, .cut = true},
                                uncut = {.width = 24, .cut = false};

static void expect(struct buf *b, const char *text)
{
    buf_putc(b, '\0');
    assert_false(b->failed);
    assert_string_equal((char *)b->p, text);
    buf_fini(b);
}

static void folded(const struct out_options *o, size_t indent, const char *line, const char *text)
{
    struct buf b = {0};

    buf_lit(&b, "before\n");
    buf_str(&b, line);
    text_fold(&b, o, 7, indent);
    memmove(b.p, b.p + 7, b.n - 7);
    b.n -= 7;
    expect(&b, text);
}

static void lines_are_broken_between_words(void **state)
{
    (void)state;
    folded(&narrow, 2, "one two three four five", "one two three four five");
    folded(&narrow, 2, "one two three four fiveee", "one two three four\n  fiveee");
    folded(&narrow, 2, "one two three four f five", "one two three four f\n  five");
    folded(&narrow, 2, "  a  bbbbbbbbbbbbbbbbbbbb  c", "  a\n  bbbbbbbbbbbbbbbbbbbb\n  c");
    folded(&narrow, 4, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb c", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n    c");
    folded(&narrow, 2, "猫猫猫猫猫 犬犬犬犬犬犬犬", "猫猫猫猫猫\n  犬犬犬犬犬犬犬");
    folded(&narrow, 2, "\x1b[1mone two three four\x1b[0m five", "\x1b[1mone two three four\x1b[0m five");
    folded(&narrow, 2, "spaces at the end          ", "spaces at the end          ");
    folded(&wide, 2, "one two three four fiveee", "one two three four fiveee");
}

static void cut(const struct out_options *o, const char *start, const char *rest, size_t after, const char *text)
{
    struct buf b = {0};

    buf_str(&b, start);
    buf_str(&b, rest);
    text_cut(&b, o, 0, strlen(start), after);
    expect(&b, text);
}

static void values_are_cut_so_that_what_follows_fits(void **state)
{
    (void)state;
    cut(&narrow, "GET ", "/123456789012345678", 0, "GET /123456789012345678");
    cut(&narrow, "GET ", "/12345678901234567890", 0, "GET /123456789012345678…");
    cut(&narrow, "GET ", "/12345678901234567890", 5, "GET /1234567890123…");
    cut(&narrow, "GET ", "/猫猫猫猫猫猫猫猫猫猫", 0, "GET /猫猫猫猫猫猫猫猫猫…");
    cut(&narrow, "123456789012345678901234567890", "rest", 0, "123456789012345678901234567890…");
    cut(&narrow, "GET ", "\x1b[1m/12345678901234567890\x1b[0m", 0, "GET \x1b[1m/123456789012345678…\x1b[0m");
    cut(&uncut, "GET ", "/12345678901234567890", 5, "GET /12345678901234567890");
}

static void no_line_is_longer_in_the_end(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_lit(&b,
            "a line that was written before this\nshort\n\n123456789012345678901234567890\nlast one, without an end");
    text_fit(&b, &narrow, 36);
    expect(&b, "a line that was written before this\nshort\n\n12345678901234567890123…\nlast one, without an end");
}

static void times_are_told_as_asked(void **state)
{
    const int64_t second = 1000000000, at = 1767323045 * second + 250000000; /* 2026-01-02T03:04:05.25Z */
    const struct {
        struct out_options o;
        int64_t ns;
        const char *time, *clock;
    } rows[] = {
        {{.time = OUT_TIME_UTC}, at, "2026-01-02 03:04:05.250000Z", "03:04:05.250"},
        {{.time = OUT_TIME_UTC, .full = true}, at + 1, "2026-01-02 03:04:05.250000001Z", "2026-01-02 03:04:05.250Z"},
        {{.time = OUT_TIME_UTC, .first_packet_ns = at - 86400 * second},
         at,
         "2026-01-02 03:04:05.250000Z",
         "2026-01-02 03:04:05.250"},
        {{.time = OUT_TIME_EPOCH}, at, "1767323045.250000", "1767323045.250"},
        {{.time = OUT_TIME_EPOCH}, -second / 2, "-0.500000", "      -0.500"},
        {{.time = OUT_TIME_RELATIVE, .first_packet_ns = at}, at + 12 * second + 7, "+12.000000007", "     +12.000"},
        {{.time = OUT_TIME_RELATIVE, .first_packet_ns = at}, at - 35000, "-0.000035000", "      +0.000"},
        {{.time = OUT_TIME_RELATIVE, .first_packet_ns = INT64_MIN + 1},
         at,
         "+9223372036.854775807",
         "+9223372036.854"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf time = {0}, clock = {0};
        text_time(&time, &rows[i].o, rows[i].ns);
        text_clock(&clock, &rows[i].o, rows[i].ns);
        expect(&time, rows[i].time);
        expect(&clock, rows[i].clock);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_take_the_columns_that_terminals_give_them),
        cmocka_unit_test(lines_are_broken_between_words),
        cmocka_unit_test(values_are_cut_so_that_what_follows_fits),
        cmocka_unit_test(no_line_is_longer_in_the_end),
        cmocka_unit_test(times_are_told_as_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
