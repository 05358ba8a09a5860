/* Links and tunnels: what is wrapped comes out again. */
#include "decoding.h"
#include "wrappers.h"

static struct frame f;

static void build(struct frame *out, bool v4, const char *payload)
{
    if (v4)
        build_tcp4(out, payload);
    else
        build_tcp6(out, payload);
}

static void every_link_type_gives_the_segment(void **state)
{
    (void)state;
    struct packet p;
    for (size_t i = 0; i < LINK_CASES; i++)
        for (int v4 = 0; v4 <= 1; v4++) {
            print_message("%s, IPv%d\n", link_cases[i].name, v4 ? 4 : 6);
            assert_true(packet_link_type_known(link_cases[i].link_type));
            build(&f, v4, "GET / HTTP/1.1\r\n");
            link_cases[i].wrap(&f);
            assert_int_equal(decode(link_cases[i].link_type, &f, &p), PACKET_DECODED);
            assert_segment(&p, v4, "GET / HTTP/1.1\r\n");
            assert_int_equal(p.path != 0, link_cases[i].has_path);
            assert_int_equal(p.tunnel_depth, 0);
            assert_int_equal(p.mark.ts_ns, 1000);
            assert_int_equal(p.mark.ref.number, 7);
            assert_int_equal(p.mark.ref.file, 3);
        }
}

static void links_of_one_ip_version(void **state)
{
    (void)state;
    struct packet p;
    build_tcp4(&f, "x");
    assert_int_equal(decode(228, &f, &p), PACKET_DECODED);
    assert_int_equal(decode(229, &f, &p), PACKET_DROP_MALFORMED);
    build_tcp6(&f, "x");
    assert_int_equal(decode(229, &f, &p), PACKET_DECODED);
    assert_int_equal(decode(228, &f, &p), PACKET_DROP_MALFORMED);
    build_tcp4(&f, "x");
    PUT(&f, 1, 2, 0, 0, 240);
    assert_int_equal(decode(129, &f, &p), PACKET_DECODED);
    assert_segment(&p, true, "x");
}

static void every_tunnel_in_every_tunnel_gives_the_innermost_segment(void **state)
{
    (void)state;
    struct packet p;
    for (size_t inner = 0; inner < TUNNEL_CASES; inner++)
        for (size_t outer = 0; outer < TUNNEL_CASES; outer++)
            for (int v4 = 0; v4 <= 1; v4++) {
                print_message("%s in %s\n", tunnel_cases[inner].name, tunnel_cases[outer].name);
                build(&f, v4, "hello");
                tunnel_cases[inner].wrap(&f);
                tunnel_cases[outer].wrap(&f);
                put_ethernet_ip(&f);
                assert_int_equal(decode(LINK_ETHERNET, &f, &p), PACKET_DECODED);
                assert_segment(&p, v4, "hello");
                assert_int_equal(p.tunnel_depth, 2);
                assert_int_equal(p.path != 0, tunnel_cases[inner].has_path || tunnel_cases[outer].has_path);
            }
}

/* A cut anywhere is either a packet with what was captured, or a counted cut. */
static void assert_defined_at_every_cut(uint32_t link_type)
{
    struct packet p;
    for (size_t n = 0; n <= frame_len(&f); n++) {
        enum packet_drop why = decode_cut(link_type, &f, n, frame_len(&f), &p);
        assert_true(why == PACKET_DECODED || why == PACKET_DROP_SHORT);
        if (why == PACKET_DECODED) {
            assert_true(p.payload.n <= p.payload_len);
            assert_int_equal(p.payload_len - p.payload.n, frame_len(&f) - n);
        }
        /* The same bytes as a whole frame. */
        why = decode_cut(link_type, &f, n, n, &p);
        assert_in_range(why, 0, PACKET_DROP_COUNT - 1);
        assert_int_not_equal(why, PACKET_DROP_TOO_DEEP);
    }
}

