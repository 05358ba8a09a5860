#include <stdlib.h>

#include "support/cmocka_all.h"

#include "base/buf.h"
#include "proto/dns/dns.h"

static struct dns_message m;

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__})

/* Decodes a copy of exactly its length, so that a sanitizer sees a read too far. */
static enum read_status decode_of(const void *p, size_t n, size_t wire)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    assert_non_null(copy);
    memcpy(copy, p, n);
    enum read_status status = dns_decode(slice_of(copy, n), (uint32_t)wire, &m);
    assert_int_equal(status, m.status);
    free(copy);
    return status;
}

#define DECODE(array) decode_of(array, sizeof array, sizeof array)

static void assert_text(struct dns_span span, const char *text)
{
    struct slice s = dns_text(&m, span);
    assert_int_equal(s.n, strlen(text));
    assert_memory_equal(s.p, text, s.n);
}

static void assert_addr(const struct ip_addr *addr, const char *text)
{
    char out[IP_TEXT_MAX];
    ip_format(addr, out);
    assert_string_equal(out, text);
}

/* A query as glibc's resolver sends it. */
static const uint8_t query[] = {
    0x12, 0x34, 0x01, 0x00, 0, 1,   0,   0,   0,   0,   0,   0,                        /* header */
    3,    'w',  'w',  'w',  7, 'E', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'c', 'o', 'm', 0, /* name */
    0,    1,    0,    1                                                                /* A IN */
};

/* Its answer: a chain of two names, an address of each family. */
/* clang-format off */
static const uint8_t answer[] = {
    0x12, 0x34, 0x81, 0x80, 0, 1, 0, 4, 0, 0, 0, 1,                              /* header */
    3, 'w', 'w', 'w', 7, 'E', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'c', 'o', 'm', 0, /* 12: name */
    0, 1, 0, 1,                                                                  /* A IN */
    0xc0, 12, 0, 5, 0, 1, 0, 0, 1, 44, 0, 7, 4, 'e', 'd', 'g', 'e', 0xc0, 16,    /* 33: CNAME, its name at 45 */
    0xc0, 45, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, 'x', 0xc0, 45,                   /* 52: CNAME, its name at 64 */
    0xc0, 64, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 192, 0, 2, 7,                       /* 68: A */
    0xc0, 64, 0, 28, 0, 1, 0, 0, 0, 31, 0, 16,                                   /* 84: AAAA */
    0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9,
    0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0                                       /* 112: OPT */
};
/* clang-format on */

static void a_query_is_read(void **state)
{
    (void)state;
    assert_int_equal(DECODE(query), READ_OK);
    assert_true(m.has_header && m.has_question);
    assert_int_equal(m.id, 0x1234);
    assert_false(m.is_response || m.aa || m.tc || m.ra || m.z || m.ad || m.cd || m.has_opt);
    assert_true(m.rd);
    assert_int_equal(m.question_count, 1);
    assert_string_equal(m.qname, "www.Example.com");
    assert_int_equal(m.qname_len, 15);
    assert_int_equal(m.qtype, DNS_A);
    assert_int_equal(m.qclass, 1);
    assert_int_equal(m.answers, 0);
    assert_int_equal(m.min_ttl, 0);
    assert_int_equal(m.trailing_bytes, 0);
}

static void an_answer_with_a_chain_is_read(void **state)
{
    (void)state;
    assert_int_equal(DECODE(answer), READ_OK);
    assert_true(m.is_response && m.rd && m.ra && m.has_opt);
    assert_int_equal(m.opt_udp_size, 1232);
    assert_int_equal(m.rcode, DNS_NOERROR);
    assert_int_equal(m.answers, 4);
    assert_int_equal(m.answers_dropped, 0);
    assert_int_equal(m.min_ttl, 30);
    assert_int_equal(m.answer[0].type, DNS_CNAME);
    assert_text(m.answer[0].owner, "www.Example.com");
    assert_text(m.answer[0].target, "edge.Example.com");
    assert_int_equal(m.answer[0].ttl, 300);
    assert_text(m.answer[1].owner, "edge.Example.com");
    assert_text(m.answer[1].target, "x.edge.Example.com");
    assert_text(m.answer[2].owner, "x.edge.Example.com");
    assert_addr(&m.answer[2].addr, "192.0.2.7");
    assert_int_equal(m.answer[2].target.len, 0);
    assert_text(m.answer[3].owner, "x.edge.Example.com");
    assert_addr(&m.answer[3].addr, "2001:db8::9");
    assert_int_equal(m.answer[1].addr.family, 0);
}

