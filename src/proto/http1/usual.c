#include "proto/http1/usual.h"

#include "base/system.h"

/* What is left of the bytes, and whether all before was usual. */
struct usual {
    const uint8_t *at, *end;
    bool odd;
};

enum { IN_NAME = 1, IN_TARGET = 2 };

/* Fewer than RFC 9110 5.6.2 and RFC 3986 allow. */
static const uint8_t kinds[256] = {
    ['a' ... 'z'] = IN_NAME | IN_TARGET,
    ['A' ... 'Z'] = IN_NAME | IN_TARGET,
    ['0' ... '9'] = IN_NAME | IN_TARGET,
    ['-'] = IN_NAME | IN_TARGET,
    ['_'] = IN_NAME | IN_TARGET,
    ['.'] = IN_TARGET,
    ['~'] = IN_TARGET,
    ['/'] = IN_TARGET,
    ['?'] = IN_TARGET,
    ['&'] = IN_TARGET,
    ['='] = IN_TARGET,
    ['%'] = IN_TARGET,
    ['+'] = IN_TARGET,
    [','] = IN_TARGET,
    [':'] = IN_TARGET,
    [';'] = IN_TARGET,
    ['@'] = IN_TARGET,
};

static struct slice take_kind(struct usual *u, uint8_t kind)
{
    const uint8_t *from = u->at, *at = from, *end = u->end;

    while (at < end && (kinds[*at] & kind) != 0)
        at++;
    u->at = at;
    u->odd |= at == from;
    return slice_of(from, (size_t)(at - from));
}

/* The high bit of each byte that is no printable ASCII; of the first such one, if there is any, for sure. */
static uint64_t odd_bytes(uint64_t eight)
{
    const uint64_t each = 0x0101010101010101;

    return (eight | (eight + each) | (eight - each * ' ')) & each << 7;
}

/* Printable bytes, as far as they go. */
static struct slice take_text(struct usual *u)
{
    const uint8_t *from = u->at;
    uint64_t eight, odd;

    for (; u->end - u->at >= (ptrdiff_t)sizeof eight; u->at += sizeof eight) {
        memcpy(&eight, u->at, sizeof eight);
        odd = odd_bytes(le64toh(eight));
        if (odd != 0) {
            u->at += __builtin_ctzll(odd) / 8;
            return slice_of(from, (size_t)(u->at - from));
        }
    }
    while (u->at < u->end && *u->at >= ' ' && *u->at < 0x7f)
        u->at++;
    return slice_of(from, (size_t)(u->at - from));
}

static bool take(struct usual *u, struct slice s)
{
    bool there = (size_t)(u->end - u->at) >= s.n && memcmp(u->at, s.p, s.n) == 0;

    u->at += there ? s.n : 0;
    return there;
}

static void take_version(struct usual *u, struct fact_http_head *head)
{
    u->odd |= !take(u, SLICE_LIT("HTTP/1.")) || u->at == u->end || (*u->at != '0' && *u->at != '1');
    if (u->odd)
        return;
    head->version_major = 1;
    head->version_minor = (uint8_t)(*u->at++ - '0');
}

static void take_line_end(struct usual *u)
{
    u->odd |= !take(u, SLICE_LIT("\r\n"));
}

static void request_line(struct usual *u, struct fact_http_head *head)
{
    static const struct slice methods[] = {SLICE_INIT("GET "),  SLICE_INIT("POST "),   SLICE_INIT("HEAD "),
                                           SLICE_INIT("PUT "),  SLICE_INIT("DELETE "), SLICE_INIT("OPTIONS "),
                                           SLICE_INIT("PATCH ")};
    size_t i = 0;

    while (i < sizeof methods / sizeof *methods && !take(u, methods[i]))
        i++;
    if (i == sizeof methods / sizeof *methods || u->at == u->end || *u->at != '/') {
        u->odd = true;
        return;
    }
    head->method = slice_of(methods[i].p, methods[i].n - 1);
    head->target = take_kind(u, IN_TARGET);
    u->odd |= !take(u, SLICE_LIT(" "));
    take_version(u, head);
    take_line_end(u);
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static void status_line(struct usual *u, struct fact_http_head *head)
{
    enum { STATUS_BYTES = 5 }; /* with the spaces around */
    const uint8_t *s;

    take_version(u, head);
    s = u->at;
    if (u->odd || u->end - s <= STATUS_BYTES || s[0] != ' ' || !is_digit(s[1]) || !is_digit(s[2]) ||
        !is_digit(s[3]) || s[4] != ' ' || s[5] <= ' ') {
        u->odd = true;
        return;
    }
    head->status = (uint16_t)((s[1] - '0') * 100 + (s[2] - '0') * 10 + (s[3] - '0'));
    u->at += STATUS_BYTES;
    head->reason = take_text(u);
    take_line_end(u);
}

/* Only one Content-Length of a few digits, or "chunked", and no trailer announced. */
static void note_framing(struct usual *u, struct fact_http_head *head, const struct fact_header *h)
{
    enum { DIGITS_MAX = 18 };

    u->odd |= slice_ieq(h->name, SLICE_LIT("trailer"));
    if (h->name.n != sizeof "content-length" - 1 && h->name.n != sizeof "transfer-encoding" - 1)
        return;
    if (slice_ieq(h->name, SLICE_LIT("content-length"))) {
        u->odd |= head->has_length || h->value.n > DIGITS_MAX || !slice_u64(h->value, &head->length);
        head->has_length = true;
    }
    if (slice_ieq(h->name, SLICE_LIT("transfer-encoding"))) {
        u->odd |= head->chunked || !slice_eq(h->value, SLICE_LIT("chunked"));
        head->chunked = true;
    }
    u->odd |= head->chunked && (head->has_length || head->version_minor == 0);
}

static void field_line(struct usual *u, struct fact_http_head *head, struct fact_header *h)
{
    h->name = take_kind(u, IN_NAME);
    u->odd |= !take(u, SLICE_LIT(":"));
    while (u->at < u->end && *u->at == ' ')
        u->at++;
    h->value = take_text(u);
    while (h->value.n > 0 && h->value.p[h->value.n - 1] == ' ')
        h->value.n--;
    u->odd |= h->value.n == 0;
    take_line_end(u);
    note_framing(u, head, h);
}

bool http1_usual_parse(struct http1_env *env, struct http1_head_parse *parse, enum flow_dir dir, struct slice bytes)
{
    struct usual u = {.at = bytes.p, .end = bytes.p + bytes.n};
    struct fact_http_head head = *parse->head;

    if (dir == FLOW_C2S)
        request_line(&u, &head);
    else
        status_line(&u, &head);
    while (!u.odd && !take(&u, SLICE_LIT("\r\n"))) {
        if (head.header_count == env->limits.headers)
            return false;
        field_line(&u, &head, &env->headers[head.header_count++]);
    }
    if (u.odd)
        return false;
    head.headers = env->headers;
    *parse->head = head;
    parse->used = (size_t)(u.at - bytes.p);
    return true;
}
