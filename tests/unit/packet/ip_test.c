/* Lengths, options and extension headers of IP; TCP and UDP headers; ICMP errors. */
#include "decoding.h"

static struct frame f;
static struct packet p;

static void ethernet_padding_is_no_payload(void **state)
{
    (void)state;
    f.at = FRAME_MAX;
    put(&f, "padding!", 8);
    static struct frame inner;
    build_tcp4(&inner, "ok");
    put(&f, frame_start(&inner), frame_len(&inner));
    put_ethernet(&f, 0x0800);
    assert_int_equal(decode(LINK_ETHERNET, &f, &p), PACKET_DECODED);
    assert_segment(&p, true, "ok");
    /* Cut inside the padding: nothing of the segment is missing. */
    assert_int_equal(decode_cut(LINK_ETHERNET, &f, frame_len(&f) - 5, frame_len(&f), &p), PACKET_DECODED);
    assert_segment(&p, true, "ok");
}

static void a_cut_payload_keeps_its_length(void **state)
{
    (void)state;
    build_tcp4(&f, "0123456789");
    assert_int_equal(decode_cut(LINK_RAW, &f, frame_len(&f) - 4, frame_len(&f), &p), PACKET_DECODED);
    assert_int_equal(p.payload_len, 10);
    assert_int_equal(p.payload.n, 6);
    assert_memory_equal(p.payload.p, "012345", 6);
}

static void length_zero_means_the_frame(void **state)
{
    (void)state;
    build_tcp4(&f, "offloaded");
    memset(frame_start(&f) + 2, 0, 2);
    assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DECODED);
    assert_segment(&p, true, "offloaded");
    build_tcp6(&f, "offloaded");
    memset(frame_start(&f) + 4, 0, 2);
    assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DECODED);
    assert_segment(&p, false, "offloaded");
    /* RFC 2675: the jumbo payload option says it, and agrees. */
    frame_payload(&f, "jumbo");
    put_tcp(&f, 0x18, "", 0);
    PUT(&f, 6, 0, 0xc2, 4, 0, 0, 0, 33);
    put_ipv6(&f, 1, 0);
    memset(frame_start(&f) + 4, 0, 2);
    assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DECODED);
    assert_segment(&p, false, "jumbo");
}

static void a_length_beyond_the_frame_is_a_cut(void **state)
{
    (void)state;
    build_tcp4(&f, "abc");
    frame_start(&f)[3] += 100;
    assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DECODED);
    assert_int_equal(p.payload_len, 103);
    assert_int_equal(p.payload.n, 3);
    build_tcp6(&f, "abc");
    frame_start(&f)[5] += 100;
    assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DECODED);
    assert_int_equal(p.payload_len, 103);
    assert_int_equal(p.payload.n, 3);
}

static void ipv4_headers_that_make_no_sense(void **state)
{
    (void)state;
    for (unsigned words = 0; words <= 15; words++) {
        build_tcp4(&f, "");
        frame_start(&f)[0] = (uint8_t)(0x40 | words);
        enum packet_drop why = decode(228, &f, &p);
        if (words < 5 || words > 10)
            assert_int_equal(why, PACKET_DROP_MALFORMED);
    }
    for (unsigned total = 1; total <= 40; total++) {
        build_tcp4(&f, "");
        frame_start(&f)[3] = (uint8_t)total;
        assert_int_equal(decode(228, &f, &p), total < 40 ? PACKET_DROP_MALFORMED : PACKET_DECODED);
    }
}

static void ipv4_options_are_stepped_over(void **state)
{
    (void)state;
    for (unsigned words = 1; words <= 10; words++) {
        build_tcp4(&f, "x");
        uint8_t header[20];
        memcpy(header, frame_start(&f), 20);
        f.at += 20;
        put_zeros(&f, words * 4);
        put(&f, header, 20);
        frame_start(&f)[0] = (uint8_t)(0x45 + words);
        frame_start(&f)[3] = (uint8_t)frame_len(&f);
        assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DECODED);
        assert_segment(&p, true, "x");
    }
}

static void ipv6_extension_headers_are_stepped_over(void **state)
{
    (void)state;
    static const uint8_t kinds[] = {0, 43, 60, 135, 139, 140};
    for (size_t i = 0; i < sizeof kinds; i++)
        for (unsigned length = 0; length <= 255; length += 51) {
            frame_payload(&f, "x");
            put_tcp(&f, 0x18, "", 0);
            put_zeros(&f, 6 + length * 8);
            PUT(&f, 6, (uint8_t)length);
            put_ipv6(&f, 1, kinds[i]);
            assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DECODED);
            assert_segment(&p, false, "x");
        }
    /* The same number means nothing to IPv4. */
    build_tcp4(&f, "x");
    frame_start(&f)[9] = 60;
    assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DROP_OTHER_TRANSPORT);
}

