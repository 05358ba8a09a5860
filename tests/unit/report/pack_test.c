/* What a table becomes, byte for byte: tests/report/page.py and the page itself read it back. */
#include "report/pack.h"

#include <stdio.h>

#include "support/cmocka_all.h"

#define SHOWN(text) shown((struct p2t_text){(text), sizeof(text) - 1})

static void expect(struct pack *p, unsigned columns, const void *bytes, size_t n)
{
    struct buf out = {0};

    pack_write(p, columns, &out);
    assert_false(out.failed);
    assert_int_equal(out.n, n);
    assert_memory_equal(out.p, bytes, n);
    buf_fini(&out);
}

static void numbers_are_varints(void **state)
{
    struct pack p = {0};
    /* rows, texts, no lengths, no bytes, then columns with their lengths. */
    static const uint8_t bytes[] = {1,    0,    0,    0,    14, 0, 0x7f, 0x80, 1, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 1,  2, 0,    8,    5, 20,   0xff, 0xff, 0xff, 0x7f};

    (void)state;
    pack_number(&p, 0, 0);
    pack_number(&p, 0, 127);
    pack_number(&p, 0, 128);
    pack_number(&p, 0, UINT64_MAX);
    pack_known(&p, 1, -1);
    pack_known(&p, 1, 7);
    pack_delta(&p, 2, 10);
    pack_delta(&p, 2, INT64_C(10) - (INT64_C(1) << 27));
    p.rows = 1;
    expect(&p, 3, bytes, sizeof bytes);
    pack_fini(&p);
}

static void texts_are_kept_once(void **state)
{
    struct pack p = {0};
    static const uint8_t bytes[] = {3, 2, 2, 1, 0, 1, 'a', 4, 1, 0, 1, 2, 1, 1};

    (void)state;
    pack_str(&p, 0, "a");
    pack_text(&p, 0, (struct p2t_text){NULL, 0});
    pack_str(&p, 0, "a");
    pack_text(&p, 0, (struct p2t_text){"", 0}); /* known to be empty is not unknown */
    pack_str(&p, 1, "a");
    p.rows = 3;
    expect(&p, 2, bytes, sizeof bytes);
    pack_reset(&p);
    static const uint8_t empty[] = {0, 0, 0, 0, 0, 0};
    expect(&p, 2, empty, sizeof empty);
    pack_fini(&p);
}

/* The number of a text that was put twice before, with others between. */
static uint64_t number_after(struct pack *p, unsigned others)
{
    char text[16];

    pack_reset(p);
    for (unsigned i = 0; i < others; i++) {
        snprintf(text, sizeof text, "%u", i);
        pack_part_text(p, 0, 1, slice_str(text));
    }
    pack_part_text(p, 0, 1, slice_str("0"));
    assert_false(p->failed);
    return p->stream[PACK_COLUMNS_MAX + 1].number;
}

static void texts_that_hardly_repeat_are_not_sought(void **state)
{
    struct pack p = {0};

    (void)state;
    assert_int_equal(number_after(&p, 100), 1);
    assert_int_equal(number_after(&p, 300), 301);
    pack_part_text(&p, 0, 2, slice_str("0"));
    assert_int_equal(p.stream[PACK_COLUMNS_MAX + 2].number, 1);
    pack_fini(&p);
}

static const char *shown(struct p2t_text text)
{
    static struct buf out;

    buf_fini(&out);
    pack_show(&out, text);
    buf_putc(&out, '\0');
    return (const char *)out.p;
}

static void texts_are_valid_and_not_too_long(void **state)
{
    static char text[PACK_TEXT_MAX + 100];

    (void)state;
    assert_string_equal(SHOWN("plain"), "plain");
    assert_string_equal(SHOWN("\xc3\xa9\xff|\xed\xa0\x80|\xc3"),
                        "\xc3\xa9\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd");
    memset(text, 'x', sizeof text);
    assert_int_equal(strlen(shown((struct p2t_text){text, PACK_TEXT_MAX})), PACK_TEXT_MAX);
    assert_string_equal(shown((struct p2t_text){text, PACK_TEXT_MAX + 1}) + PACK_TEXT_MAX, "... (1 bytes more)");
    memcpy(text + PACK_TEXT_MAX - 1, "\xc3\xa9", 2); /* is not cut in two */
    assert_string_equal(shown((struct p2t_text){text, PACK_TEXT_MAX + 1}) + PACK_TEXT_MAX - 1, "... (2 bytes more)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_varints),
        cmocka_unit_test(texts_are_kept_once),
        cmocka_unit_test(texts_that_hardly_repeat_are_not_sought),
        cmocka_unit_test(texts_are_valid_and_not_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