static void every_link_type_cut_at_every_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < LINK_CASES; i++) {
        print_message("%s\n", link_cases[i].name);
        build_tcp4(&f, "payload");
        link_cases[i].wrap(&f);
        assert_defined_at_every_cut(link_cases[i].link_type);
    }
}

static void every_tunnel_cut_at_every_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < TUNNEL_CASES; i++) {
        print_message("%s\n", tunnel_cases[i].name);
        build_tcp6(&f, "payload");
        tunnel_cases[i].wrap(&f);
        put_ethernet_ip(&f);
        assert_defined_at_every_cut(LINK_ETHERNET);
    }
}

static uint32_t path_of(void)
{
    struct packet p;
    assert_int_equal(decode(LINK_ETHERNET, &f, &p), PACKET_DECODED);
    return p.path;
}

static uint32_t vlan_path(uint16_t id)
{
    build_tcp4(&f, "x");
    put_vlan(&f, id, 0x8100);
    return path_of();
}

static uint32_t vxlan_path(uint32_t vni)
{
    build_tcp4(&f, "x");
    put_vxlan(&f, vni, 4789);
    put_ethernet_ip(&f);
    return path_of();
}

static void path_tells_networks_apart(void **state)
{
    (void)state;
    assert_int_equal(vlan_path(0), 0);
    assert_int_equal(vlan_path(5), vlan_path(5));
    assert_int_not_equal(vlan_path(5), vlan_path(6));
    assert_int_equal(vxlan_path(5), vxlan_path(5));
    assert_int_not_equal(vxlan_path(5), vxlan_path(0x050000));
    assert_int_not_equal(vxlan_path(5), vlan_path(5));
}

/* The two directions of a tunnel may differ in these. */
static void keys_and_labels_are_no_part_of_the_path(void **state)
{
    (void)state;
    build_tcp4(&f, "x");
    link_mpls(&f);
    assert_int_equal(path_of(), 0);
    build_tcp4(&f, "x");
    tunnel_gre_ethernet(&f);
    put_ethernet_ip(&f);
    assert_int_equal(path_of(), 0);
}

static void nesting_ends_at_the_limit(void **state)
{
    (void)state;
    struct packet p;
    /* Ethernet, the tags, IP and TCP. */
    for (unsigned tags = 0; tags <= 40; tags++) {
        build_tcp4(&f, "x");
        for (unsigned i = 0; i < tags; i++)
            PUT(&f, 0, 9, i == 0 ? 0x08 : 0x81, 0);
        put_ethernet(&f, tags > 0 ? 0x8100 : 0x0800);
        bool fits = tags + 3 <= PACKET_MAX_HEADERS;
        assert_int_equal(decode(LINK_ETHERNET, &f, &p), fits ? PACKET_DECODED : PACKET_DROP_TOO_DEEP);
    }
    for (unsigned headers = 0; headers <= 40; headers++) {
        build_tcp4(&f, "x");
        for (unsigned i = 0; i < headers; i++)
            tunnel_ip_in_ipv4(&f);
        bool fits = headers + 2 <= PACKET_MAX_HEADERS - 1;
        assert_int_equal(decode(LINK_RAW, &f, &p), fits ? PACKET_DECODED : PACKET_DROP_TOO_DEEP);
        if (fits)
            assert_int_equal(p.tunnel_depth, headers);
    }
}

static void assert_plain_udp(uint16_t port, const char *payload, size_t n)
{
    struct packet p;
    f.at = FRAME_MAX;
    put(&f, payload, n);
    put_udp(&f, 55555, port);
    put_ipv4(&f, 1, 17);
    put_vlan(&f, 5, 0x8100);
    assert_int_equal(decode(LINK_ETHERNET, &f, &p), PACKET_DECODED);
    assert_int_equal(p.kind, PACKET_UDP);
    assert_host(&p.src, "10.0.0.1", 55555);
    assert_host(&p.dst, "10.0.0.2", port);
    assert_int_equal(p.payload_len, n);
    assert_memory_equal(p.payload.p, payload, n);
    assert_int_equal(p.tunnel_depth, 0);
    assert_int_equal(p.path, vlan_path(5));
}