static void several_extension_headers_in_a_row(void **state)
{
    (void)state;
    frame_payload(&f, "x");
    put_tcp(&f, 0x18, "", 0);
    put_zeros(&f, 10);
    PUT(&f, 6, 1);                    /* AH, 12 bytes */
    PUT(&f, 51, 0, 0, 0, 0, 0, 0, 7); /* atomic fragment, RFC 6946 */
    PUT(&f, 44, 0, 1, 4, 0, 0, 0, 0); /* destination options */
    PUT(&f, 60, 0, 0, 0, 0, 0, 0, 0); /* routing */
    PUT(&f, 43, 0, 5, 2, 0, 0, 1, 0); /* hop-by-hop */
    put_ipv6(&f, 1, 0);
    assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DECODED);
    assert_segment(&p, false, "x");
}

static void other_transports_are_named_so(void **state)
{
    (void)state;
    static const uint8_t v4[] = {0, 2, 50, 58, 88, 89, 103, 108, 115, 132, 255};
    static const uint8_t v6[] = {1, 2, 50, 59, 89, 108, 132, 255};
    for (size_t i = 0; i < sizeof v4; i++) {
        build_tcp4(&f, "x");
        frame_start(&f)[9] = v4[i];
        assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DROP_OTHER_TRANSPORT);
    }
    for (size_t i = 0; i < sizeof v6; i++) {
        build_tcp6(&f, "x");
        frame_start(&f)[6] = v6[i];
        assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DROP_OTHER_TRANSPORT);
    }
}

struct options_case {
    const char *name;
    uint8_t flags;
    size_t n;
    const char *bytes;
    int window_scale;
    bool has_timestamp;
};

static void tcp_options_are_read_with_tolerance(void **state)
{
    (void)state;
    static const struct options_case cases[] = {
        {"SYN of Linux", TCP_SYN, 20, "\2\4\5\xb4\4\2\x08\x0a\1\2\3\4\5\6\7\x08\1\3\3\7", 7, true},
        {"timestamps alone", TCP_ACK, 12, "\1\1\x08\x0a\1\2\3\4\5\6\7\x08", -1, true},
        {"scale without SYN", TCP_ACK, 4, "\3\3\7\0", -1, false},
        {"scale over 14 counts as 14", TCP_SYN, 4, "\3\3\xff\0", 14, false},
        {"scale of another length", TCP_SYN, 4, "\3\4\7\0", -1, false},
        {"end of list hides the rest", TCP_SYN, 4, "\0\3\3\7", -1, false},
        {"length 0", TCP_SYN, 4, "\3\0\3\7", -1, false},
        {"length 1", TCP_SYN, 4, "\3\1\3\7", -1, false},
        {"length beyond the header", TCP_SYN, 4, "\1\1\3\3", -1, false},
        {"kind without length", TCP_SYN, 4, "\1\1\1\3", -1, false},
        {"good before bad", TCP_SYN, 8, "\3\3\5\xfd\x20\0\0\0", 5, false},
        {"timestamps of another length", TCP_ACK, 12, "\1\1\x08\x09\1\2\3\4\5\6\7\x08", -1, false},
        {"40 bytes", TCP_ACK, 40,
         "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\x08\x0a\1\2\3\4\5\6\7\x08", -1, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].name);
        frame_payload(&f, "x");
        put_tcp(&f, cases[i].flags, cases[i].bytes, cases[i].n);
        put_ipv4(&f, 1, 6);
        assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DECODED);
        assert_int_equal(p.tcp.flags, cases[i].flags);
        assert_int_equal(p.tcp.window, 0x1234);
        assert_int_equal(p.tcp.window_scale, cases[i].window_scale);
        assert_int_equal(p.tcp.has_timestamp, cases[i].has_timestamp);
        if (cases[i].has_timestamp) {
            assert_int_equal(p.tcp.ts_value, 0x01020304);
            assert_int_equal(p.tcp.ts_echo, 0x05060708);
        }
        assert_payload(&p, "x");
    }
}

static void tcp_data_offset_must_fit(void **state)
{
    (void)state;
    for (unsigned words = 0; words <= 15; words++) {
        build_tcp4(&f, "1234567");
        frame_start(&f)[20 + 12] = (uint8_t)(words << 4);
        enum packet_drop why = decode(LINK_RAW, &f, &p);
        bool fits = words == 5 || words == 6;
        assert_int_equal(why, fits ? PACKET_DECODED : PACKET_DROP_MALFORMED);
        if (fits)
            assert_int_equal(p.payload_len, 7 - (words - 5) * 4);
    }
}

