#include "bench_capture.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_talk.h"

enum {
    CONNECTIONS = 200,
    REAL_TALKS = 4000,
    EXCHANGES_PER_CONNECTION = 500,
    MSS = 1448,
    HEADERS = 14 + 20 + 20 + 12
};

struct conn {
    uint32_t seq[2], ack_due;
    uint16_t port;
    uint32_t exchanges;
    uint32_t client;
};

/* A conversation of OpenSSL's client and server, from the fuzz target's seeds. */
enum { TALK_BYTES = 8192 };

struct talk {
    uint8_t bytes[TALK_BYTES];
    size_t n;
};

struct maker {
    FILE *f;
    uint64_t ts_us;
    uint16_t ip_id;
    uint32_t next_client;
    struct bench_size size;
    struct conn conns[CONNECTIONS];
    struct talk talks[2];
    struct bench_talk *real;
};

static void put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

static void write_or_die(FILE *f, const void *p, size_t n)
{
    if (fwrite(p, 1, n, f) != n) {
        perror("bench: cannot write the capture");
        exit(1);
    }
}

static void put_headers(struct maker *m, const struct conn *c, int dir, unsigned flags, size_t payload, uint8_t *p)
{
    uint32_t ip[2] = {0x0a000000u + c->client, 0x0a800001};
    uint16_t port[2] = {c->port, 8080};

    memset(p, 0, HEADERS);
    p[5] = 1;
    p[11] = 2;
    put16(p + 12, 0x0800);
    p[14] = 0x45;
    put16(p + 16, (unsigned)(HEADERS - 14 + payload));
    put16(p + 18, ++m->ip_id);
    p[22] = 64;
    p[23] = 6;
    put32(p + 26, ip[dir]);
    put32(p + 30, ip[!dir]);
    put16(p + 34, port[dir]);
    put16(p + 36, port[!dir]);
    put32(p + 38, c->seq[dir]);
    put32(p + 42, c->seq[!dir]);
    p[46] = 8 << 4;
    p[47] = (uint8_t)flags;
    put16(p + 48, 65535);
    p[54] = p[55] = 1;
    p[56] = 8;
    p[57] = 10;
    put32(p + 58, (uint32_t)(m->ts_us / 1000));
}

static void packet(struct maker *m, struct conn *c, int dir, unsigned flags, const char *payload, size_t n)
{
    uint8_t bytes[16 + HEADERS];
    uint32_t record[4] = {(uint32_t)(m->ts_us / 1000000), (uint32_t)(m->ts_us % 1000000), (uint32_t)(HEADERS + n),
                          (uint32_t)(HEADERS + n)};

    memcpy(bytes, record, sizeof record);
    put_headers(m, c, dir, flags, n, bytes + 16);
    write_or_die(m->f, bytes, sizeof bytes);
    write_or_die(m->f, payload, n);
    c->seq[dir] += (uint32_t)n + ((flags & 3) != 0);
    m->ts_us += 7;
    m->size.packets++;
    m->size.bytes += sizeof bytes + n;
}

static void open_connection(struct maker *m, struct conn *c)
{
    uint32_t n = m->next_client++;

    *c = (struct conn){
        .seq = {n * 2654435761u, ~n * 40503u}, .port = (uint16_t)(1024 + n % 60000), .client = 2 + n % 250};
    packet(m, c, 0, 0x02, "", 0);
    packet(m, c, 1, 0x12, "", 0);
    packet(m, c, 0, 0x10, "", 0);
}

static void close_connection(struct maker *m, struct conn *c)
{
    packet(m, c, 0, 0x11, "", 0);
    packet(m, c, 1, 0x11, "", 0);
    packet(m, c, 0, 0x10, "", 0);
}

static void send_stream(struct maker *m, struct conn *c, const char *bytes, size_t n)
{
    for (size_t at = 0, k = 0; at < n; k++) {
        size_t len = n - at < MSS ? n - at : MSS;
        packet(m, c, 1, 0x18, bytes + at, len);
        at += len;
        if (k % 2 == 1 || at == n)
            packet(m, c, 0, 0x10, "", 0);
    }
}

static void exchange(struct maker *m, struct conn *c, size_t body)
{
    static char response[1 << 20];
    char request[512];
    int q = snprintf(request, sizeof request,
                     "GET /api/v1/items/%llu?expand=owner HTTP/1.1\r\nHost: items.svc.cluster.local:8080\r\n"
                     "User-Agent: Go-http-client/1.1\r\nAccept: application/json\r\nX-Request-Id: %016llx\r\n"
                     "Accept-Encoding: gzip\r\n\r\n",
                     (unsigned long long)m->size.exchanges, (unsigned long long)m->size.exchanges * 2654435761u);
    int r = snprintf(
        response, sizeof response,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nDate: Thu, 01 Jan 2026 00:00:00 "
        "GMT\r\nContent-Length: %zu\r\nCache-Control: no-store\r\nX-Served-By: items-7d9c5b8f6-x2x9k\r\n\r\n",
        body);

    memset(response + r, 'j', body);
    packet(m, c, 0, 0x18, request, (size_t)q);
    m->ts_us += 180;
    send_stream(m, c, response, (size_t)r + body);
    m->size.exchanges++;
    c->exchanges++;
}