static void a_copy_of_a_message_keeps_its_names(void **state)
{
    (void)state;
    static struct dns_message copy;
    assert_int_equal(DECODE(answer), READ_OK);
    copy = m;
    memset(&m, 0xee, sizeof m);
    struct slice target = dns_text(&copy, copy.answer[1].target);
    assert_int_equal(target.n, strlen("x.edge.Example.com"));
    assert_memory_equal(target.p, "x.edge.Example.com", target.n);
}

/* What a cut leaves: the header from 12 bytes on, the question from 33, and answers one by one. */
static void a_cut_answer_keeps_what_was_there(void **state)
{
    (void)state;
    static const size_t answer_ends[] = {52, 68, 84, 112};
    for (size_t n = 0; n <= sizeof answer; n++) {
        bool whole = n == sizeof answer;
        assert_int_equal(decode_of(answer, n, sizeof answer), whole ? READ_OK : READ_SHORT);
        assert_int_equal(m.has_header, n >= 12);
        assert_int_equal(m.id, n >= 12 ? 0x1234 : 0);
        assert_int_equal(m.has_question, n >= 33);
        if (m.has_question)
            assert_string_equal(m.qname, "www.Example.com");
        unsigned answers = 0;
        while (answers < 4 && n >= answer_ends[answers])
            answers++;
        assert_int_equal(m.answers, answers);
        assert_int_equal(m.has_opt, whole);
        /* The same bytes as all there ever was. */
        assert_int_equal(decode_of(answer, n, n), whole ? READ_OK : READ_BAD);
        assert_int_equal(m.answers, answers);
    }
}

static void header_bits_stand_apart(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 16; bit++) {
        uint8_t header[12] = {0};
        header[2] = (uint8_t)(1u << bit >> 8);
        header[3] = (uint8_t)(1u << bit);
        assert_int_equal(DECODE(header), READ_OK);
        assert_int_equal(m.is_response, bit == 15);
        assert_int_equal(m.opcode, bit >= 11 && bit <= 14 ? 1 << (bit - 11) : 0);
        assert_int_equal(m.aa, bit == 10);
        assert_int_equal(m.tc, bit == 9);
        assert_int_equal(m.rd, bit == 8);
        assert_int_equal(m.ra, bit == 7);
        assert_int_equal(m.z, bit == 6);
        assert_int_equal(m.ad, bit == 5);
        assert_int_equal(m.cd, bit == 4);
        assert_int_equal(m.rcode, bit <= 3 ? 1 << bit : 0);
    }
}

/* Names to be tried as a question of their own, at offset 12. */
static enum read_status decode_name(const void *name, size_t n)
{
    struct buf b = {0};
    buf_lit(&b, "\0\1\0\0\0\1\0\0\0\0\0\0");
    buf_put(&b, name, n);
    buf_lit(&b, "\0\1\0\1");
    enum read_status status = decode_of(b.p, b.n, b.n);
    buf_fini(&b);
    return status;
}

static void names_are_escaped_as_rfc_4343_says(void **state)
{
    (void)state;
    assert_int_equal(decode_name("\0", 1), READ_OK);
    assert_string_equal(m.qname, ".");
    assert_int_equal(decode_name("\3a.b\2\\c\3x y\2\0\xff\0", 15), READ_OK);
    assert_string_equal(m.qname, "a\\.b.\\\\c.x\\032y.\\000\\255");
    assert_int_equal(decode_name("\3!~\x7f\0", 5), READ_OK);
    assert_string_equal(m.qname, "!~\\127");
    assert_int_equal(decode_name("\1.\1.\0", 5), READ_OK);
    assert_string_equal(m.qname, "\\..\\.");
}

