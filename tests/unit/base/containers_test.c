#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/cmocka_all.h"

#include "base/addr.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/slab.h"

struct item {
    struct hmap_node node;
    int key;
};

static struct item *find(const struct hmap *m, int key)
{
    for (struct hmap_node *n = hmap_first(m, hash_bytes(&key, sizeof key)); n != NULL; n = hmap_next(n))
        if (hmap_entry(n, struct item, node)->key == key)
            return hmap_entry(n, struct item, node);
    return NULL;
}

static void map_finds_what_was_put_in_and_not_what_was_taken_out(void **state)
{
    (void)state;
    static struct item items[1000];
    struct hmap m = {0};
    assert_null(find(&m, 1));
    for (int i = 0; i < 1000; i++) {
        items[i].key = i;
        assert_int_equal(hmap_insert(&m, &items[i].node, hash_bytes(&i, sizeof i)), 0);
    }
    for (int i = 0; i < 1000; i += 2)
        hmap_remove(&m, &items[i].node);
    assert_int_equal(m.count, 500);
    for (int i = 0; i < 1000; i++)
        assert_ptr_equal(find(&m, i), i % 2 == 0 ? NULL : &items[i]);
    hmap_fini(&m);
}

/* Taking nodes out closes the gaps they leave, across the end of the slots, too: what stood behind is found still, and
 * a walk meets everything once. */
static void map_stays_whole_while_nodes_come_and_go(void **state)
{
    enum { ITEMS = 3000, STEPS = 60000 };
    struct hmap m = {0};
    struct item *items = calloc(ITEMS, sizeof *items);
    bool *in = calloc(ITEMS, sizeof *in);
    uint32_t random = 1;

    (void)state;
    assert_non_null(items);
    assert_non_null(in);
    for (int step = 0; step < STEPS; step++) {
        random = random * 1664525u + 1013904223u;
        int i = (int)(random >> 8) % ITEMS;
        items[i].key = i;
        uint64_t hash = (uint64_t)(i % 7) << 60 | (uint64_t)(i / 3); /* crowded, and three of each */
        if (in[i])
            hmap_remove(&m, &items[i].node);
        else
            assert_int_equal(hmap_insert(&m, &items[i].node, hash), 0);
        in[i] = !in[i];
        bool found = false;
        for (struct hmap_node *n = hmap_first(&m, hash); n != NULL; n = hmap_next(n))
            found |= n == &items[i].node;
        assert_int_equal(found, in[i]);
    }
    size_t met = 0;
    struct hmap_walk w = hmap_walk(&m);
    for (struct hmap_node *n; (n = hmap_step(&w)) != NULL; met++) {
        int key = hmap_entry(n, struct item, node)->key;
        assert_true(in[key]);
        in[key] = false;
    }
    assert_int_equal(met, m.count);
    for (int i = 0; i < ITEMS; i++)
        assert_false(in[i]);
    hmap_fini(&m);
    free(items);
    free(in);
}

static void slab_hands_out_zeroed_objects_again(void **state)
{
    (void)state;
    struct slab s;
    slab_init(&s, 24, NULL);
    char *objects[600];
    for (int i = 0; i < 600; i++) {
        objects[i] = slab_take(&s);
        for (int b = 0; b < 24; b++)
            assert_int_equal(objects[i][b], 0);
        memset(objects[i], 0xff, 24);
    }
    assert_int_equal(s.in_use, 600);
    for (int i = 0; i < 600; i++)
        slab_give(&s, objects[i]);
    char *again = slab_take(&s);
    assert_int_equal(again[0], 0);
    slab_give(&s, again);
    assert_int_equal(s.in_use, 0);
    slab_fini(&s);
}

static void slabs_and_arenas_count_what_they_hold(void **state)
{
    (void)state;
    struct budget here = {0}, there = {0};
    struct slab s;
    slab_init(&s, 100, &here);
    void *objects[2000];
    for (int i = 0; i < 2000; i++)
        objects[i] = slab_take(&s);
    assert_in_range(here.used, 2000 * 100, 2000 * 150);
    for (int i = 0; i < 2000; i++)
        slab_give(&s, objects[i]);
    assert_int_equal(here.used, 0);
    slab_fini(&s);

    struct arena a = {0};
    arena_count_in(&a, &here);
    (void)arena_alloc(&a, 10);
    assert_in_range(here.used, 10, 1000);
    (void)arena_alloc(&a, 100000);
    assert_in_range(here.used, 100000, 102000);
    arena_count_in(&a, &there);
    assert_int_equal(here.used, 0);
    assert_in_range(there.used, 100000, 102000);
    arena_reset(&a);
    assert_int_equal(there.used, a.held_bytes);
    (void)arena_alloc(&a, 10);
    assert_in_range(there.used, 10, 1000);
    arena_fini(&a);
    assert_int_equal(there.used, 0);
}

