#include "support/cmocka_all.h"

#include "analyze/compare/errors.h"

static void net_http_wraps_errors(void **state)
{
    static const struct {
        const char *text, *inner;
    } rows[] = {
        {"Get \"http://a.test/\": EOF", "EOF"},
        {"Post \"http://a.test/?q=\\\"x\\\"\": EOF", "EOF"},
        {"EOF", "EOF"},
        {"", ""},
        {"Get \"http://a.test/", "Get \"http://a.test/"},
        {"Get \"http://a.test/\"", "Get \"http://a.test/\""},
        {"Get \"http://a.test/\":", "Get \"http://a.test/\":"},
        {"Get \"x\" of \"y\": EOF", "Get \"x\" of \"y\": EOF"},
        {"Get \"\\", "Get \"\\"},
        {"\"http://a.test/\": EOF", "\"http://a.test/\": EOF"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!slice_eq(error_unwrapped(slice_str(rows[i].text)), slice_str(rows[i].inner)))
            fail_msg("%s", rows[i].text);
}

static void wrapped_texts_are_the_same(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"", "", true},
        {"EOF", "EOF", true},
        {"EOF", "", false},
        {"unexpected EOF", "EOF", false},
        {"reading: EOF", "EOF", true},
        {"Get \"http://a.test/\": reading: EOF", "EOF", true},
        {"no such host", "lookup a on 10.0.0.1:53: no such host", true},
        {"reading:EOF", "EOF", false},
        {": EOF", "EOF", false},
        {"EOF: reading", "EOF", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (error_same(slice_str(rows[i].a), slice_str(rows[i].b)) != rows[i].same ||
            error_same(slice_str(rows[i].b), slice_str(rows[i].a)) != rows[i].same)
            fail_msg("%s beside %s", rows[i].a, rows[i].b);
    }
}

static void clients_give_up_in_many_words(void **state)
{
    (void)state;
    assert_true(error_is_giving_up(SLICE_LIT("context canceled")));
    assert_true(error_is_giving_up(SLICE_LIT("x (Client.Timeout exceeded while awaiting headers)")));
    assert_true(error_is_giving_up(SLICE_LIT("dial tcp 1.2.3.4:80: i/o timeout")));
    assert_false(error_is_giving_up(SLICE_LIT("connect: connection refused")));
    assert_false(error_is_giving_up(SLICE_LIT("")));
    assert_true(error_is_hidden(SLICE_LIT("remote error: tls: an encrypted alert")));
    assert_false(error_is_hidden(SLICE_LIT("remote error: tls: bad certificate")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(net_http_wraps_errors),
        cmocka_unit_test(wrapped_texts_are_the_same),
        cmocka_unit_test(clients_give_up_in_many_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