static void names_have_255_bytes_at_most(void **state)
{
    (void)state;
    uint8_t name[300];
    /* Three labels of 63, a last one that makes the name 254 to 256 bytes. */
    for (unsigned last = 60; last <= 62; last++) {
        size_t n = 0;
        for (unsigned i = 0; i < 4; i++) {
            unsigned len = i < 3 ? 63 : last;
            name[n++] = (uint8_t)len;
            memset(name + n, 0xff, len);
            n += len;
        }
        name[n++] = 0;
        assert_int_equal(decode_name(name, n), n <= 255 ? READ_OK : READ_BAD);
        assert_int_equal(m.has_question, n <= 255);
        if (n <= 255)
            assert_int_equal(m.qname_len, (189 + last) * 4 + 3);
    }
    /* 127 labels of one byte. */
    for (unsigned labels = 126; labels <= 128; labels++) {
        size_t n = 0;
        for (unsigned i = 0; i < labels; i++) {
            name[n++] = 1;
            name[n++] = 'a';
        }
        name[n++] = 0;
        assert_int_equal(decode_name(name, n), labels <= 127 ? READ_OK : READ_BAD);
    }
}

static void labels_and_pointers_that_make_no_sense(void **state)
{
    (void)state;
    static const struct {
        const char *what, *name;
        size_t n;
    } cases[] = {
        {"pointer to itself", "\xc0\x0c", 2},
        {"pointer to the start of its own name", "\1a\xc0\x0c", 4},
        {"pointer forward", "\xc0\x12\0", 3},
        {"pointer beyond the message", "\xff\xff", 2},
        {"label type 01", "\x41\1", 2},
        {"label type 10", "\x80\1", 2},
        {"label beyond the message", "\x3f\1", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].what);
        assert_int_equal(decode_name(cases[i].name, cases[i].n), READ_BAD);
        assert_true(m.has_header);
        assert_false(m.has_question);
    }
    /* Into the header, which is before it: odd, and a name all the same ("\0" of the id). */
    assert_int_equal(decode_name("\xc0\0", 2), READ_OK);
    assert_string_equal(m.qname, ".");
}

/* Each name points to the one before: longer with every question, until 255 bytes are too few. */
static void chains_of_pointers_end(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_lit(&b, "\0\1\0\0\1\0\0\0\0\0\0\0");
    size_t before = 0;
    for (unsigned i = 0; i < 256; i++) {
        size_t at = b.n;
        buf_lit(&b, "\1a");
        if (i == 0)
            buf_lit(&b, "\0");
        else
            buf_put(&b, BYTES((uint8_t)(0xc0 | before >> 8), (uint8_t)before), 2);
        buf_lit(&b, "\0\1\0\1");
        before = at;
    }
    assert_int_equal(decode_of(b.p, b.n, b.n), READ_BAD);
    assert_string_equal(m.qname, "a");
    buf_fini(&b);
}

static void a_name_in_data_cannot_leave_it(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0,    1,  0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0, 1, 'a', 0, 0, 5, 0, 1, /* a CNAME */
                                    0xc0, 12, 0,    5,    0, 1, 0, 0, 0, 9, 0, 2, 3, 'b', /* 'b' and then? */
                                    0xc0, 12, 0,    1,    0, 1, 0, 0, 0, 9, 0, 4, 1, 2,   3, 4};
    assert_int_equal(DECODE(bytes), READ_BAD);
    /* Its length led on to the next record. */
    assert_int_equal(m.answers, 1);
    assert_addr(&m.answer[0].addr, "1.2.3.4");
}

