#include "session/limits.h"

#include "pcap2trace/session.h"
#include "support/cmocka_all.h"

#define MB ((size_t)1 << 20)

static void shares_leave_room_for_connections(void **state)
{
    static const size_t sizes[] = {32 * MB, 33 * MB, 64 * MB, 256 * MB, 1024 * MB, 65536 * MB};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct budget budget = {0};
        struct session_limits l = session_limits_of(sizes[i], &budget);
        size_t secrets = l.proto.tls.secrets * 144, lookups = l.correlate.lookups * 2048;

        assert_in_range(budget.limit, 1, sizes[i] - 16 * MB);
        assert_in_range(secrets + lookups, 1, budget.limit / 20 * 19);
        assert_in_range(l.flow.reorder_bytes_total + l.proto.http1.head_bytes_total + l.proto.tls.held_bytes, 1,
                        budget.limit / 2);
        assert_in_range(l.flow.reorder_bytes, 1, l.flow.reorder_bytes_total);
        assert_in_range(l.proto.http1.head_bytes, 1, l.proto.http1.head_bytes_total);
        assert_in_range(l.proto.http2.streams, 100, 4096); /* 100: what servers announce at least, RFC 9113 6.5.2 */
        assert_in_range(l.packet.fragment_bytes, 65535, sizes[i] / 32);
    }
}

static void more_memory_is_never_less_of_anything(void **state)
{
    struct budget budget = {0};
    struct session_limits before = session_limits_of(32 * MB, &budget);

    (void)state;
    for (size_t size = 64 * MB; size <= 4096 * MB; size *= 2) {
        struct session_limits l = session_limits_of(size, &budget);
        assert_true(l.flow.connections > before.flow.connections);
        assert_true(l.flow.reorder_bytes >= before.flow.reorder_bytes);
        assert_true(l.proto.http2.streams >= before.proto.http2.streams);
        assert_true(l.proto.tls.secrets > before.proto.tls.secrets);
        assert_true(l.correlate.lookups > before.correlate.lookups);
        before = l;
    }
}

static void none_given_is_the_default_and_too_little_the_least(void **state)
{
    struct budget none, given, little, least;

    (void)state;
    (void)session_limits_of(0, &none);
    (void)session_limits_of(P2T_MEMORY_DEFAULT, &given);
    (void)session_limits_of(1, &little);
    (void)session_limits_of(P2T_MEMORY_LEAST, &least);
    assert_int_equal(none.limit, given.limit);
    assert_int_equal(little.limit, least.limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_leave_room_for_connections),
        cmocka_unit_test(more_memory_is_never_less_of_anything),
        cmocka_unit_test(none_given_is_the_default_and_too_little_the_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