static void what_an_arena_held_before_makes_no_difference(void **state)
{
    static const size_t before[] = {0, 10, 500, 2000, 5000, 100000};

    size_t usual = 0;

    (void)state;
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        struct budget b = {0};
        struct arena a = {.budget = &b};
        for (size_t n = 0; n < 5; n++)
            (void)arena_alloc(&a, before[i]);
        arena_reset(&a);
        arena_start(&a, ARENA_USUAL);
        usual = i == 0 ? b.used : usual;
        assert_in_range(b.used, usual, usual);
        (void)arena_alloc(&a, 900);
        assert_in_range(b.used, usual, usual);
        assert_int_equal(a.held_bytes, b.used);
        arena_fini(&a);
        assert_int_equal(b.used, 0);
    }
}

static void arena_copies_are_terminated_and_apart(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice one = arena_copy(&a, SLICE_LIT("one"));
    struct slice none = arena_copy(&a, (struct slice){NULL, 0});
    uint8_t *big = arena_alloc(&a, 100000);
    memset(big, 1, 100000);
    assert_string_equal((const char *)one.p, "one");
    assert_non_null(none.p);
    assert_int_equal(none.n, 0);
    arena_reset(&a);
    assert_int_equal(a.held_bytes, 0);
    arena_fini(&a);
}

static void numbers_and_text_append(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_u64(&b, 0);
    buf_putc(&b, ' ');
    buf_u64(&b, UINT64_MAX);
    buf_putc(&b, ' ');
    buf_i64(&b, INT64_MIN);
    buf_printf(&b, " %05d", 42);
    buf_putc(&b, '\0');
    assert_string_equal((char *)b.p, "0 18446744073709551615 -9223372036854775808 00042");
    buf_fini(&b);
}

/* Lengths and digits of every kind, against the C library. */
static void numbers_read_as_printf_writes_them(void **state)
{
    uint64_t v = 1;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char expected[32], text[U64_TEXT_MAX + 1];
        v = v * 6364136223846793005u + 1442695040888963407u;
        uint64_t number = i < 100000 ? (uint64_t)i : v >> i % 64;
        snprintf(expected, sizeof expected, "%" PRIu64, number);
        *u64_text(text, number) = '\0';
        assert_string_equal(text, expected);
    }
    for (uint64_t power = 1, n = 0; n < 20; n++, power *= 10)
        for (uint64_t number = power - 1; number <= power; number++) {
            char expected[32], text[U64_TEXT_MAX + 1];
            snprintf(expected, sizeof expected, "%" PRIu64, number);
            *u64_text(text, number) = '\0';
            assert_string_equal(text, expected);
        }
}

static void addresses_format_as_rfc_5952_and_parse_back(void **state)
{
    (void)state;
    static const struct {
        const char *ip, *endpoint;
    } rows[] = {
        {"127.0.0.1", "127.0.0.1:80"},
        {"255.255.255.255", "255.255.255.255:80"},
        {"::1", "[::1]:80"},
        {"2001:db8::1", "[2001:db8::1]:80"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[ENDPOINT_TEXT_MAX];
        struct endpoint ep = {ip_parse(slice_str(rows[i].ip)), 80};
        assert_int_equal(ip_format(&ep.ip, text), strlen(rows[i].ip));
        assert_string_equal(text, rows[i].ip);
        (void)endpoint_format(&ep, text);
        assert_string_equal(text, rows[i].endpoint);
    }
    assert_int_equal(ip_parse(SLICE_LIT("1.2.3")).family, 0);
    assert_int_equal(ip_parse(SLICE_LIT("example.com")).family, 0);
}

/* All runs of zero groups, between groups of each length, and of the value that stands before IPv4. */
static void ipv6_formats_as_inet_ntop_does(void **state)
{
    (void)state;
    static const uint16_t others[] = {1, 0x20, 0xabc, 0xfedc, 0xffff};
    for (unsigned zeros = 0; zeros < 256; zeros++)
        for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
            char expected[IP_TEXT_MAX], text[IP_TEXT_MAX];
            struct ip_addr ip = {.family = 6};
            for (unsigned g = 0; g < 8; g++) {
                uint16_t v = (zeros >> g & 1) != 0 ? 0 : others[(k + g / 5 * k) % 5];
                ip.bytes[2 * g] = (uint8_t)(v >> 8);
                ip.bytes[2 * g + 1] = (uint8_t)v;
            }
            assert_non_null(inet_ntop(AF_INET6, ip.bytes, expected, sizeof expected));
            assert_int_equal(ip_format(&ip, text), strlen(expected));
            assert_string_equal(text, expected);
        }
}