static void data_of_the_wrong_length_is_bad(void **state)
{
    (void)state;
    static const struct {
        uint8_t type, len;
        enum read_status status;
    } cases[] = {{1, 4, READ_OK},   {1, 3, READ_BAD},  {1, 5, READ_BAD}, {28, 16, READ_OK}, {28, 15, READ_BAD},
                 {28, 4, READ_BAD}, {5, 0, READ_BAD},  {5, 1, READ_OK},  {5, 2, READ_BAD},  {33, 6, READ_BAD},
                 {33, 7, READ_OK},  {65, 2, READ_BAD}, {65, 3, READ_OK}, {65, 4, READ_BAD}, {16, 0, READ_OK},
                 {16, 9, READ_OK},  {64, 7, READ_OK},  {64, 5, READ_BAD}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[12 + 5 + 11 + 20] = {0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1};
        bytes[17 + 2] = cases[i].type;
        bytes[17 + 4] = 1;
        bytes[17 + 10] = cases[i].len;
        print_message("type %u, %u bytes\n", cases[i].type, cases[i].len);
        assert_int_equal(decode_of(bytes, 28u + cases[i].len, 28u + cases[i].len), cases[i].status);
        assert_int_equal(m.answers, cases[i].status == READ_OK);
        assert_true(m.has_question);
    }
}

static void counts_that_lie_end_with_the_bytes(void **state)
{
    (void)state;
    uint8_t bytes[sizeof answer];
    for (size_t field = 4; field < 12; field += 2) {
        memcpy(bytes, answer, sizeof bytes);
        bytes[field] = bytes[field + 1] = 0xff;
        assert_int_equal(DECODE(bytes), READ_BAD);
        assert_true(m.has_question);
        assert_string_equal(m.qname, "www.Example.com");
    }
    memset(bytes + 4, 0xff, 8);
    assert_int_equal(decode_of(bytes, 12, 12), READ_BAD);
    assert_int_equal(m.answer_count, 0xffff);
    assert_int_equal(m.answers, 0);
    /* Counts too low leave bytes behind. */
    memcpy(bytes, answer, sizeof bytes);
    bytes[7] = 0;
    bytes[11] = 0;
    assert_int_equal(DECODE(bytes), READ_OK);
    assert_int_equal(m.trailing_bytes, sizeof bytes - 33);
}

static void edns_extends_the_rcode(void **state)
{
    (void)state;
    static const uint8_t badvers[] = {0, 1, 0x80, 0,    0, 0, 0, 0, 0, 0, 0, 1, /* NOERROR, says the header */
                                      0, 0, 41,   0x10, 0, 1, 0, 0, 0, 0, 0};   /* upper eight bits: 1 */
    static const uint8_t badcookie[] = {0, 1,  0x80, 7, 0, 0, 0,    0, 0, 0, 0, 1, 0,
                                        0, 41, 2,    0, 1, 0, 0x80, 0, 0, 2, 9, 9};
    static const uint8_t two[] = {0, 1, 0x80, 0, 0, 0, 0, 0, 0,  0, 0, 2, 0, 0, 41, 2, 0,
                                  0, 0, 0,    0, 0, 0, 0, 0, 41, 4, 0, 1, 0, 0, 0,  0, 0};
    assert_int_equal(DECODE(badvers), READ_OK);
    assert_int_equal(m.rcode, 16);
    assert_int_equal(m.opt_udp_size, 4096);
    assert_int_equal(DECODE(badcookie), READ_OK);
    assert_int_equal(m.rcode, 23);
    assert_int_equal(DECODE(two), READ_BAD);
    assert_int_equal(m.opt_udp_size, 512);
    assert_int_equal(m.rcode, 0);
}

