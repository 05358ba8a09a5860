#include "growth/kinds.h"

#include <string.h>

enum { CLIENT = 0x0a000001, SERVER = 0x0a010001, DEAD = 0x0a020001, RESOLVER = 0x0a000035, GATEWAY = 0xc0000201 };

static const char request[] = "GET /a HTTP/1.1\r\nHost: svc.local\r\nUser-Agent: Go-http-client/1.1\r\n"
                              "Accept-Encoding: gzip\r\n\r\n";
static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
static const struct answer at_server = {.addresses = 1, .address = {SERVER}};

/* ---- what the kinds are made of ---- */

/* The i-th connection of a client: its ports come round after 60,000. */
static struct talk talk_from(uint32_t client, uint32_t i, uint32_t server)
{
    return (struct talk){
        .ip = {client, server}, .port = {(uint16_t)(1024 + i % 60000), 80}, .seq = {i * 77777, 9000}};
}

static struct talk talk_of(uint32_t i)
{
    return talk_from(CLIENT, i, SERVER);
}

/* For connections that stay open: no two share a tuple. */
static struct talk talk_alone(uint32_t i)
{
    return talk_from(CLIENT + i / 60000, i, SERVER);
}

static void connect_to(struct wire *w, struct talk *t)
{
    wire_segment(w, t, UP, SYN, "", 0);
    wire_segment(w, t, DOWN, SYN | ACK, "", 0);
    wire_segment(w, t, UP, ACK, "", 0);
}

static void refuse(struct wire *w, struct talk *t)
{
    wire_segment(w, t, UP, SYN, "", 0);
    wire_segment(w, t, DOWN, RST | ACK, "", 0);
}

static void finish(struct wire *w, struct talk *t)
{
    wire_segment(w, t, UP, FIN | ACK, "", 0);
    wire_segment(w, t, DOWN, FIN | ACK, "", 0);
    wire_segment(w, t, UP, ACK, "", 0);
}

static void exchange(struct wire *w, struct talk *t)
{
    wire_text(w, t, UP, request);
    wire_text(w, t, DOWN, response);
}

static void fetch(struct wire *w, struct talk *t)
{
    connect_to(w, t);
    exchange(w, t);
    finish(w, t);
}

static struct talk resolver_of(uint32_t i)
{
    return (struct talk){.ip = {CLIENT, RESOLVER}, .port = {(uint16_t)(1024 + i % 60000), 53}};
}

static void look_up(struct wire *w, uint32_t i, const char *name, const struct answer *a)
{
    struct talk t = resolver_of(i);

    wire_query(w, &t, (uint16_t)(i * 7), name);
    if (a != NULL)
        wire_answer(w, &t, (uint16_t)(i * 7), name, a);
}

static const char *name_of(char name[static 64], uint32_t i)
{
    (void)snprintf(name, 64, "h%u.local", (unsigned)i);
    return name;
}

/* ---- connections ---- */

static void connections(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_of(i);
        fetch(w, &t);
    }
}

static void idle_connections(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_alone(i);
        connect_to(w, &t);
        exchange(w, &t);
    }
}

static void syns_unanswered(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_alone(i);
        wire_segment(w, &t, UP, SYN, "", 0);
    }
}

static void syns_refused(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_alone(i);
        refuse(w, &t);
    }
}

/* Each of the servers twice: what one has done, `summary` tells. */
static void servers_refusing(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_from(CLIENT, i, SERVER + i / 2);
        refuse(w, &t);
    }
}

static void servers_resetting(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_from(CLIENT, i, SERVER + i / 4);
        connect_to(w, &t);
        wire_text(w, &t, UP, request);
        wire_segment(w, &t, DOWN, RST | ACK, "", 0);
    }
}

static void one_tuple_anew(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_of(0);
        t.seq[UP] = i * 70000;
        wire_segment(w, &t, UP, SYN, "", 0);
    }
}

static void connections_reset(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_of(i);
        connect_to(w, &t);
        wire_text(w, &t, UP, request);
        wire_segment(w, &t, DOWN, RST | ACK, "", 0);
    }
}

static void unreachable(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_alone(i);
        wire_segment(w, &t, UP, SYN, "", 0);
        wire_unreachable(w, &t, PROTOCOL_TCP, HOST_UNREACHABLE);
    }
}