/* Any two bytes, at each place of texts of each length. */
static void only_letters_have_a_case(void **state)
{
    uint8_t a[20], b[20];

    (void)state;
    for (unsigned x = 0; x < 256; x++)
        for (unsigned y = 0; y < 256; y++) {
            bool letter = (x | 0x20) >= 'a' && (x | 0x20) <= 'z' && x < 0x80;
            bool same = x == y || (letter && (x ^ y) == 0x20);
            size_t n = 1 + (x * 7 + y) % sizeof a, at = (x + y * 3) % n;
            memset(a, 'q', sizeof a);
            memset(b, 'Q', sizeof b);
            a[at] = (uint8_t)x;
            b[at] = (uint8_t)y;
            assert_int_equal(slice_ieq(slice_of(a, n), slice_of(b, n)), same);
        }
}

static void slices_compare_as_protocols_do(void **state)
{
    (void)state;
    uint64_t v;
    assert_true(slice_ieq(SLICE_LIT("Content-Length"), SLICE_LIT("content-length")));
    assert_true(slice_list_has(SLICE_LIT("keep-alive, Upgrade"), SLICE_LIT("upgrade")));
    assert_false(slice_list_has(SLICE_LIT("keep-alives"), SLICE_LIT("keep-alive")));
    assert_true(slice_u64(SLICE_LIT("18446744073709551615"), &v));
    assert_true(v == UINT64_MAX);
    assert_false(slice_u64(SLICE_LIT("18446744073709551616"), &v));
    assert_false(slice_u64(SLICE_LIT("-1"), &v));
    assert_int_equal(slice_trim(SLICE_LIT(" \ta b\t")).n, 3);
}

/* Whatever else came and however often the map grew. */
static void nodes_of_one_hash_stay_newest_first(void **state)
{
    enum { SAME = 20, OTHERS = 5000 };
    struct hmap m = {0};
    struct item same[SAME], *others = calloc(OTHERS, sizeof *others);

    (void)state;
    assert_non_null(others);
    for (int i = 0; i < OTHERS; i++) {
        others[i].key = i;
        if (i % (OTHERS / SAME) == 0) {
            same[i / (OTHERS / SAME)].key = i / (OTHERS / SAME);
            assert_int_equal(hmap_insert(&m, &same[i / (OTHERS / SAME)].node, 77), 0);
        }
        assert_int_equal(hmap_insert(&m, &others[i].node, hash_bytes(&i, sizeof i)), 0);
        int expected = i / (OTHERS / SAME);
        for (struct hmap_node *n = hmap_first(&m, 77); n != NULL; n = hmap_next(n))
            assert_int_equal(hmap_entry(n, struct item, node)->key, expected--);
        assert_int_equal(expected, -1);
        assert_ptr_equal(find(&m, i), &others[i]);
    }
    hmap_fini(&m);
    free(others);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_finds_what_was_put_in_and_not_what_was_taken_out),
        cmocka_unit_test(map_stays_whole_while_nodes_come_and_go),
        cmocka_unit_test(nodes_of_one_hash_stay_newest_first),
        cmocka_unit_test(slab_hands_out_zeroed_objects_again),
        cmocka_unit_test(slabs_and_arenas_count_what_they_hold),
        cmocka_unit_test(what_an_arena_held_before_makes_no_difference),
        cmocka_unit_test(arena_copies_are_terminated_and_apart),
        cmocka_unit_test(numbers_and_text_append),
        cmocka_unit_test(numbers_read_as_printf_writes_them),
        cmocka_unit_test(addresses_format_as_rfc_5952_and_parse_back),
        cmocka_unit_test(ipv6_formats_as_inet_ntop_does),
        cmocka_unit_test(only_letters_have_a_case),
        cmocka_unit_test(slices_compare_as_protocols_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