static void nodata_comes_with_an_soa(void **state)
{
    (void)state;
    static const uint8_t nodata[] = {0,    1,  0x81, 0x80, 0, 1, 0, 0, 0, 1,    0, 0,  1,    'a', 0,    0,  28, 0, 1,
                                     0xc0, 12, 0,    6,    0, 1, 0, 0, 3, 0x84, 0, 24, 0xc0, 12,  0xc0, 12, 0,  0, 0,
                                     1,    0,  0,    0,    2, 0, 0, 0, 3, 0,    0, 0,  4,    0,   0,    0,  5};
    uint8_t nxdomain[sizeof nodata];
    assert_int_equal(DECODE(nodata), READ_OK);
    assert_true(m.soa_in_authority);
    assert_int_equal(m.answers, 0);
    assert_int_equal(m.rcode, DNS_NOERROR);
    memcpy(nxdomain, nodata, sizeof nodata);
    nxdomain[3] |= DNS_NXDOMAIN;
    assert_int_equal(DECODE(nxdomain), READ_OK);
    assert_int_equal(m.rcode, DNS_NXDOMAIN);
    nxdomain[22] = DNS_NS;
    nxdomain[30] = 2;
    assert_int_equal(decode_of(nxdomain, 33, 33), READ_OK);
    assert_false(m.soa_in_authority);
}

static void https_and_srv_name_their_server(void **state)
{
    (void)state;
    static const uint8_t https[] = {0,    1,  0x81, 0x80, 0,    1,    0,   2, 0,   0,   0, 0,  1, 'a', 0, 0,   65,
                                    0,    1,  0xc0, 12,   0,    65,   0,   1, 0,   0,   0, 60, 0, 29,  0, 1,   0,
                                    0,    1,  0,    6,    2,    'h',  '3', 2, 'h', '2', /* alpn */
                                    0,    3,  0,    2,    0x20, 0xfb,                   /* port 8443 */
                                    0,    4,  0,    6,    192,  0,    2,   1, 0,   0,   /* a hint */
                                    0xc0, 12, 0,    65,   0,    1,    0,   0, 0,   60,  0, 5,  0, 0,   1, 'b', 0};
    static const uint8_t srv[] = {0,   1,  0x81, 0x80, 0, 1,  0,    1,  0,    0,    0, 0,   2,    '_',
                                  'h', 0,  0,    33,   0, 1,  0xc0, 12, 0,    33,   0, 1,   0,    0,
                                  0,   60, 0,    10,   0, 10, 0,    20, 0x1f, 0x90, 1, 's', 0xc0, 12};
    assert_int_equal(DECODE(https), READ_OK);
    assert_int_equal(m.answers, 2);
    assert_int_equal(m.answer[0].priority, 1);
    assert_text(m.answer[0].target, ".");
    assert_text(m.answer[0].alpn, "\2h3\2h2");
    assert_int_equal(m.answer[0].port, 8443);
    assert_int_equal(m.answer[1].priority, 0);
    assert_text(m.answer[1].target, "b");
    assert_int_equal(m.answer[1].alpn.len, 0);
    assert_int_equal(DECODE(srv), READ_OK);
    assert_int_equal(m.answer[0].priority, 10);
    assert_int_equal(m.answer[0].weight, 20);
    assert_int_equal(m.answer[0].port, 8080);
    assert_text(m.answer[0].target, "s._h");
}

static void answers_beyond_the_room_are_counted(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_lit(&b, "\0\1\x81\x80\0\1\0\x46\0\0\0\0\1a\0\0\1\0\1");
    for (unsigned i = 0; i < 70; i++)
        buf_put(&b, BYTES(0xc0, 12, 0, 1, 0, 1, 0, 0, 0, (uint8_t)(200 - i), 0, 4, 10, 0, 0, (uint8_t)i), 16);
    assert_int_equal(decode_of(b.p, b.n, b.n), READ_OK);
    assert_int_equal(m.answers, DNS_ANSWERS_MAX);
    assert_int_equal(m.answers_dropped, 70 - DNS_ANSWERS_MAX);
    assert_addr(&m.answer[63].addr, "10.0.0.63");
    assert_text(m.answer[63].owner, "a");
    assert_int_equal(m.min_ttl, 200 - 69);
    buf_fini(&b);
}

