/* Secrets on the wire are not for logs. One place decides, so that every output is safe. */
#include "trace/redact.h"

#include "trace/build.h"

static const struct slice redacted = {(const uint8_t *)"[redacted]", 10};

#define SECRET_HEADERS(X)                                                                                            \
    X("authorization")                                                                                               \
    X("proxy-authorization")                                                                                         \
    X("cookie")                                                                                                      \
    X("set-cookie")                                                                                                  \
    X("x-api-key")                                                                                                   \
    X("x-auth-token")                                                                                                \
    X("x-csrf-token")                                                                                                \
    X("x-amz-security-token")                                                                                        \
    X("x-vault-token")                                                                                               \
    X("x-goog-api-key")                                                                                              \
    X("private-token")                                                                                               \
    X("api-key")

#define NAME(s) SLICE_INIT(s),

static bool is_secret_header(struct slice name)
{
    static const struct slice names[] = {SECRET_HEADERS(NAME)};

    if (!name_length_in(name, 0 SECRET_HEADERS(NAME_LENGTH_BIT)))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_ieq(name, names[i]))
            return true;
    return false;
}

#undef NAME

static bool is_url_header(struct slice name)
{
    return slice_ieq(name, SLICE_LIT("location")) || slice_ieq(name, SLICE_LIT("referer")) ||
           slice_ieq(name, SLICE_LIT("content-location"));
}

struct slice redact_header(struct trace *t, struct slice name, struct slice value)
{
    if (t->options.show_secrets)
        return value;
    if (is_secret_header(name))
        return redacted;
    return is_url_header(name) ? redact_url(t, value) : value;
}

static bool contains(struct slice s, struct slice w)
{
    for (size_t i = 0; i + w.n <= s.n; i++)
        if (slice_istarts(slice_of(s.p + i, s.n - i), w))
            return true;
    return false;
}

/* token, access_token, api_key, apikey, sig, signature, X-Amz-Signature, password, secret, code, session ... */
static bool is_secret_key(struct slice key)
{
    static const struct slice parts[] = {SLICE_INIT("token"),     SLICE_INIT("secret"),     SLICE_INIT("passw"),
                                         SLICE_INIT("api_key"),   SLICE_INIT("apikey"),     SLICE_INIT("api-key"),
                                         SLICE_INIT("signature"), SLICE_INIT("credential"), SLICE_INIT("session"),
                                         SLICE_INIT("auth"),      SLICE_INIT("private_key")};
    static const struct slice whole[] = {SLICE_INIT("key"),  SLICE_INIT("sig"), SLICE_INIT("pwd"), SLICE_INIT("pass"),
                                         SLICE_INIT("code"), SLICE_INIT("jwt"), SLICE_INIT("sid"), SLICE_INIT("otp")};

    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (slice_ieq(key, whole[i]))
            return true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (contains(key, parts[i]))
            return true;
    return false;
}

static void copy_query(struct buf *b, struct slice query)
{
    while (query.n > 0) {
        struct slice pair = slice_of(query.p, slice_find(query, '&'));
        size_t eq = slice_find(pair, '=');
        if (eq < pair.n && is_secret_key(slice_of(pair.p, eq))) {
            buf_put(b, pair.p, eq + 1);
            buf_slice(b, redacted);
        } else {
            buf_slice(b, pair);
        }
        if (pair.n == query.n)
            return;
        buf_putc(b, '&');
        query = slice_of(query.p + pair.n + 1, query.n - pair.n - 1);
    }
}

/* Offset of the user information in scheme://user:password@host, and its length with the '@'; 0: none. */
static size_t find_userinfo(struct slice url, size_t *at)
{
    size_t i = slice_find(url, ':');

    if (i + 3 > url.n || memcmp(url.p + i, "://", 3) != 0)
        return 0;
    *at = i + 3;
    struct slice rest = slice_of(url.p + *at, url.n - *at);
    rest.n = slice_find(rest, '/');
    const uint8_t *amp = rest.n > 0 ? memrchr(rest.p, '@', rest.n) : NULL;
    return amp != NULL ? (size_t)(amp - rest.p) + 1 : 0;
}

bool redact_url_needed(struct slice url)
{
    size_t at = 0, userinfo = url.n > 3 ? find_userinfo(url, &at) : 0;

    return userinfo > 0 || slice_find(url, '?') < url.n;
}

void redact_url_to(struct buf *b, struct slice url)
{
    size_t at = 0, userinfo = url.n > 3 ? find_userinfo(url, &at) : 0;
    size_t mark = slice_find(url, '?'), from = 0;

    if (userinfo > 0 && at + userinfo <= mark) {
        buf_put(b, url.p, at);
        buf_slice(b, redacted);
        buf_putc(b, '@');
        from = at + userinfo;
    }
    size_t path_end = mark < url.n ? mark + 1 : url.n;
    buf_put(b, url.p + from, path_end - from);
    copy_query(b, slice_from(url, path_end));
}

struct slice redact_url(struct trace *t, struct slice url)
{
    if (t->options.show_secrets || !redact_url_needed(url))
        return url;
    redact_url_to(scratch_begin(t), url);
    return scratch_end(t);
}
