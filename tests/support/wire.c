#include "support/wire.h"

#include <string.h>

enum { ETHERNET = 14, IP = 20, TCP = 20, UDP = 8, ICMP = 8, MESSAGE_MAX = 2048, STEP_NS = 1000 };

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

void wire_begin(struct wire *w, FILE *to)
{
    static const uint32_t head[6] = {0xa1b23c4d, 4 << 16 | 2, 0, 0, 262144, 1};

    w->to = to;
    w->ns = WIRE_BEGIN_S * 1000000000;
    (void)fwrite(head, 1, sizeof head, to);
}

void wire_wait(struct wire *w, uint64_t us)
{
    w->ns += us * 1000;
}

static void put_ip(uint8_t *p, size_t payload_n, unsigned protocol, uint32_t src, uint32_t dst)
{
    p[0] = 0x45;
    put16(p + 2, (unsigned)(IP + payload_n));
    p[8] = 64;
    p[9] = (uint8_t)protocol;
    put32(p + 12, src);
    put32(p + 16, dst);
}

/* `head` are the protocol's own headers. */
static void packet(struct wire *w, unsigned protocol, uint32_t src, uint32_t dst, const uint8_t *head, size_t head_n,
                   const void *payload, size_t n)
{
    uint8_t link[ETHERNET + IP] = {[5] = 1, [11] = 2, [12] = 8};
    uint32_t bytes = (uint32_t)(sizeof link + head_n + n);
    uint32_t kept = w->snap > 0 && w->snap < bytes ? w->snap : bytes;
    uint32_t record[4] = {(uint32_t)(w->ns / 1000000000), (uint32_t)(w->ns % 1000000000), kept, bytes};
    size_t lost = bytes - kept;

    put_ip(link + ETHERNET, head_n + n, protocol, src, dst);
    (void)fwrite(record, 1, sizeof record, w->to);
    (void)fwrite(link, 1, sizeof link, w->to);
    (void)fwrite(head, 1, head_n, w->to);
    (void)fwrite(payload, 1, lost < n ? n - lost : 0, w->to);
    w->ns += STEP_NS;
}

/* ---- TCP ---- */

void wire_segment(struct wire *w, struct talk *t, int dir, unsigned flags, const void *payload, size_t n)
{
    uint8_t p[TCP] = {[12] = 5 << 4, [13] = (uint8_t)flags};

    put16(p + 14, t->shut[dir] != 0 ? 0 : UINT16_MAX);
    put16(p, t->port[dir]);
    put16(p + 2, t->port[!dir]);
    put32(p + 4, t->seq[dir]);
    put32(p + 8, (flags & ACK) != 0 ? t->seq[!dir] : 0);
    packet(w, PROTOCOL_TCP, t->ip[dir], t->ip[!dir], p, sizeof p, payload, n);
    t->seq[dir] += (uint32_t)n + ((flags & (SYN | FIN)) != 0);
}

void wire_ahead(struct wire *w, const struct talk *t, int dir, uint32_t ahead, const void *payload, size_t n)
{
    struct talk moved = *t;

    moved.seq[dir] += ahead;
    wire_segment(w, &moved, dir, PUSH | ACK, payload, n);
}

void wire_text(struct wire *w, struct talk *t, int dir, const char *text)
{
    wire_segment(w, t, dir, PUSH | ACK, text, strlen(text));
}

void wire_unreachable(struct wire *w, const struct talk *t, unsigned protocol, unsigned code)
{
    uint8_t p[ICMP + IP + 8] = {3, (uint8_t)code};
    uint8_t *quoted = p + ICMP;

    put_ip(quoted, TCP, protocol, t->ip[UP], t->ip[DOWN]);
    put16(quoted + IP, t->port[UP]);
    put16(quoted + IP + 2, t->port[DOWN]);
    put32(quoted + IP + 4, t->seq[UP] - 1);
    packet(w, PROTOCOL_ICMP, t->ip[DOWN], t->ip[UP], p, sizeof p, "", 0);
}

/* ---- DNS ---- */

static size_t put_name(uint8_t *p, const char *name)
{
    size_t at = 0;

    while (*name != '\0') {
        size_t n = strcspn(name, ".");
        p[at] = (uint8_t)n;
        memcpy(p + at + 1, name, n);
        at += n + 1;
        name += n + (name[n] == '.');
    }
    p[at] = 0;
    return at + 1;
}

static size_t put_question_of(uint8_t *p, uint16_t id, unsigned flags, size_t answers, unsigned type,
                              const char *name)
{
    put16(p, id);
    put16(p + 2, flags);
    put16(p + 4, 1);
    put16(p + 6, (unsigned)answers);
    size_t at = 12 + put_name(p + 12, name);
    put16(p + at, type);
    put16(p + at + 2, 1);
    return at + 4;
}

static size_t put_question(uint8_t *p, uint16_t id, unsigned flags, size_t answers, const char *name)
{
    return put_question_of(p, id, flags, answers, TYPE_A, name);
}

/* A record of the name that stands at `name_at`, but for its data. */
static size_t put_record(uint8_t *p, size_t name_at, unsigned type, size_t n)
{
    put16(p, (unsigned)(0xc000 | name_at));
    put16(p + 2, type);
    put16(p + 4, 1);
    put32(p + 6, 60);
    put16(p + 10, (unsigned)n);
    return 12;
}

static void datagram(struct wire *w, const struct talk *t, int dir, const uint8_t *message, size_t n)
{
    uint8_t p[UDP] = {0};

    put16(p, t->port[dir]);
    put16(p + 2, t->port[!dir]);
    put16(p + 4, (unsigned)(UDP + n));
    packet(w, PROTOCOL_UDP, t->ip[dir], t->ip[!dir], p, sizeof p, message, n);
}

void wire_query(struct wire *w, const struct talk *t, uint16_t id, const char *name)
{
    uint8_t p[MESSAGE_MAX] = {0};

    datagram(w, t, UP, p, put_question(p, id, 0x0100, 0, name));
}

void wire_answer(struct wire *w, const struct talk *t, uint16_t id, const char *name, const struct answer *a)
{
    uint8_t p[MESSAGE_MAX] = {0};
    size_t owner = 12;
    size_t at = put_question(p, id, 0x8180u | (unsigned)a->status, a->addresses + (a->alias != NULL), name);

    if (a->alias != NULL) {
        size_t n = put_name(p + at + 12, a->alias);
        owner = at + put_record(p + at, owner, TYPE_CNAME, n);
        at = owner + n;
    }
    for (size_t i = 0; i < a->addresses; i++) {
        at += put_record(p + at, owner, TYPE_A, 4);
        put32(p + at, a->address[i]);
        at += 4;
    }
    datagram(w, t, DOWN, p, at);
}

void wire_query_6(struct wire *w, const struct talk *t, uint16_t id, const char *name)
{
    uint8_t p[MESSAGE_MAX] = {0};

    datagram(w, t, UP, p, put_question_of(p, id, 0x0100, 0, TYPE_AAAA, name));
}

void wire_answer_6(struct wire *w, const struct talk *t, uint16_t id, const char *name, uint32_t last_word)
{
    uint8_t p[MESSAGE_MAX] = {0};
    size_t at = put_question_of(p, id, 0x8180, 1, TYPE_AAAA, name);

    at += put_record(p + at, 12, TYPE_AAAA, 16);
    put16(p + at, 0xfd00);
    put32(p + at + 12, last_word);
    datagram(w, t, DOWN, p, at + 16);
}