/* Names of a thousand characters fill the text; the answers after them still count, and short ones still fit. */
static void names_beyond_the_room_are_counted(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_lit(&b, "\0\1\x81\x80\0\1\0\7\0\0\0\0\1a\0\0\5\0\1");
    for (unsigned i = 0; i < 6; i++) {
        buf_put(&b, BYTES(0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 255), 12);
        for (unsigned label = 0; label < 4; label++) {
            uint8_t len = label < 3 ? 63 : 61;
            uint8_t bytes[64];
            memset(bytes, 0x80 + (int)i, sizeof bytes);
            bytes[0] = len;
            buf_put(&b, bytes, len + 1u);
        }
        buf_lit(&b, "\0");
    }
    buf_put(&b, BYTES(0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4), 16);
    assert_int_equal(decode_of(b.p, b.n, b.n), READ_OK);
    assert_int_equal(m.answers, 5);
    assert_int_equal(m.answers_dropped, 2);
    assert_int_equal(m.answer[3].target.len, 1003);
    assert_addr(&m.answer[4].addr, "1.2.3.4");
    buf_fini(&b);
}

static bool plausible(const void *p, size_t n)
{
    return dns_plausible(slice_of(p, n));
}

static void real_messages_are_plausible(void **state)
{
    (void)state;
    static const uint8_t capitals[] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'A', 'B', 'C', 1, 'P', 0, 0, 1, 0, 1};
    assert_true(plausible(capitals, sizeof capitals));
    assert_true(plausible(query, sizeof query));
    assert_true(plausible(answer, sizeof answer));
    assert_true(dns_plausible_on_port(slice_of(query, sizeof query), sizeof query));
    assert_true(dns_plausible_on_port(slice_of(answer, sizeof answer), sizeof answer));
    for (size_t n = 0; n < sizeof answer; n++)
        assert_false(plausible(answer, n));
    for (size_t n = 12; n < sizeof answer; n++)
        assert_true(dns_plausible_on_port(slice_of(answer, n), sizeof answer));
}

static void one_wrong_byte_makes_a_query_implausible(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
        const char *what;
    } cases[] = {
        {2, 0x09, "opcode"},     {3, 0x40, "Z bit"},      {3, 0x80, "RA"},         {2, 0x05, "AA"},
        {2, 0x03, "TC"},         {3, 0x01, "rcode"},      {5, 0, "no question"},   {5, 2, "two questions"},
        {7, 1, "an answer"},     {9, 1, "an authority"},  {11, 1, "no OPT there"}, {12, 2, "label cut short"},
        {13, 0x80, "name byte"}, {14, ' ', "name space"}, {29, 0xff, "type"},      {30, 0, "type 0"},
        {31, 7, "class"},        {32, 0, "class 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[sizeof query];
        memcpy(bytes, query, sizeof bytes);
        bytes[cases[i].at] = cases[i].value;
        print_message("%s\n", cases[i].what);
        assert_false(plausible(bytes, sizeof bytes));
    }
    uint8_t longer[sizeof query + 1] = {0};
    memcpy(longer, query, sizeof query);
    assert_false(plausible(longer, sizeof longer));
}

/* A generator with a fixed seed: random bytes hardly ever look like DNS, even behind a good header. */
static void random_bytes_are_implausible(void **state)
{
    (void)state;
    uint64_t x = 0x9e3779b97f4a7c15u;
    unsigned hits = 0, port_hits = 0;
    for (unsigned round = 0; round < 200000; round++) {
        uint8_t bytes[64];
        for (size_t i = 0; i < sizeof bytes; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            bytes[i] = (uint8_t)(x >> 32);
        }
        port_hits += dns_plausible_on_port(slice_of(bytes, sizeof bytes), sizeof bytes);
        if (round % 2 == 0)
            memcpy(bytes + 2, query + 2, 10);
        hits += plausible(bytes, sizeof bytes);
    }
    assert_int_equal(hits, 0);
    assert_true(port_hits < 200);
}

