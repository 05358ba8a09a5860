#include "proto/http1/usual.h"

#include "base/sixteen.h"

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

/* What kinds[] has for names. */
static inline sixteen in_name(sixteen v)
{
    return sixteen_between(v | ' ', 'a', 'z') | sixteen_between(v, '0', '9') | sixteen_equal(v, '-') |
           sixteen_equal(v, '_');
}

/* The same of targets. */
static inline sixteen in_target(sixteen v)
{
    return sixteen_between(v, 'a', 'z') | sixteen_between(v, '?', 'Z') | sixteen_between(v, '+', ';') |
           sixteen_equal(v, '=') | sixteen_equal(v, '&') | sixteen_equal(v, '%') | sixteen_equal(v, '_') |
           sixteen_equal(v, '~');
}

/* Each of these passes over bytes of its kind: sixteen at a time, and one by one where fewer are left. */
static inline const uint8_t *past_name(const uint8_t *at, const uint8_t *end)
{
    for (unsigned n; end - at >= SIXTEEN; at += n)
        if ((n = sixteen_first_not(in_name(sixteen_at(at)))) < SIXTEEN)
            return at + n;
    while (at < end && (kinds[*at] & IN_NAME) != 0)
        at++;
    return at;
}

static inline const uint8_t *past_target(const uint8_t *at, const uint8_t *end)
{
    for (unsigned n; end - at >= SIXTEEN; at += n)
        if ((n = sixteen_first_not(in_target(sixteen_at(at)))) < SIXTEEN)
            return at + n;
    while (at < end && (kinds[*at] & IN_TARGET) != 0)
        at++;
    return at;
}

static inline const uint8_t *past_text(const uint8_t *at, const uint8_t *end)
{
    for (unsigned n; end - at >= SIXTEEN; at += n)
        if ((n = sixteen_first_not(sixteen_printable(sixteen_at(at)))) < SIXTEEN)
            return at + n;
    while (at < end && *at >= ' ' && *at < 0x7f)
        at++;
    return at;
}

static struct slice take_until(struct usual *u, const uint8_t *at)
{
    const uint8_t *from = u->at;

    u->at = at;
    return slice_of(from, (size_t)(at - from));
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
    head->target = take_until(u, past_target(u->at, u->end));
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
    head->reason = take_until(u, past_text(u->at, u->end));
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

static inline bool ends_line(const uint8_t *at, const uint8_t *end)
{
    return end - at >= 2 && at[0] == '\r' && at[1] == '\n';
}

/* Returns where the next line begins; NULL: this one is odd. */
static inline const uint8_t *field_line(const uint8_t *at, const uint8_t *end, struct fact_header *h)
{
    const uint8_t *name = at, *value;

    at = past_name(at, end);
    h->name = slice_of(name, (size_t)(at - name));
    if (at == name || at == end || *at != ':')
        return NULL;
    do
        at++;
    while (at < end && *at == ' ');
    value = at;
    at = past_text(at, end);
    if (!ends_line(at, end))
        return NULL;
    const uint8_t *last = at;
    while (last > value && last[-1] == ' ')
        last--;
    h->value = slice_of(value, (size_t)(last - value));
    return last > value ? at + 2 : NULL;
}

bool http1_usual_parse(struct http1_env *env, struct http1_head_parse *parse, enum flow_dir dir, struct slice bytes)
{
    struct usual u = {.at = bytes.p, .end = bytes.p + bytes.n};
    struct fact_http_head head = *parse->head;

    if (dir == FLOW_C2S)
        request_line(&u, &head);
    else
        status_line(&u, &head);
    const uint8_t *at = u.at, *first = at;
    while (!u.odd && !ends_line(at, u.end)) {
        struct fact_header *h = &env->headers[head.header_count];
        if (head.header_count++ == env->limits.headers || (at = field_line(at, u.end, h)) == NULL)
            return false;
        note_framing(&u, &head, h);
    }
    if (u.odd)
        return false;
    head.headers = env->headers;
    head.lines = slice_of(first, (size_t)(at - first));
    *parse->head = head;
    parse->used = (size_t)(at + 2 - bytes.p);
    return true;
}