static void a_capture_cut_in_the_options_still_gives_the_segment(void **state)
{
    (void)state;
    for (size_t kept = 0; kept <= 12; kept++) {
        frame_payload(&f, "payload");
        put_tcp(&f, TCP_ACK, "\1\1\x08\x0a\1\2\3\4\5\6\7\x08", 12);
        put_ipv4(&f, 1, 6);
        assert_int_equal(decode_cut(LINK_RAW, &f, 40 + kept, frame_len(&f), &p), PACKET_DECODED);
        assert_int_equal(p.tcp.seq, SEQ);
        assert_int_equal(p.tcp.has_timestamp, kept == 12);
        assert_int_equal(p.payload.n, 0);
        assert_int_equal(p.payload_len, 7);
    }
    assert_int_equal(decode_cut(LINK_RAW, &f, 39, frame_len(&f), &p), PACKET_DROP_SHORT);
}

static void udp_length_is_believed_when_it_can_be(void **state)
{
    (void)state;
    static const struct {
        uint16_t field, payload_len;
    } cases[] = {{18, 10}, {17, 9}, {8, 0}, {7, 10}, {0, 10}, {19, 10}, {0xffff, 10}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        build_udp4(&f, "0123456789");
        frame_start(&f)[24] = (uint8_t)(cases[i].field >> 8);
        frame_start(&f)[25] = (uint8_t)cases[i].field;
        assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DECODED);
        assert_int_equal(p.kind, PACKET_UDP);
        assert_host(&p.src, "10.0.0.1", 5353);
        assert_host(&p.dst, "10.0.0.2", 53);
        assert_int_equal(p.payload_len, cases[i].payload_len);
        assert_int_equal(p.payload.n, cases[i].payload_len);
    }
}

/* An error from 10.0.0.9 or 2001:db8::9 about the IP packet in f, of which it quotes `quoted` bytes. */
static void put_icmp(bool v4, uint8_t type, uint8_t code, size_t quoted)
{
    static struct frame original;
    original = f;
    f.at = FRAME_MAX;
    put(&f, frame_start(&original), quoted);
    put_zeros(&f, 6);
    PUT(&f, type, code);
    if (v4)
        put_ipv4(&f, 9, 1);
    else
        put_ipv6(&f, 9, 58);
}

static void icmp_errors_quote_their_packet(void **state)
{
    (void)state;
    static const struct {
        bool v4, is_error;
        uint8_t type, code;
    } cases[] = {
        {true, true, 3, 0},     {true, true, 3, 1},     {true, true, 3, 3},   {true, true, 3, 4},
        {true, true, 3, 13},    {true, true, 11, 0},    {true, true, 11, 1},  {true, false, 0, 0},
        {true, false, 4, 0},    {true, false, 5, 0},    {true, false, 8, 0},  {true, false, 12, 0},
        {false, true, 1, 4},    {false, true, 2, 0},    {false, true, 3, 0},  {false, false, 4, 0},
        {false, false, 128, 0}, {false, false, 135, 0}, {false, false, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool v4 = cases[i].v4;
        if (v4)
            build_tcp4(&f, "");
        else
            build_tcp6(&f, "");
        put_icmp(v4, cases[i].type, cases[i].code, (v4 ? 20 : 40) + 8);
        enum packet_drop why = decode(LINK_RAW, &f, &p);
        assert_int_equal(why, cases[i].is_error ? PACKET_DECODED : PACKET_DROP_OTHER_TRANSPORT);
        if (!cases[i].is_error)
            continue;
        assert_int_equal(p.kind, PACKET_ICMP_ERROR);
        assert_host(&p.src, v4 ? "10.0.0.9" : "2001:db8::9", 0);
        assert_host(&p.dst, v4 ? "10.0.0.10" : "2001:db8::a", 0);
        assert_int_equal(p.icmp.type, cases[i].type);
        assert_int_equal(p.icmp.code, cases[i].code);
        assert_int_equal(p.icmp.quoted_kind, PACKET_TCP);
        assert_host(&p.icmp.quoted_src, v4 ? "10.0.0.1" : "2001:db8::1", SRC_PORT);
        assert_host(&p.icmp.quoted_dst, v4 ? "10.0.0.2" : "2001:db8::2", DST_PORT);
        assert_int_equal(p.icmp.quoted_seq, SEQ);
        assert_int_equal(p.icmp.quoted_flags, 0); /* behind what is quoted */
        assert_int_equal(p.payload_len, 0);
    }
}

static void icmp_errors_quote_udp(void **state)
{
    (void)state;
    build_udp4(&f, "query");
    put_icmp(true, 3, 3, frame_len(&f));
    assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DECODED);
    assert_int_equal(p.icmp.quoted_kind, PACKET_UDP);
    assert_host(&p.icmp.quoted_src, "10.0.0.1", 5353);
    assert_host(&p.icmp.quoted_dst, "10.0.0.2", 53);
    assert_int_equal(p.icmp.quoted_seq, 0);
    assert_int_equal(p.payload_len, 5);
    assert_int_equal(p.payload.n, 5);
    assert_memory_equal(p.payload.p, "query", 5);
    build_udp4(&f, "query");
    put_icmp(true, 3, 3, frame_len(&f) - 3);
    assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DECODED);
    assert_int_equal(p.payload_len, 5);
    assert_int_equal(p.payload.n, 2);
}

