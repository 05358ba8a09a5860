/* What is asked of sixteen bytes at once, held against the same question about each of them. */
#include "base/sixteen.h"
#include "support/cmocka_all.h"

static void each_value_at_each_place(void **state)
{
    uint8_t bytes[SIXTEEN];

    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        bool printable = c >= ' ' && c <= '~', letter = c >= 'a' && c <= 'z';
        for (unsigned at = 0; at < SIXTEEN; at++) {
            memset(bytes, 'k', sizeof bytes);
            bytes[at] = (uint8_t)c;
            sixteen v = sixteen_at(bytes);
            assert_int_equal(sixteen_all(sixteen_printable(v)), printable);
            assert_int_equal(sixteen_first_not(sixteen_printable(v)), printable ? SIXTEEN : at);
            assert_int_equal(sixteen_first_not(sixteen_between(v, 'a', 'z')), letter ? SIXTEEN : at);
            assert_int_equal(sixteen_first_not(sixteen_equal(v, 'k')), c == 'k' ? SIXTEEN : at);
        }
    }
}

static void the_first_of_several_counts(void **state)
{
    (void)state;
    assert_int_equal(sixteen_first_not(sixteen_printable(sixteen_at("abc\n\x80gh\x7fjklmnop"))), 3);
    assert_int_equal(sixteen_first_not(sixteen_equal(sixteen_at("kkkkkkkkkkkk.k.k"), 'k')), 12);
}

/* Every length up to three times sixteen, with one byte that differs at each place or at none. */
static void the_same_bytes_are_the_same(void **state)
{
    enum { LONGEST = 3 * SIXTEEN };
    uint8_t a[LONGEST], b[LONGEST];

    (void)state;
    for (size_t n = 0; n <= LONGEST; n++)
        for (size_t at = 0; at <= n; at++) {
            for (size_t i = 0; i < n; i++)
                a[i] = b[i] = (uint8_t)(i * 7);
            if (at < n)
                b[at] ^= 0x40;
            assert_int_equal(sixteen_same(a, b, n), at == n);
        }
}

static void halves_are_in_order(void **state)
{
    uint64_t first, second;

    (void)state;
    memcpy(&first, "kkkkkkkk", sizeof first);
    memcpy(&second, "kkk.kkkk", sizeof second);
    assert_int_equal(sixteen_first_not(sixteen_equal(sixteen_of(first, second), 'k')), 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_at_each_place),
        cmocka_unit_test(the_first_of_several_counts),
        cmocka_unit_test(the_same_bytes_are_the_same),
        cmocka_unit_test(halves_are_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
