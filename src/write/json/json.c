#include "write/json/json.h"

#include "base/system.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "write/escape.h"

/* 1: the byte is copied as it is. 0: it may need an escape. */
static const uint8_t plain[256] = {
    ['\t'] = 0,
#define ROW(a) [a] = 1, [a + 1] = 1, [a + 2] = 1, [a + 3] = 1, [a + 4] = 1, [a + 5] = 1, [a + 6] = 1, [a + 7] = 1
    [' '] = 1,  ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ROW(0x28), ROW(0x30), ROW(0x38),
    ROW(0x40),  ROW(0x48), ROW(0x50), ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['['] = 1,  [']'] = 1, ['^'] = 1, ['_'] = 1,
    ROW(0x60),  ROW(0x68), ROW(0x70), ['x'] = 1, ['y'] = 1, ['z'] = 1, ['{'] = 1,  ['|'] = 1, ['}'] = 1, ['~'] = 1,
#undef ROW
};

static void put_unicode(struct buf *b, unsigned code)
{
    static const char hex[] = "0123456789abcdef";
    const char text[] = {'\\', 'u', hex[code >> 12 & 15], hex[code >> 8 & 15], hex[code >> 4 & 15], hex[code & 15]};

    buf_put(b, text, sizeof text);
}

/* Beyond 16 bits as two surrogates (RFC 8259 7). */
static void put_code_point(struct buf *b, uint32_t code)
{
    if (code <= 0xffff) {
        put_unicode(b, code);
        return;
    }
    put_unicode(b, 0xd800 + ((code - 0x10000) >> 10));
    put_unicode(b, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

static void escape_ascii(struct buf *b, uint8_t c)
{
    switch (c) {
    case '"':
    case '\\':
        buf_putc(b, '\\');
        buf_putc(b, (char)c);
        break;
    case '\n':
        buf_lit(b, "\\n");
        break;
    case '\r':
        buf_lit(b, "\\r");
        break;
    case '\t':
        buf_lit(b, "\\t");
        break;
    default:
        put_unicode(b, c);
    }
}

/* Appends one character that is not in plain[]; returns how many bytes of s it took. */
static size_t put_odd(struct buf *b, struct slice rest)
{
    size_t n = utf8_sequence(rest);

    if (n == 0) {
        buf_lit(b, "\\ufffd");
        return 1;
    }
    if (n == 1) {
        escape_ascii(b, rest.p[0]);
        return n;
    }
    uint32_t code = escape_code_point(rest.p, n);
    if (escape_is_unseen(code)) /* terminals obey some, people are deceived by others */
        put_code_point(b, code);
    else
        buf_put(b, rest.p, n);
    return n;
}

/* True if one of the eight bytes may need an escape: as plain[] says, and all bytes above ASCII. */
static bool any_odd(uint64_t eight)
{
    const uint64_t each = 0x0101010101010101, high = each << 7;
    uint64_t quote = eight ^ each * '"', backslash = eight ^ each * '\\';

    return ((eight | (eight + each) | (eight - each * ' ') | (quote - each) | (backslash - each)) & high) != 0;
}

/* Copies bytes up to the first one that may need an escape; returns how many. There is room for all of s. */
static inline size_t copy_plain(uint8_t *w, const uint8_t *p, size_t n)
{
    size_t i = 0;
    uint64_t eight;

    if (n >= 4 && n < sizeof eight) { /* the first and the last four of them */
        uint32_t first, last;
        memcpy(&first, p, sizeof first);
        memcpy(&last, p + n - sizeof last, sizeof last);
        if (any_odd((uint64_t)last << 32 | first))
            return 0;
        memcpy(w, &first, sizeof first);
        memcpy(w + n - sizeof last, &last, sizeof last);
        return n;
    }
    for (; n - i >= sizeof eight; i += sizeof eight) {
        memcpy(&eight, p + i, sizeof eight);
        if (any_odd(eight))
            return i;
        memcpy(w + i, &eight, sizeof eight);
    }
    /* The rest, with what was copied before it. */
    if (i > 0 && i < n) {
        memcpy(&eight, p + n - sizeof eight, sizeof eight);
        if (any_odd(eight))
            return i;
        memcpy(w + n - sizeof eight, &eight, sizeof eight);
        return n;
    }
    for (; i < n && plain[p[i]]; i++)
        w[i] = p[i];
    return i;
}

/* Appends the rest, from the first byte that may need an escape, and the closing quote. */
static __attribute__((noinline)) void put_rest(struct buf *b, const uint8_t *p, size_t i, size_t n)
{
    while (i < n) {
        size_t from = i;
        while (i < n && plain[p[i]])
            i++;
        buf_put(b, p + from, i - from);
        if (i < n)
            i += put_odd(b, slice_of(p + i, n - i));
    }
    buf_putc(b, '"');
}

static __attribute__((noinline)) void string_in_more_room(struct buf *b, struct p2t_text s)
{
    if (buf_grow(b, s.n + 2))
        json_string(b, s);
}

/* What is rare is called last, so that nothing is to be kept over a call. */
void json_string(struct buf *b, struct p2t_text s)
{
    const uint8_t *p = (const uint8_t *)s.p;

    if (b->cap - b->n < s.n + 2) {
        string_in_more_room(b, s);
        return;
    }
    uint8_t *w = b->p + b->n;
    w[0] = '"';
    size_t i = copy_plain(w + 1, p, s.n);
    if (i < s.n) {
        b->n += 1 + i;
        put_rest(b, p, i, s.n);
        return;
    }
    w[1 + i] = '"';
    b->n += s.n + 2;
}

void json_text(struct buf *b, struct p2t_text s)
{
    if (s.p == NULL)
        buf_lit(b, "null");
    else
        json_string(b, s);
}

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

void json_id(struct buf *b, uint64_t id)
{
    enum { ID_TEXT = 18 };

    if (!buf_reserve(b, ID_TEXT))
        return;
    uint8_t *w = b->p + b->n;
    w[0] = w[ID_TEXT - 1] = '"';
    put_hex(w + 1, spread((uint32_t)(id >> 32)));
    put_hex(w + 9, spread((uint32_t)id));
    b->n += ID_TEXT;
}

void json_time(struct buf *b, int64_t ts_ns)
{
    if (!buf_reserve(b, TIME_TEXT_BYTES + 2))
        return;
    char *w = (char *)b->p + b->n;
    w[0] = w[TIME_TEXT_BYTES + 1] = '"';
    time_rfc3339(ts_ns, w + 1);
    b->n += TIME_TEXT_BYTES + 2;
}

/* ---- values ---- */

static void put_scalar(struct buf *b, const struct p2t_value *v)
{
    switch (v->kind) {
    case P2T_VALUE_BOOL:
        buf_str(b, v->as.boolean ? "true" : "false");
        break;
    case P2T_VALUE_INT:
        buf_i64(b, v->as.integer);
        break;
    case P2T_VALUE_TEXT:
        json_string(b, v->as.text);
        break;
    default:
        buf_lit(b, "null");
    }
}

static void put_list(struct buf *b, const struct p2t_value *v)
{
    buf_putc(b, '[');
    for (size_t i = 0; i < v->as.list.n; i++) {
        if (i > 0)
            buf_putc(b, ',');
        put_scalar(b, &v->as.list.items[i]);
    }
    buf_putc(b, ']');
}

/* Objects hold lists and scalars only, lists scalars only: trace builds nothing deeper. */
static void put_object(struct buf *b, const struct p2t_value *v)
{
    buf_putc(b, '{');
    for (size_t i = 0; i < v->as.object.n; i++) {
        const struct p2t_arg *a = &v->as.object.args[i];
        if (i > 0)
            buf_putc(b, ',');
        json_string(b, a->name);
        buf_putc(b, ':');
        if (a->value.kind == P2T_VALUE_LIST)
            put_list(b, &a->value);
        else
            put_scalar(b, &a->value);
    }
    buf_putc(b, '}');
}

void json_evidence(struct buf *b, const struct p2t_evidence *e, size_t n)
{
    if (buf_reserve(b, JSON_EVIDENCE_MAX))
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

/* ---- events ---- */

static bool same_bound(bool has, int64_t ns, bool other_has, int64_t other_ns)
{
    return has == other_has && (!has || ns == other_ns);
}

bool json_same_moment(const struct p2t_event *a, const struct p2t_event *b)
{
    if (a->time_ns != b->time_ns || a->basis != b->basis || a->evidence_count != b->evidence_count ||
        !same_bound(a->has_earliest, a->earliest_ns, b->has_earliest, b->earliest_ns) ||
        !same_bound(a->has_latest, a->latest_ns, b->has_latest, b->latest_ns))
        return false;
    for (size_t i = 0; i < a->evidence_count; i++)
        if (a->evidence[i].packet != b->evidence[i].packet || a->evidence[i].file != b->evidence[i].file)
            return false;
    return true;
}

void json_value(struct buf *b, const struct p2t_value *v)
{
    if (v->kind == P2T_VALUE_LIST)
        put_list(b, v);
    else if (v->kind == P2T_VALUE_OBJECT)
        put_object(b, v);
    else
        put_scalar(b, v);
}
