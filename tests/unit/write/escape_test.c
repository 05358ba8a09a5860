#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "write/escape.h"

static void expect(const char *from, size_t n, const char *to)
{
    struct buf b = {0};

    escape_text(&b, (struct p2t_text){from, n});
    buf_putc(&b, '\0');
    assert_string_equal((const char *)b.p, to);
    buf_fini(&b);
}

static void every_byte_value_alone(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char from = (char)c, to[8];
        bool plain = c >= 0x20 && c < 0x7f;
        snprintf(to, sizeof to, plain ? "%c" : "\\x%02x", c);
        expect(&from, 1, c == '\\' ? "\\\\" : c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\t' ? "\\t" : to);
    }
}

static void what_cannot_be_seen_or_turns_text_round_is_shown(void **state)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        {"\xc2\x80", "\\u0080"},          {"\xc2\x9b", "\\u009b"},
        {"\xc2\xa0", "\xc2\xa0"},         {"\xc2\xad", "\\u00ad"},
        {"\xe2\x80\x8b", "\\u200b"},      {"\xe2\x80\x8f", "\\u200f"},
        {"\xe2\x80\x90", "\xe2\x80\x90"}, {"\xe2\x80\xa7", "\xe2\x80\xa7"},
        {"\xe2\x80\xa8", "\\u2028"},      {"\xe2\x80\xae", "\\u202e"},
        {"\xe2\x80\xaf", "\xe2\x80\xaf"}, {"\xe2\x81\xa6", "\\u2066"},
        {"\xe2\x81\xa9", "\\u2069"},      {"\xef\xbb\xbf", "\\ufeff"},
        {"\xd8\x9c", "\\u061c"},          {"\xf3\xa0\x80\x81", "\\U000e0001"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(rows[i].from, strlen(rows[i].from), rows[i].to);
}

static void what_an_error_quotes_is_escaped_once(void **state)
{
    static const char error[] = "malformed HTTP response \"\\x15\\x03\" \x1b[31m";
    struct buf b = {0};

    (void)state;
    escape_error(&b, (struct p2t_text){error, sizeof error - 1});
    buf_putc(&b, '\0');
    assert_string_equal((const char *)b.p, "malformed HTTP response \"\\x15\\x03\" \\x1b[31m");
    buf_fini(&b);
}

static void letters_of_every_length_stay(void **state)
{
    static const char text[] = "z\xc3\xbc\xe4\xb8\x80\xf0\x9f\x99\x82";

    (void)state;
    expect(text, sizeof text - 1, text);
    expect("", 0, "");
    expect(NULL, 0, "");
}

static void what_is_no_utf8_is_shown_byte_by_byte(void **state)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        {"\xc3", "\\xc3"},
        {"\xc3(", "\\xc3("},
        {"\xe4\xb8", "\\xe4\\xb8"},
        {"\xc0\xaf", "\\xc0\\xaf"},                   /* overlong */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* a surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* beyond U+10FFFF */
        {"a\xff"
         "b",
         "a\\xffb"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(rows[i].from, strlen(rows[i].from), rows[i].to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_value_alone),
        cmocka_unit_test(what_cannot_be_seen_or_turns_text_round_is_shown),
        cmocka_unit_test(what_an_error_quotes_is_escaped_once),
        cmocka_unit_test(letters_of_every_length_stay),
        cmocka_unit_test(what_is_no_utf8_is_shown_byte_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