static void a_tunnel_port_without_a_tunnel_is_plain_udp(void **state)
{
    (void)state;
    static const uint16_t ports[] = {1701, 2152, 3544, 4754, 4789, 4790, 6081, 6635, 8472};
    static const char text[] = "\x08 this is no tunnel at all, only text that goes on for a while, long enough";
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        print_message("%u\n", ports[i]);
        assert_plain_udp(ports[i], text, sizeof text - 1);
        assert_plain_udp(ports[i], text, 1);
        assert_plain_udp(ports[i], "", 0);
    }
    /* Valid VXLAN flags, and ARP inside. */
    assert_plain_udp(4789, "\x08\0\0\0\0\0\x05\0\1\2\3\4\5\6\1\2\3\4\5\6\x08\x06\0\1\x08\0", 26);
}

static void a_tunnel_with_another_transport_inside_is_no_plain_udp(void **state)
{
    (void)state;
    struct packet p;
    frame_payload(&f, "echo request");
    put_ipv4(&f, 1, 1);
    frame_start(&f)[20] = 8;
    tunnel_vxlan(&f);
    put_ethernet_ip(&f);
    assert_int_equal(decode(LINK_ETHERNET, &f, &p), PACKET_DROP_OTHER_TRANSPORT);
}

static void teredo_only_when_ipv6_fits(void **state)
{
    (void)state;
    struct packet p;
    for (int prefix = 0; prefix < 3; prefix++) {
        build_tcp6(&f, "x");
        if (prefix >= 1)
            PUT(&f, 0, 0, 1, 2, 3, 4, 5, 6);
        if (prefix == 2)
            PUT(&f, 0, 1, 1, 2, 'i', 'a', 'a', 1, 2, 3, 4, 5, 6, 7, 8, 0);
        put_udp(&f, prefix == 1 ? 3544 : 49000, prefix == 1 ? 49000 : 3544);
        put_ipv4(&f, 9, 17);
        assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DECODED);
        assert_segment(&p, false, "x");
    }
    build_tcp6(&f, "x");
    frame_start(&f)[5]++;
    put_udp(&f, 49000, 3544);
    put_ipv4(&f, 9, 17);
    assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DECODED);
    assert_int_equal(p.kind, PACKET_UDP);
}

struct drop_case {
    const char *name;
    uint32_t link_type;
    size_t n;
    enum packet_drop why;
    const char *bytes;
};