/* Each packet twice: of the client, and of the gateway that stands for all of them. */
static void behind_gateway(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        struct talk inside = talk_from(CLIENT + 1 + i % 500, i / 500, SERVER);
        struct talk outside = talk_from(GATEWAY, i, SERVER);
        memcpy(outside.seq, inside.seq, sizeof outside.seq);
        outside.seq[UP] = inside.seq[UP] = i * 99991;
        wire_segment(w, &inside, UP, SYN, "", 0);
        wire_segment(w, &outside, UP, SYN, "", 0);
        wire_segment(w, &outside, DOWN, SYN | ACK, "", 0);
        wire_segment(w, &inside, DOWN, SYN | ACK, "", 0);
        wire_text(w, &inside, UP, request);
        wire_text(w, &outside, UP, request);
        wire_text(w, &outside, DOWN, response);
        wire_text(w, &inside, DOWN, response);
        wire_segment(w, &outside, DOWN, RST | ACK, "", 0);
        wire_segment(w, &inside, DOWN, RST | ACK, "", 0);
    }
}

/* ---- lookups ---- */

static void lookup_refused(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_of(i);
        look_up(w, i, "svc.local", &at_server);
        refuse(w, &t);
        wire_wait(w, 100);
    }
}

static void lookup_reset(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_of(i);
        look_up(w, i, "svc.local", &at_server);
        connect_to(w, &t);
        wire_text(w, &t, UP, request);
        wire_segment(w, &t, DOWN, RST | ACK, "", 0);
        wire_wait(w, 100);
    }
}

static void lookup_connection(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_of(i);
        look_up(w, i, "svc.local", &at_server);
        fetch(w, &t);
    }
}

static void one_name_unanswered(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++)
        look_up(w, i, "svc.local", NULL);
}

static void one_name_answered(struct wire *w, uint32_t units)
{
    for (uint32_t i = 0; i < units; i++)
        look_up(w, i, "svc.local", &at_server);
}

/* What a resolver's search list makes of a short name, and then the connection. */
static void search_lists(struct wire *w, uint32_t units)
{
    static const struct answer nowhere = {.status = NXDOMAIN};

    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_of(i);
        look_up(w, 3 * i, "api.test.default.svc.cluster.local", &nowhere);
        look_up(w, 3 * i + 1, "api.test.svc.cluster.local", &nowhere);
        look_up(w, 3 * i + 2, "api.test", &at_server);
        fetch(w, &t);
    }
}

static void names_unanswered(struct wire *w, uint32_t units)
{
    char name[64];

    for (uint32_t i = 0; i < units; i++)
        look_up(w, i, name_of(name, i), NULL);
}

static void names_not_found(struct wire *w, uint32_t units)
{
    static const struct answer none = {.status = NXDOMAIN};
    char name[64];

    for (uint32_t i = 0; i < units; i++)
        look_up(w, i, name_of(name, i / 2), &none);
}

static void names_of_one_address(struct wire *w, uint32_t units)
{
    char name[64];

    for (uint32_t i = 0; i < units; i++)
        look_up(w, i, name_of(name, i), &at_server);
}

static void one_port_unanswered(struct wire *w, uint32_t units)
{
    struct talk t = resolver_of(4000);
    char name[64];

    for (uint32_t i = 0; i < units; i++)
        wire_query(w, &t, (uint16_t)i, name_of(name, i));
}

static void one_port_answered_late(struct wire *w, uint32_t units)
{
    enum { LATE = 2000 };
    struct talk t = resolver_of(4000);
    char name[64];

    for (uint32_t i = 0; i < units + LATE; i++) {
        if (i < units)
            wire_query(w, &t, (uint16_t)i, name_of(name, i));
        if (i >= LATE)
            wire_answer(w, &t, (uint16_t)(i - LATE), name_of(name, i - LATE), &at_server);
    }
}

static void aliases(struct wire *w, uint32_t units)
{
    const struct answer a = {.alias = "edge.cdn.test", .addresses = 1, .address = {SERVER}};
    char name[64];

    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_of(i);
        look_up(w, i, name_of(name, i % 100), &a);
        fetch(w, &t);
    }
}

