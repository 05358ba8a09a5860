/* What is saved or told of integers does not depend on the machine's order of bytes. */
#include "base/hash.h"
#include "base/number.h"
#include "support/cmocka_all.h"

static void a_number_is_hashed_from_its_lowest_byte(void **state)
{
    static const uint8_t bytes[] = {8, 7, 6, 5, 4, 3, 2, 1};

    (void)state;
    for (size_t n = 1; n <= sizeof bytes; n++)
        assert_true(hash_stable_number(HASH_STABLE_SEED, 0x0102030405060708, n) ==
                    hash_stable(HASH_STABLE_SEED, bytes, n));
    /* Ids in outputs and folders rest on this. */
    assert_true(hash_stable_finish(hash_stable_number(HASH_STABLE_SEED, 1700000000123456789, 8)) ==
                0x85a125952dc1315a);
}

static void a_number_is_loaded_and_stored_by_its_size(void **state)
{
    uint8_t n8 = 0x12, s8 = 0;
    uint16_t n16 = 0x1234, s16 = 0;
    uint32_t n32 = 0x12345678, s32 = 0;
    uint64_t n64 = 0x123456789abcdef0, s64 = 0;

    (void)state;
    assert_true(number_load(&n8, 1) == n8 && number_load(&n16, 2) == n16);
    assert_true(number_load(&n32, 4) == n32 && number_load(&n64, 8) == n64);
    number_store(&s8, 1, n64);
    number_store(&s16, 2, n64);
    number_store(&s32, 4, n64);
    number_store(&s64, 8, n64);
    assert_true(s8 == 0xf0 && s16 == 0xdef0 && s32 == 0x9abcdef0 && s64 == n64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_hashed_from_its_lowest_byte),
        cmocka_unit_test(a_number_is_loaded_and_stored_by_its_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
