#include "unit/input/support.h"

#include <stdio.h>
#include <stdlib.h>

#include "input/filter.h"

/* IPv4, TCP 10.0.0.1:1000 -> 10.0.0.2:80, SYN. */
#define IP                                                                                                           \
    "\x45\0\0\x28\0\0\0\0\x40\6\0\0\x0a\0\0\1\x0a\0\0\2"                                                             \
    "\x03\xe8\0\x50\0\0\0\1\0\0\0\0\x50\2\0\0\0\0\0\0"

static const struct {
    uint16_t link_type;
    struct slice header;
} links[] = {
    {1, SLICE_LIT("\1\2\3\4\5\6\1\2\3\4\5\7\x08\0")},               /* Ethernet */
    {101, SLICE_LIT("")},                                           /* raw IP: DLT_RAW differs */
    {228, SLICE_LIT("")},                                           /* IPv4 */
    {108, SLICE_LIT("\0\0\0\2")},                                   /* OpenBSD loopback */
    {0, SLICE_LIT("\2\0\0\0")},                                     /* BSD loopback */
    {113, SLICE_LIT("\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x08\0")},         /* Linux cooked */
    {276, SLICE_LIT("\x08\0\0\0\0\0\0\1\0\1\0\6\1\2\3\4\5\6\0\0")}, /* Linux cooked, version 2 */
    {104, SLICE_LIT("\x0f\0\x08\0")},                               /* Cisco HDLC */
    {9, SLICE_LIT("\xff\x03\0\x21")},                               /* PPP */
};
#define LINKS (sizeof links / sizeof links[0])

static void put_frame(struct buf *b, struct slice header, struct slice ip)
{
    put32(b, false, 1);
    put32(b, false, 0);
    put32(b, false, (uint32_t)(header.n + ip.n));
    put32(b, false, (uint32_t)(header.n + ip.n));
    buf_slice(b, header);
    buf_slice(b, ip);
}

static struct seen *read_filtered(uint16_t link_type, struct slice header, const char *filter)
{
    char *folder = make_folder();
    struct buf b = {0};

    put_pcap_header(&b, false, 0xa1b2c3d4, 65535, link_type);
    put_frame(&b, header, SLICE_LIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    put_frame(&b, header, SLICE_LIT(IP));
    const char *path = write_file(folder, "a", buf_view(&b));
    struct seen *s = read_paths(&path, 1, false, filter);
    buf_fini(&b);
    remove_folder(folder);
    return s;
}

static void one_expression_fits_every_link_type_with_ip(void **state)
{
    (void)state;
    for (size_t i = 0; i < LINKS; i++) {
        struct seen *s = read_filtered(links[i].link_type, links[i].header, "tcp dst port 80 and host 10.0.0.1");
        assert_int_equal(s->problems, 0);
        assert_int_equal(s->count, 1);
        assert_int_equal(s->frames[0].number, 2); /* the one that did not match was counted */
        assert_int_equal(s->frames[0].link_type, links[i].link_type);
        seen_free(s);
        s = read_filtered(links[i].link_type, links[i].header, "udp");
        assert_int_equal(s->count, 0);
        assert_int_equal(s->problems, 0);
        seen_free(s);
    }
}

static void an_empty_expression_matches_all(void **state)
{
    (void)state;
    struct seen *s = read_filtered(1, links[0].header, "");
    assert_int_equal(s->count, 2);
    seen_free(s);
}

static void an_expression_that_does_not_fit_is_one_problem(void **state)
{
    (void)state;
    struct seen *s = read_filtered(101, SLICE_LIT(""), "ether host 1:2:3:4:5:6");
    assert_int_equal(s->count, 0);
    assert_int_equal(s->problems, 1);
    assert_int_equal(s->packet, 1);
    assert_non_null(strstr(s->text, "the filter does not fit packet 1 and others of link type 101: "));
    seen_free(s);
    s = read_filtered(1, links[0].header, "ether host 1:2:3:4:5:6");
    assert_int_equal(s->count, 2);
    assert_int_equal(s->problems, 0);
    seen_free(s);
    s = read_filtered(9999, SLICE_LIT(""), "tcp");
    assert_int_equal(s->problems, 1);
    assert_non_null(strstr(s->text, "link type 9999: libpcap does not know this link type"));
    seen_free(s);
}

/* The address family is the capturing system's: 10 on Linux, 24, 28 or 30 elsewhere, in its order of bytes. */
static void loopback_frames_of_other_systems_are_filtered_as_our_own(void **state)
{
    static const char ip6[] = "\x60\0\0\0\0\0\6\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
                              "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1";
    static const struct slice families[] = {SLICE_LIT("\x1e\0\0\0"), SLICE_LIT("\0\0\0\x1e"), SLICE_LIT("\x18\0\0\0"),
                                            SLICE_LIT("\x0a\0\0\0")};
    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        struct buf b = {0};
        buf_slice(&b, families[i]);
        buf_put(&b, ip6, sizeof ip6 - 1);
        struct input_frame frame = {
            .link_type = 0, .cap_len = (uint32_t)b.n, .wire_len = (uint32_t)b.n, .bytes = b.p, .number = 1};
        struct input_filter *f = NULL;
        assert_int_equal(input_filter_new(&f, "ip6 and tcp", NULL), 0);
        assert_int_equal(input_filter_run(f, &frame), FILTER_MATCH);
        frame.cap_len = 3;
        assert_int_equal(input_filter_run(f, &frame), FILTER_NO);
        input_filter_free(f);
        assert_int_equal(input_filter_new(&f, "ip", NULL), 0);
        assert_int_equal(input_filter_run(f, &frame), FILTER_NO);
        input_filter_free(f);
        buf_fini(&b);
    }
    struct seen *s = read_filtered(0, SLICE_LIT("\0\0\0\2"), "host 10.0.0.1");
    assert_int_equal(s->count, 1);
    seen_free(s);
}