/* A lookup names three dead addresses and a live one; the dead ones are tried first. */
static void dead_addresses(struct wire *w, uint32_t units)
{
    const struct answer a = {.addresses = 4, .address = {DEAD, DEAD + 1, DEAD + 2, SERVER}};

    for (uint32_t i = 0; i < units; i++) {
        look_up(w, i, "svc.local", &a);
        for (size_t dead = 0; dead < 3; dead++) {
            struct talk t = talk_from(CLIENT, i, a.address[dead]);
            refuse(w, &t);
        }
        struct talk t = talk_of(i);
        fetch(w, &t);
    }
}

/* One lookup for each 60 connections, each to an address of its own that refuses. */
static void many_addresses(struct wire *w, uint32_t units)
{
    struct answer a = {.addresses = 60};

    for (uint32_t i = 0; i < units; i++) {
        uint32_t nth = i % 60;
        if (nth == 0) {
            for (uint32_t k = 0; k < 60; k++)
                a.address[k] = DEAD + i + k;
            look_up(w, i, "svc.local", &a);
        }
        struct talk t = talk_from(CLIENT, i, a.address[nth]);
        refuse(w, &t);
    }
}

/* ---- HTTP/1.1 ---- */

static void pipeline_unanswered(struct wire *w, uint32_t units)
{
    struct talk t = talk_of(0);

    connect_to(w, &t);
    for (uint32_t i = 0; i < units; i++)
        wire_text(w, &t, UP, request);
}

static void requests_then_responses(struct wire *w, uint32_t units)
{
    struct talk t = talk_of(0);

    connect_to(w, &t);
    for (uint32_t i = 0; i < units; i++)
        wire_text(w, &t, UP, request);
    for (uint32_t i = 0; i < units; i++)
        wire_text(w, &t, DOWN, response);
}

static void requests_in_turn(struct wire *w, uint32_t units)
{
    struct talk t = talk_of(0);

    connect_to(w, &t);
    for (uint32_t i = 0; i < units; i++)
        exchange(w, &t);
}

static void interim_responses(struct wire *w, uint32_t units)
{
    struct talk t = talk_of(0);

    connect_to(w, &t);
    wire_text(w, &t, UP, request);
    for (uint32_t i = 0; i < units; i++)
        wire_text(w, &t, DOWN, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    wire_text(w, &t, DOWN, response);
}

static void redirects(struct wire *w, uint32_t units)
{
    char text[256];

    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_of(i);
        connect_to(w, &t);
        (void)snprintf(text, sizeof text,
                       "GET /%u HTTP/1.1\r\nHost: svc.local\r\nUser-Agent: Go-http-client/1.1\r\n\r\n", (unsigned)i);
        wire_text(w, &t, UP, text);
        (void)snprintf(text, sizeof text,
                       "HTTP/1.1 302 Found\r\nLocation: http://svc.local/%u\r\nContent-Length: 0\r\n\r\n",
                       (unsigned)i + 1);
        wire_text(w, &t, DOWN, text);
        finish(w, &t);
    }
}

static void one_trace_id(struct wire *w, uint32_t units)
{
    char text[256];

    for (uint32_t i = 0; i < units; i++) {
        struct talk t = talk_of(i);
        connect_to(w, &t);
        (void)snprintf(text, sizeof text,
                       "GET /a HTTP/1.1\r\nHost: svc.local\r\n"
                       "traceparent: 00-0af7651916cd43dd8448eb211c80319c-%016x-01\r\n\r\n",
                       (unsigned)i + 1);
        wire_text(w, &t, UP, text);
        wire_text(w, &t, DOWN, response);
        finish(w, &t);
    }
}

/* ---- HTTP/2 ---- */

static size_t put_frame(uint8_t *p, unsigned type, unsigned flags, uint32_t stream, const void *payload, size_t n)
{
    const uint8_t head[9] = {0,
                             (uint8_t)(n >> 8),
                             (uint8_t)n,
                             (uint8_t)type,
                             (uint8_t)flags,
                             (uint8_t)(stream >> 24),
                             (uint8_t)(stream >> 16),
                             (uint8_t)(stream >> 8),
                             (uint8_t)stream};

    memcpy(p, head, sizeof head);
    memcpy(p + sizeof head, payload, n);
    return sizeof head + n;
}

static void frame(struct wire *w, struct talk *t, int dir, unsigned type, uint32_t stream, const void *payload,
                  size_t n)
{
    enum { HEADERS = 1, END_STREAM_AND_HEADERS = 5 };
    uint8_t p[64];

    wire_segment(w, t, dir, PUSH | ACK, p,
                 put_frame(p, type, type == HEADERS ? END_STREAM_AND_HEADERS : 0, stream, payload, n));
}