static void a_quote_may_have_extension_headers(void **state)
{
    (void)state;
    for (unsigned headers = 0; headers <= 12; headers++) {
        frame_payload(&f, "x");
        put_tcp(&f, TCP_SYN, "", 0);
        for (unsigned i = 0; i < headers; i++)
            PUT(&f, i == 0 ? 6 : 60, 0, 1, 4, 0, 0, 0, 0);
        put_ipv6(&f, 1, headers == 0 ? 6 : 60);
        put_icmp(false, 1, 4, frame_len(&f));
        enum packet_drop why = decode(LINK_RAW, &f, &p);
        assert_int_equal(why, headers <= 8 ? PACKET_DECODED : PACKET_DROP_OTHER_TRANSPORT);
        if (why != PACKET_DECODED)
            continue;
        assert_host(&p.icmp.quoted_src, "2001:db8::1", SRC_PORT);
        assert_int_equal(p.icmp.quoted_flags, TCP_SYN);
    }
}

static void quotes_that_name_no_connection(void **state)
{
    (void)state;
    build_tcp4(&f, "");
    put_icmp(true, 3, 1, 27); /* one byte short of eight */
    assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DROP_OTHER_TRANSPORT);
    build_tcp4(&f, "");
    frame_start(&f)[7] = 1; /* a later fragment */
    put_icmp(true, 3, 1, 40);
    assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DROP_OTHER_TRANSPORT);
    build_tcp4(&f, "");
    frame_start(&f)[9] = 47;
    put_icmp(true, 3, 1, 40);
    assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DROP_OTHER_TRANSPORT);
    build_tcp6(&f, "");
    put_icmp(true, 3, 1, 60); /* IPv6 in an ICMPv4 error */
    assert_int_equal(decode(LINK_RAW, &f, &p), PACKET_DROP_OTHER_TRANSPORT);
}

static void an_icmp_error_cut_at_every_byte(void **state)
{
    (void)state;
    for (int v4 = 0; v4 <= 1; v4++) {
        if (v4)
            build_tcp4(&f, "data");
        else
            build_tcp6(&f, "data");
        size_t needed = (v4 ? 20 + 8 + 20 : 40 + 8 + 40) + 8;
        put_icmp(v4, v4 ? 3 : 1, 0, frame_len(&f));
        for (size_t n = 0; n <= frame_len(&f); n++)
            assert_int_equal(decode_cut(LINK_RAW, &f, n, frame_len(&f), &p),
                             n < needed ? PACKET_DROP_SHORT : PACKET_DECODED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ethernet_padding_is_no_payload),
        cmocka_unit_test(a_cut_payload_keeps_its_length),
        cmocka_unit_test(length_zero_means_the_frame),
        cmocka_unit_test(a_length_beyond_the_frame_is_a_cut),
        cmocka_unit_test(ipv4_headers_that_make_no_sense),
        cmocka_unit_test(ipv4_options_are_stepped_over),
        cmocka_unit_test(ipv6_extension_headers_are_stepped_over),
        cmocka_unit_test(several_extension_headers_in_a_row),
        cmocka_unit_test(other_transports_are_named_so),
        cmocka_unit_test(tcp_options_are_read_with_tolerance),
        cmocka_unit_test(tcp_data_offset_must_fit),
        cmocka_unit_test(a_capture_cut_in_the_options_still_gives_the_segment),
        cmocka_unit_test(udp_length_is_believed_when_it_can_be),
        cmocka_unit_test(icmp_errors_quote_their_packet),
        cmocka_unit_test(icmp_errors_quote_udp),
        cmocka_unit_test(a_quote_may_have_extension_headers),
        cmocka_unit_test(quotes_that_name_no_connection),
        cmocka_unit_test(an_icmp_error_cut_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
