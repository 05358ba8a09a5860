#include "support/cmocka_all.h"

#include "base/reader.h"

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};

static void reads_each_width_in_both_orders(void **state)
{
    (void)state;
    struct reader r = reader_of(bytes, sizeof bytes);
    assert_int_equal(reader_u8(&r), 1);
    assert_int_equal(reader_be16(&r), 0x0203);
    assert_int_equal(reader_be24(&r), 0x040506);
    assert_int_equal(reader_le16(&r), 0x0807);
    assert_true(reader_ok(&r));
    assert_int_equal(r.left, 0);
    r = reader_of(bytes, sizeof bytes);
    assert_int_equal(reader_be32(&r), 0x01020304);
    assert_int_equal(reader_le32(&r), 0x08070605);
    r = reader_of(bytes, sizeof bytes);
    assert_true(reader_be64(&r) == 0x0102030405060708u);
}

static void a_failure_sticks_and_reads_zero(void **state)
{
    (void)state;
    struct reader r = reader_of(bytes, 3);
    assert_int_equal(reader_be32(&r), 0);
    assert_int_equal(r.status, READ_SHORT);
    assert_int_equal(reader_u8(&r), 0);
    reader_fail(&r, READ_BAD);
    assert_int_equal(r.status, READ_SHORT);
}

/* A length near SIZE_MAX must not wrap round the comparison. */
static void a_huge_length_does_not_fit(void **state)
{
    (void)state;
    struct reader r = reader_of(bytes, sizeof bytes);
    reader_skip(&r, 1);
    assert_null(reader_take(&r, SIZE_MAX));
    assert_false(reader_ok(&r));
}

static void a_child_cannot_leave_its_parent(void **state)
{
    (void)state;
    struct reader r = reader_of(bytes, sizeof bytes);
    struct reader child = reader_child(&r, 2);
    assert_int_equal(reader_be16(&child), 0x0102);
    assert_int_equal(reader_u8(&child), 0);
    assert_false(reader_ok(&child));
    assert_true(reader_ok(&r));
    assert_int_equal(r.left, 6);
    child = reader_child(&r, 7);
    assert_false(reader_ok(&child));
    assert_false(reader_ok(&r));
}

static void nothing_can_be_read_from_nothing(void **state)
{
    (void)state;
    struct reader r = reader_of(NULL, 0);
    assert_non_null(reader_take(&r, 0));
    assert_int_equal(reader_slice(&r, 0).n, 0);
    assert_true(reader_ok(&r));
    assert_null(reader_take(&r, 1));
    assert_int_equal(r.status, READ_SHORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_can_be_read_from_nothing), cmocka_unit_test(reads_each_width_in_both_orders),
        cmocka_unit_test(a_failure_sticks_and_reads_zero),  cmocka_unit_test(a_huge_length_does_not_fit),
        cmocka_unit_test(a_child_cannot_leave_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