static void frames_without_a_packet_say_why(void **state)
{
    (void)state;
    static const struct drop_case cases[] = {
        {"unknown link type", 147, 4, PACKET_DROP_LINK_TYPE, "abcd"},
        {"huge link type", UINT32_MAX, 4, PACKET_DROP_LINK_TYPE, "abcd"},
        {"empty", 1, 0, PACKET_DROP_MALFORMED, ""},
        {"ARP", 1, 14, PACKET_DROP_NOT_IP, "\1\2\3\4\5\6\1\2\3\4\5\6\x08\x06"},
        {"spanning tree", 1, 17, PACKET_DROP_NOT_IP, "\1\2\3\4\5\6\1\2\3\4\5\6\0\x26\x42\x42\x03"},
        {"SNAP of another OUI", 1, 22, PACKET_DROP_NOT_IP,
         "\1\2\3\4\5\6\1\2\3\4\5\6\0\x26\xaa\xaa\x03\0\0\x0c\x20\0"},
        {"PPPoE discovery", 51, 6, PACKET_DROP_NOT_IP, "\x11\x09\0\0\0\0"},
        {"PPPoE of another version", 51, 6, PACKET_DROP_MALFORMED, "\x21\0\0\0\0\0"},
        {"LCP", 9, 4, PACKET_DROP_NOT_IP, "\xff\x03\xc0\x21"},
        {"loopback, AppleTalk", 0, 4, PACKET_DROP_NOT_IP, "\x10\0\0\0"},
        {"802.11 beacon", 105, 24, PACKET_DROP_NOT_IP, "\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
        {"802.11 without data", 105, 24, PACKET_DROP_NOT_IP, "\x48\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
        {"802.11 encrypted", 105, 24, PACKET_DROP_NOT_IP, "\x08\x41\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
        {"802.11 later fragment", 105, 24, PACKET_DROP_NOT_IP, "\x08\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0"},
        {"radiotap too short", 127, 8, PACKET_DROP_MALFORMED, "\0\0\7\0\0\0\0\0"},
        {"PKTAP header shorter than itself", 258, 12, PACKET_DROP_MALFORMED, "\4\0\0\0\1\0\0\0\1\0\0\0"},
        {"PKTAP of an unknown link", 258, 12, PACKET_DROP_LINK_TYPE, "\x0c\0\0\0\1\0\0\0\x93\0\0\0"},
        {"NFLOG without a payload", 239, 8, PACKET_DROP_MALFORMED, "\2\0\0\0\4\0\1\0"},
        {"NFLOG TLV shorter than itself", 239, 8, PACKET_DROP_MALFORMED, "\2\0\0\0\0\0\1\0"},
        {"frame relay address without end", 107, 4, PACKET_DROP_MALFORMED, "\0\0\0\0"},
        {"pflog header of nothing", 117, 4, PACKET_DROP_MALFORMED, "\0\2\0\0"},
        {"raw, neither 4 nor 6", 101, 1, PACKET_DROP_NOT_IP, "\x50"},
        {"MPLS without bottom", 9, 6, PACKET_DROP_MALFORMED, "\x02\x81\0\0\0\0"},
        {"MACsec, encrypted", 1, 20, PACKET_DROP_NOT_IP, "\1\2\3\4\5\6\1\2\3\4\5\6\x88\xe5\x0c\0\0\0\0\0"},
        {"NSH shorter than itself", 1, 22, PACKET_DROP_MALFORMED, "\1\2\3\4\5\6\1\2\3\4\5\6\x89\x4f\0\1\1\1\0\0\0\0"},
    };
    struct packet p;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].name);
        f.at = FRAME_MAX;
        put(&f, cases[i].bytes, cases[i].n);
        assert_int_equal(decode(cases[i].link_type, &f, &p), cases[i].why);
        assert_int_equal(packet_link_type_known(cases[i].link_type),
                         cases[i].link_type != 147 && cases[i].link_type != UINT32_MAX);
    }
}

static void drop_reasons_have_keys_and_texts(void **state)
{
    (void)state;
    assert_string_equal(packet_drop_key(PACKET_DROP_NOT_IP), "not_ip");
    assert_string_equal(packet_drop_key(PACKET_DROP_TOO_DEEP), "too_deep");
    for (int i = 1; i < PACKET_DROP_COUNT; i++) {
        assert_non_null(packet_drop_key((enum packet_drop)i));
        assert_non_null(packet_drop_text((enum packet_drop)i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_link_type_gives_the_segment),
        cmocka_unit_test(links_of_one_ip_version),
        cmocka_unit_test(every_tunnel_in_every_tunnel_gives_the_innermost_segment),
        cmocka_unit_test(every_link_type_cut_at_every_byte),
        cmocka_unit_test(every_tunnel_cut_at_every_byte),
        cmocka_unit_test(path_tells_networks_apart),
        cmocka_unit_test(keys_and_labels_are_no_part_of_the_path),
        cmocka_unit_test(nesting_ends_at_the_limit),
        cmocka_unit_test(a_tunnel_port_without_a_tunnel_is_plain_udp),
        cmocka_unit_test(a_tunnel_with_another_transport_inside_is_no_plain_udp),
        cmocka_unit_test(teredo_only_when_ipv6_fits),
        cmocka_unit_test(frames_without_a_packet_say_why),
        cmocka_unit_test(drop_reasons_have_keys_and_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