static struct talk http2_begin(struct wire *w)
{
    struct talk t = talk_of(0);

    connect_to(w, &t);
    wire_text(w, &t, UP, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    frame(w, &t, UP, 4, 0, "", 0);
    frame(w, &t, DOWN, 4, 0, "", 0);
    return t;
}

/* GET http://x/ as HPACK's static table has it. */
static void http2_ask(struct wire *w, struct talk *t, uint32_t i)
{
    frame(w, t, UP, 1, 1 + 2 * i, "\x82\x86\x84\x41\x01x", 6);
}

static void http2_streams_open(struct wire *w, uint32_t units)
{
    struct talk t = http2_begin(w);

    for (uint32_t i = 0; i < units; i++)
        http2_ask(w, &t, i);
}

static void http2_exchanges(struct wire *w, uint32_t units)
{
    struct talk t = http2_begin(w);

    for (uint32_t i = 0; i < units; i++) {
        http2_ask(w, &t, i);
        frame(w, &t, DOWN, 1, 1 + 2 * i, "\x88", 1);
    }
}

static void http2_streams_reset(struct wire *w, uint32_t units)
{
    struct talk t = http2_begin(w);

    for (uint32_t i = 0; i < units; i++) {
        http2_ask(w, &t, i);
        frame(w, &t, UP, 3, 1 + 2 * i, "\0\0\0\x08", 4);
    }
}

/* ---- segments ---- */

static void segments_backwards(struct wire *w, uint32_t units)
{
    struct talk t = talk_of(0);

    connect_to(w, &t);
    wire_text(w, &t, UP, "P");
    for (uint32_t i = units; i > 0; i--)
        wire_ahead(w, &t, UP, 10 * i, "abcdefghij", 10);
}

static void segments_with_holes(struct wire *w, uint32_t units)
{
    struct talk t = talk_of(0);

    connect_to(w, &t);
    wire_text(w, &t, UP, "P");
    for (uint32_t i = 0; i < units; i++)
        wire_ahead(w, &t, UP, 10 + 20 * i, "abcdefghij", 10);
}

static void retransmissions(struct wire *w, uint32_t units)
{
    struct talk t = talk_of(0);

    connect_to(w, &t);
    wire_text(w, &t, UP, request);
    for (uint32_t i = 0; i < units; i++)
        wire_ahead(w, &t, UP, 0u - (uint32_t)strlen(request), request, strlen(request));
    wire_text(w, &t, DOWN, response);
}

const struct growth_kind growth_kinds[] = {
    {"connections", connections},
    {"idle-connections", idle_connections},
    {"syns-unanswered", syns_unanswered},
    {"syns-refused", syns_refused},
    {"servers-refusing", servers_refusing},
    {"servers-resetting", servers_resetting},
    {"one-tuple-anew", one_tuple_anew},
    {"connections-reset", connections_reset},
    {"unreachable", unreachable},
    {"behind-gateway", behind_gateway},
    {"lookup-refused", lookup_refused},
    {"lookup-reset", lookup_reset},
    {"lookup-connection", lookup_connection},
    {"one-name-unanswered", one_name_unanswered},
    {"one-name-answered", one_name_answered},
    {"search-lists", search_lists},
    {"names-unanswered", names_unanswered},
    {"names-not-found", names_not_found},
    {"names-of-one-address", names_of_one_address},
    {"one-port-unanswered", one_port_unanswered},
    {"one-port-answered-late", one_port_answered_late},
    {"aliases", aliases},
    {"dead-addresses", dead_addresses},
    {"many-addresses", many_addresses},
    {"pipeline-unanswered", pipeline_unanswered},
    {"requests-then-responses", requests_then_responses},
    {"requests-in-turn", requests_in_turn},
    {"interim-responses", interim_responses},
    {"redirects", redirects},
    {"one-trace-id", one_trace_id},
    {"http2-streams-open", http2_streams_open},
    {"http2-exchanges", http2_exchanges},
    {"http2-streams-reset", http2_streams_reset},
    {"segments-backwards", segments_backwards},
    {"segments-with-holes", segments_with_holes},
    {"retransmissions", retransmissions},
};
const size_t growth_kind_count = sizeof growth_kinds / sizeof *growth_kinds;