static void load_talk(struct talk *t, const char *path)
{
    FILE *f = fopen(path, "rb");

    if (f == NULL || (t->n = fread(t->bytes, 1, sizeof t->bytes, f)) == 0 || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static void send_either(struct maker *m, struct conn *c, int dir, const uint8_t *bytes, size_t n)
{
    for (size_t at = 0; at < n; at += MSS)
        packet(m, c, dir, 0x18, (const char *)bytes + at, n - at < MSS ? n - at : MSS);
}

/* The seeds' format: a byte, then steps of {flags, length of 2 bytes, bytes}. Gives the n-th step's bytes. */
static const uint8_t *talk_step(const struct talk *t, int step, int *dir, size_t *n)
{
    size_t at = 1;

    for (;; step--) {
        const uint8_t *p = t->bytes + at;
        *n = (size_t)p[1] << 8 | p[2];
        *dir = p[0] & 1;
        if (step == 0)
            return p + 3;
        at += 3 + *n;
    }
}

enum { HANDSHAKE_STEPS = 4, RESPONSE_BYTES = 2630 }; /* 5.5 KB a connection, as much as production has */

/* Each connection has a random of its own, 11 bytes into its ClientHello. */
static void tls_handshake(struct maker *m, struct conn *c, struct talk *t)
{
    put32(t->bytes + 4 + 11, m->next_client);
    for (int step = 0; step < HANDSHAKE_STEPS; step++) {
        int dir;
        size_t n;
        const uint8_t *bytes = talk_step(t, step, &dir, &n);
        send_either(m, c, dir, bytes, n);
        m->ts_us += 80;
    }
}

static void tls_exchange(struct maker *m, struct conn *c, size_t records, size_t bytes)
{
    static uint8_t request[5 + 300] = {23, 3, 3, 300 >> 8, 300 & 0xff};
    static uint8_t response[5 + 16401] = {23, 3, 3};

    put16(response + 3, (unsigned)bytes);
    packet(m, c, 0, 0x18, (const char *)request, sizeof request);
    m->ts_us += 200;
    for (size_t i = 0; i < records; i++)
        send_stream(m, c, (const char *)response, 5 + bytes);
    m->size.exchanges++;
    c->exchanges++;
}

static void real_connection(struct maker *m, struct conn *c)
{
    open_connection(m, c);
    const struct bench_talk *talk = &m->real[m->next_client % REAL_TALKS];
    for (size_t i = 0; i < talk->n; i++) {
        send_either(m, c, talk->turns[i].dir, talk->turns[i].bytes, talk->turns[i].n);
        m->ts_us += 80;
    }
    close_connection(m, c);
    m->size.exchanges++;
}

static void tls_connection(struct maker *m, struct conn *c, enum bench_traffic traffic)
{
    bool bodies = traffic == BENCH_TLS_BODIES;

    if (!bodies || c->port == 0) {
        open_connection(m, c);
        tls_handshake(m, c, &m->talks[bodies ? 1 : m->next_client % 2]);
    }
    tls_exchange(m, c, bodies ? 33 : 1, bodies ? 16401 : RESPONSE_BYTES);
    if (!bodies)
        close_connection(m, c);
}

static void write_file_header(struct maker *m)
{
    const uint32_t header[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1};

    write_or_die(m->f, header, sizeof header);
    m->size.bytes += sizeof header;
}

struct bench_size bench_capture_write(const char *path, const char *keylog, enum bench_traffic traffic,
                                      uint64_t bytes)
{
    struct maker *m = calloc(1, sizeof *m);
    size_t body = traffic == BENCH_LARGE_BODIES ? 540000 : 880;

    if (m == NULL || (m->f = fopen(path, "wb")) == NULL) {
        perror("bench: cannot make the capture");
        exit(1);
    }
    m->ts_us =
        traffic == BENCH_TLS_KEYS ? 1767225600000000 : 1798761600000000; /* the seeds' certificates are valid */
    load_talk(&m->talks[0], P2T_FLOWS "/tls12");
    load_talk(&m->talks[1], P2T_FLOWS "/tls13");
    if (traffic == BENCH_TLS_KEYS)
        m->real = bench_talks_new(REAL_TALKS, keylog);
    write_file_header(m);
    for (uint32_t i = 0; m->size.bytes < bytes; i = (i * 7 + 3) % CONNECTIONS + (m->size.exchanges & 1)) {
        struct conn *c = &m->conns[i % CONNECTIONS];
        if (traffic == BENCH_TLS_HANDSHAKES || traffic == BENCH_TLS_BODIES) {
            tls_connection(m, c, traffic);
            continue;
        }
        if (traffic == BENCH_TLS_KEYS) {
            real_connection(m, c);
            continue;
        }
        if (c->port == 0 || c->exchanges == EXCHANGES_PER_CONNECTION) {
            if (c->port != 0)
                close_connection(m, c);
            open_connection(m, c);
        }
        exchange(m, c, body);
    }
    if (fclose(m->f) != 0) {
        perror("bench: cannot write the capture");
        exit(1);
    }
    struct bench_size size = m->size;
    if (m->real != NULL)
        bench_talks_free(m->real, REAL_TALKS);
    free(m);
    return size;
}
