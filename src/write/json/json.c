#include "write/json/json.h"

#include "base/system.h"
#include "base/timefmt.h"
#include "write/json/pen.h"

static char *long_us_text(char *w, uint64_t ns)
{
    unsigned frac = (unsigned)(ns % 1000);

    w = u64_text(w, ns / 1000);
    w[0] = '.';
    w[1] = (char)('0' + frac / 100);
    w[2] = (char)('0' + frac / 10 % 10);
    w[3] = (char)('0' + frac % 10);
    return w + 4;
}

/* For less than 100 ms: eight digits, five before the point, without their leading zeros except the last. */
char *json_us_text(char *w, int64_t ns)
{
    enum { BEFORE = 5, EIGHT = 100000000 };
    uint64_t v = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;

    if (ns < 0)
        *w++ = '-';
    if (v % 1000 == 0) { /* most captures count in microseconds */
        w = u64_text(w, v / 1000);
        memcpy(w, ".000", 4);
        return w + 4;
    }
    if (v >= EIGHT)
        return long_us_text(w, v);
    uint64_t digits = eight_digits((uint32_t)v), text = digits + 0x3030303030303030;
    unsigned zeros = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 8 * (BEFORE - 1)) / 8;
    uint64_t before = htole64(text >> 8 * zeros), behind = htole64(text >> 8 * BEFORE);
    memcpy(w, &before, sizeof before);
    w += BEFORE - zeros;
    *w = '.';
    memcpy(w + 1, &behind, 4);
    return w + 4;
}

void json_us(struct buf *b, int64_t ns)
{
    if (buf_reserve(b, JSON_US_MAX))
        b->n = (size_t)((uint8_t *)json_us_text((char *)b->p + b->n, ns) - b->p);
}

/* Each half byte of v becomes a byte, the highest first in memory. */
static uint64_t spread(uint32_t v)
{
    uint64_t x = v;

    x = (x | x << 16) & 0x0000ffff0000ffff;
    x = (x | x << 8) & 0x00ff00ff00ff00ff;
    x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
    return x;
}

/* Eight hexadecimal digits, where each byte holds one digit's value. */
static void put_hex(uint8_t *w, uint64_t digits)
{
    const uint64_t each = 0x0101010101010101;
    uint64_t letters = (digits + each * 6) >> 4 & each;
    uint64_t text = digits + each * '0' + letters * ('a' - '0' - 10);

    text = htobe64(text);
    memcpy(w, &text, sizeof text);
}

char *pen_id(char *w, uint64_t id)
{
    enum { ID_TEXT = 18 };

    w[0] = w[ID_TEXT - 1] = '"';
    put_hex((uint8_t *)w + 1, spread((uint32_t)(id >> 32)));
    put_hex((uint8_t *)w + 9, spread((uint32_t)id));
    return w + ID_TEXT;
}

void json_id(struct buf *b, uint64_t id)
{
    char *w = pen_begin(b);

    if (w != NULL)
        pen_end(b, pen_id(w, id));
}

char *pen_time(char *w, int64_t ts_ns)
{
    w[0] = w[TIME_TEXT_BYTES + 1] = '"';
    time_rfc3339(ts_ns, w + 1);
    return w + TIME_TEXT_BYTES + 2;
}

void json_time(struct buf *b, int64_t ts_ns)
{
    char *w = pen_begin(b);

    if (w != NULL)
        pen_end(b, pen_time(w, ts_ns));
}

/* ---- values ---- */

static inline char *put_scalar(struct buf *b, char *w, const struct p2t_value *v)
{
    switch (v->kind) {
    case P2T_VALUE_BOOL:
        return v->as.boolean ? PEN_PUT(w, "true") : PEN_PUT(w, "false");
    case P2T_VALUE_INT:
        return pen_i64(w, v->as.integer);
    case P2T_VALUE_TEXT:
        return pen_string(b, w, v->as.text);
    default:
        return PEN_PUT(w, "null");
    }
}

static char *put_list(struct buf *b, char *w, const struct p2t_value *v)
{
    *w++ = '[';
    for (size_t i = 0; i < v->as.list.n; i++) {
        w = pen_room(b, w, 0);
        if (i > 0)
            *w++ = ',';
        w = put_scalar(b, w, &v->as.list.items[i]);
    }
    *w++ = ']';
    return w;
}

/* Objects hold lists and scalars only, lists scalars only: trace builds nothing deeper. */
static char *put_object(struct buf *b, char *w, const struct p2t_value *v)
{
    *w++ = '{';
    for (size_t i = 0; i < v->as.object.n; i++) {
        const struct p2t_arg *a = &v->as.object.args[i];
        w = pen_room(b, w, 0);
        if (i > 0)
            *w++ = ',';
        w = pen_string(b, w, a->name);
        *w++ = ':';
        w = a->value.kind == P2T_VALUE_LIST ? put_list(b, w, &a->value) : put_scalar(b, w, &a->value);
    }
    *w++ = '}';
    return w;
}

/* After it, PEN_ROOM is there but for a bracket and what a list or an object begins with. */
char *pen_value(struct buf *b, char *w, const struct p2t_value *v)
{
    if (v->kind == P2T_VALUE_LIST)
        return put_list(b, w, v);
    return v->kind == P2T_VALUE_OBJECT ? put_object(b, w, v) : put_scalar(b, w, v);
}

void json_value(struct buf *b, const struct p2t_value *v)
{
    char *w = pen_begin(b);

    if (w != NULL)
        pen_end(b, pen_value(b, w, v));
}

void json_evidence(struct buf *b, const struct p2t_evidence *e, size_t n)
{
    if (buf_reserve(b, n * JSON_PAIR_MAX + 2))
        b->n = (size_t)((uint8_t *)json_evidence_text((char *)b->p + b->n, e, n) - b->p);
}

void json_evidence_pair(struct buf *b, const struct p2t_evidence *e)
{
    buf_putc(b, '[');
    buf_u64(b, e->file);
    buf_putc(b, ',');
    buf_u64(b, e->packet);
    buf_putc(b, ']');
}