static void other_protocols_are_implausible_on_any_port(void **state)
{
    (void)state;
    static const uint8_t ntp[48] = {0x23, 0, 6, 0xe9};
    static const uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    static const uint8_t rtp[32] = {0x80, 0x60, 0, 1};
    static const uint8_t quic[64] = {0xc3, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8};
    static const uint8_t zeros[64] = {0};
    static const uint8_t netbios[] = {0,   1,   1,   0x10, 0,   1,   0,   0,   0,   0,   0,   0,   32,
                                      'E', 'J', 'F', 'D',  'E', 'B', 'F', 'E', 'E', 'B', 'F', 'A', 'C',
                                      'A', 'C', 'A', 'C',  'A', 'C', 'A', 'C', 'A', 'C', 'A', 'C', 'A',
                                      'C', 'A', 'C', 'A',  'A', 'A', 0,   0,   33,  0,   1};
    static const char http[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_false(plausible(ntp, sizeof ntp));
    assert_false(plausible(stun, sizeof stun));
    assert_false(plausible(rtp, sizeof rtp));
    assert_false(plausible(quic, sizeof quic));
    assert_false(plausible(zeros, sizeof zeros));
    assert_false(plausible(netbios, sizeof netbios));
    assert_false(plausible(http, sizeof http - 1));
    assert_false(dns_plausible_on_port(slice_of(zeros, sizeof zeros), sizeof zeros));
    assert_false(dns_plausible_on_port(slice_of(http, sizeof http - 1), sizeof http - 1));
    assert_false(dns_plausible_on_port(slice_of(zeros, 11), 11));
}

static void odd_messages_pass_on_the_port_only(void **state)
{
    (void)state;
    static const uint8_t formerr[] = {0, 1, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t odd_name[] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, ' ', 0xff, 0, 0, 1, 0, 1};
    static const uint8_t mdns[] = {0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 'p', 0,
                                   0, 1, 0x80, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4};
    assert_false(plausible(formerr, sizeof formerr));
    assert_true(dns_plausible_on_port(slice_of(formerr, sizeof formerr), sizeof formerr));
    assert_false(plausible(odd_name, sizeof odd_name));
    assert_true(dns_plausible_on_port(slice_of(odd_name, sizeof odd_name), sizeof odd_name));
    assert_true(dns_plausible_on_port(slice_of(mdns, sizeof mdns), sizeof mdns));
    assert_int_equal(DECODE(mdns), READ_OK);
    assert_addr(&m.answer[0].addr, "1.2.3.4");
    assert_int_equal(m.answer[0].class, 0x8001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_read),
        cmocka_unit_test(an_answer_with_a_chain_is_read),
        cmocka_unit_test(a_copy_of_a_message_keeps_its_names),
        cmocka_unit_test(a_cut_answer_keeps_what_was_there),
        cmocka_unit_test(header_bits_stand_apart),
        cmocka_unit_test(names_are_escaped_as_rfc_4343_says),
        cmocka_unit_test(names_have_255_bytes_at_most),
        cmocka_unit_test(labels_and_pointers_that_make_no_sense),
        cmocka_unit_test(chains_of_pointers_end),
        cmocka_unit_test(a_name_in_data_cannot_leave_it),
        cmocka_unit_test(data_of_the_wrong_length_is_bad),
        cmocka_unit_test(counts_that_lie_end_with_the_bytes),
        cmocka_unit_test(edns_extends_the_rcode),
        cmocka_unit_test(nodata_comes_with_an_soa),
        cmocka_unit_test(https_and_srv_name_their_server),
        cmocka_unit_test(answers_beyond_the_room_are_counted),
        cmocka_unit_test(names_beyond_the_room_are_counted),
        cmocka_unit_test(real_messages_are_plausible),
        cmocka_unit_test(one_wrong_byte_makes_a_query_implausible),
        cmocka_unit_test(random_bytes_are_implausible),
        cmocka_unit_test(other_protocols_are_implausible_on_any_port),
        cmocka_unit_test(odd_messages_pass_on_the_port_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
