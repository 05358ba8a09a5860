#include "summary/conn_index.h"

#include <stdlib.h>

#include "support/cmocka_all.h"

enum { CONNS = 1000 };

static uint64_t hashed(uint64_t n)
{
    return n * 0x9e3779b97f4a7c15u;
}

static uint64_t aimed(uint64_t n)
{
    return 0xabcdef0000000000u + (CONNS - n) * 3; /* all in one part, in the wrong order */
}

static void each_is_found(uint64_t (*id_of)(uint64_t), size_t n)
{
    struct conn *conns = calloc(n + 1, sizeof *conns);
    struct conn_index x;

    assert_non_null(conns);
    for (size_t i = 0; i < n; i++)
        conns[i].id = id_of(i);
    assert_int_equal(conn_index_init(&x, conns, n), 0);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(conn_index_find(&x, id_of(i)), &conns[i]);
        assert_null(conn_index_find(&x, id_of(i) + 1));
    }
    assert_null(conn_index_find(&x, 0x8000000000000001u));
    assert_null(conn_index_find(&x, UINT64_MAX));
    conn_index_fini(&x);
    free(conns);
}

static void connections_are_found_by_id(void **state)
{
    (void)state;
    each_is_found(hashed, 0);
    each_is_found(hashed, 1);
    each_is_found(hashed, CONNS);
    each_is_found(aimed, CONNS);
}

static void the_first_of_two_is_found(void **state)
{
    struct conn conns[3] = {{.id = 7}, {.id = 9}, {.id = 7}};
    struct conn_index x;

    (void)state;
    assert_int_equal(conn_index_init(&x, conns, 3), 0);
    assert_ptr_equal(conn_index_find(&x, 7), &conns[0]);
    conn_index_fini(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_are_found_by_id),
        cmocka_unit_test(the_first_of_two_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