/* The link type goes with the interface, not the file. */
static void interfaces_of_one_file_are_filtered_each_its_way(void **state)
{
    struct buf b = {0}, body = {0};
    char *folder = make_folder();
    (void)state;
    put_section(&b, false);
    for (size_t i = 0; i < LINKS; i++)
        put_interface(&b, false, links[i].link_type, 0, slice_of(NULL, 0));
    for (uint32_t i = 0; i < LINKS; i++) {
        uint32_t n = (uint32_t)(links[i].header.n + sizeof IP - 1);
        buf_reset(&body);
        put32(&body, false, i);
        put32(&body, false, 0);
        put32(&body, false, i);
        put32(&body, false, n);
        put32(&body, false, n);
        buf_slice(&body, links[i].header);
        buf_lit(&body, IP);
        put_block(&b, false, 6, buf_view(&body));
    }
    const char *path = write_file(folder, "a", buf_view(&b));
    struct seen *s = read_paths(&path, 1, false, "tcp[tcpflags] & tcp-syn != 0");
    assert_int_equal(s->problems, 0);
    assert_int_equal(s->count, LINKS);
    seen_free(s);
    s = read_paths(&path, 1, false, "ether host 1:2:3:4:5:6");
    assert_int_equal(s->count, 1);
    assert_int_equal(s->problems, 1);
    seen_free(s);
    buf_fini(&body);
    buf_fini(&b);
    remove_folder(folder);
}

static void a_wrong_expression_is_a_usage_error_before_anything_is_read(void **state)
{
    static const char *const wrong[] = {"tcp prot 80", "port", "((", "host 300.1.1.1.1", "portrange"};
    const char *path = "/nonexistent/file";
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct input_config config = {.paths = &path, .path_count = 1, .filter = wrong[i]};
        struct input *in = NULL;
        char *error = NULL;
        assert_int_equal(input_open(&in, &config, &error), P2T_ERR_USAGE);
        assert_non_null(error);
        assert_true(strlen(error) > 5);
        assert_null(in);
        free(error);
        assert_int_equal(input_open(&in, &config, NULL), P2T_ERR_USAGE);
    }
}

/* Some expressions make no sense on Ethernet and are right all the same. */
static void an_expression_for_another_link_type_is_accepted(void **state)
{
    static const char *const right[] = {"type mgt", "wlan addr1 1:2:3:4:5:6", "ifname pflog0"};
    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        struct input_filter *f = NULL;
        char *error = NULL;
        assert_int_equal(input_filter_new(&f, right[i], &error), 0);
        input_filter_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_expression_fits_every_link_type_with_ip),
        cmocka_unit_test(an_empty_expression_matches_all),
        cmocka_unit_test(an_expression_that_does_not_fit_is_one_problem),
        cmocka_unit_test(loopback_frames_of_other_systems_are_filtered_as_our_own),
        cmocka_unit_test(interfaces_of_one_file_are_filtered_each_its_way),
        cmocka_unit_test(a_wrong_expression_is_a_usage_error_before_anything_is_read),
        cmocka_unit_test(an_expression_for_another_link_type_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
