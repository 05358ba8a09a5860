/* What is shown of names, URLs and texts: each row is a place, and what must become of it there. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trace/redact.h"

struct row {
    const char *in, *out; /* out: NULL where nothing is redacted */
};

static void check(struct redact *r, enum redact_as as, const struct row *rows, size_t n)
{
    struct buf b = {0};

    for (size_t i = 0; i < n; i++) {
        const char *want = rows[i].out != NULL ? rows[i].out : rows[i].in;
        for (int again = 0; again < 2; again++) { /* the second time it may be remembered */
            struct slice got = redact_text(r, as, slice_str(rows[i].in), &b);
            if (!slice_eq(got, slice_str(want)))
                fail_msg("%s: %.*s, not %s", rows[i].in, (int)got.n, (const char *)got.p, want);
            assert_true((got.p == (const uint8_t *)rows[i].in) == (rows[i].out == NULL));
        }
    }
    buf_fini(&b);
}

static void check_all(enum redact_as as, const struct row *rows, size_t n)
{
    struct redact *r = redact_new(&(struct redact_options){0});

    assert_non_null(r);
    check(r, as, rows, n);
    redact_free(r);
}

#define CHECK(as, rows) check_all(as, rows, sizeof(rows) / sizeof *(rows))

/* ---- URLs ---- */

static void urls_keep_what_is_no_secret(void **state)
{
    static const struct row rows[] = {
        {"/", NULL},
        {"/status?code=503", NULL},
        {"http://a.test/v1/stock/17?page=2&author=bob", NULL},
        {"https://registry.test/@scope/pkg@1.2.3/-/a.tgz", NULL},
        {"http://[::1]:8080/a?q=x:y", NULL},
        {"/v1/tokens:exchange", NULL},
        {"/max?max_tokens=10", NULL},
        {"/v2/blobs/sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b", NULL},
        {"/GetUserByIdentifierAndRegionOfTheSecondKind2", NULL},
        {"/a?time=10:30&mail=bob@a.test", NULL},
        {"/a?color=%23ff0000&x=1", NULL},
    };

    (void)state;
    CHECK(REDACT_URL, rows);
}

static void secrets_in_urls_are_redacted_where_they_stand(void **state)
{
    static const struct row rows[] = {
        /* user information */
        {"http://u:p@a.test/x", "http://[redacted]@a.test/x"},
        {"http://u%3Ap%40a.test/x", "http://[redacted]%40a.test/x"},
        {"//bob:s@a.test/x", "//[redacted]@a.test/x"},
        {"http://a.test//bob:s@a.test/x", "http://a.test//[redacted]@a.test/x"},
        /* query, parameters, fragment */
        {"/x?a=1&token=s&b=2", "/x?a=1&token=[redacted]&b=2"},
        {"/x?a=1;token=s", "/x?a=1;token=[redacted]"},
        {"/x?token=s;more&b=2", "/x?token=[redacted]&b=2"},
        {"/7;jsessionid=s?a=1", "/7;jsessionid=[redacted]?a=1"},
        {"/8?state=1#access_token=s", "/8?state=1#[redacted]"},
        {"/x?t%6Fken=s", "/x?t%6Fken=[redacted]"},
        {"/x?user[password]=s", "/x?user[password]=[redacted]"},
        /* a URL in a URL, and one in that */
        {"/6?next=https%3A%2F%2Fx%2F%3Faccess_token%3Ds%26b%3D2&c=3",
         "/6?next=https%3A%2F%2Fx%2F%3Faccess_token%3D[redacted]%26b%3D2&c=3"},
        {"/6?n=https%3A%2F%2Fx%2F%3Fn%3Dhttps%253A%252F%252Fu%253As%2540y%252F",
         "/6?n=https%3A%2F%2Fx%2F%3Fn%3Dhttps%253A%252F%252F[redacted]%2540y%252F"},
        {"/6?n=https%3A%2F%2Fx%2F%23s&c=3", "/6?n=https%3A%2F%2Fx%2F%23[redacted]&c=3"},
        {"/q?filter=%7B%22password%22%3A%22s%22%7D", "/q?filter=%7B%22password%22%3A%22[redacted]%22%7D"},
        /* codes, and what goes with a signature */
        {"/a?code=s&state=1", "/a?code=[redacted]&state=1"},
        {"/oauth?grant_type=x&code=s", "/oauth?grant_type=x&code=[redacted]"},
        {"/login/callback?code=s", "/login/callback?code=[redacted]"},
        {"/a?code=0123456789abcdef", "/a?code=[redacted]"},
        {"/a?sv=2020&sig=s", "/a?sv=[redacted]&sig=[redacted]"},
        /* looks */
        {"/a/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln/b", "/a/[redacted]/b"},
        {"/a/AKIAIOSFODNN7EXAMPLE", "/a/[redacted]"},
        {"/a/Q2hlY2tTaWduYXR1cmU5b3JSYW5kb21CeXRlczEyMzQ1Ng", "/a/[redacted]"},
    };

    (void)state;
    CHECK(REDACT_URL, rows);
}

static void hosts_have_no_user(void **state)
{
    static const struct row rows[] = {
        {"a.test:8080", NULL},
        {"[::1]:80", NULL},
        {"bob:s@a.test", "[redacted]@a.test"},
        {"bob@s@a.test:443", "[redacted]@a.test:443"},
        {"bob/s@a.test", "[redacted]@a.test"},
    };

    (void)state;
    CHECK(REDACT_HOST, rows);
}

static void keys_of_queries_are_known_by_pattern(void **state)
{
    static const char *const keys[] = {"token",
                                       "access_token",
                                       "api_key",
                                       "apikey",
                                       "sig",
                                       "sas",
                                       "X-Amz-Signature",
                                       "password",
                                       "pwd",
                                       "jwt",
                                       "session",
                                       "key",
                                       "auth",
                                       "client_secret",
                                       "ticket",
                                       "SAMLResponse",
                                       "assertion",
                                       "PHPSESSID",
                                       "jsessionid",
                                       "sid",
                                       "pin",
                                       "hmac",
                                       "otp",
                                       "pass",
                                       "code_verifier",
                                       "x-goog-credential",
                                       "AWSAccessKeyId"};
    static const char *const others[] = {"page", "author", "keyword", "monkey", "design", "spin", "passage", "state"};
    struct redact *r = redact_new(&(struct redact_options){0});
    struct buf b = {0};
    char url[64];

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        snprintf(url, sizeof url, "/?%s=hide", keys[i]);
        struct slice got = redact_text(r, REDACT_URL, slice_str(url), &b);
        if (memmem(got.p, got.n, "hide", 4) != NULL)
            fail_msg("%s is shown", url);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(url, sizeof url, "/?%s=show", others[i]);
        if (redact_text(r, REDACT_URL, slice_str(url), &b).p != (const uint8_t *)url)
            fail_msg("%s is redacted", url);
    }
    buf_fini(&b);
    redact_free(r);
}

/* ---- texts ---- */

static void texts_keep_what_is_no_secret(void **state)
{
    static const struct row rows[] = {
        {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
         NULL},
        {"text/plain; charset=utf-8", NULL},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", NULL},
        {"multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", NULL},
        {"Sun, 29 Nov 2026 16:24:14 GMT", NULL},
        {"lookup session-db.internal on 10.0.0.10:53: no such host", NULL},
        {"dial tcp: lookup api-token: no such host", NULL},
        {"socks connect tcp 10.0.0.1:1080->session-db:5432: unknown error host unreachable", NULL},
        {"dial tcp 10.0.0.1:443: connect: connection refused", NULL},
        {"read tcp 10.0.0.1:1->10.0.0.2:80: read: connection reset by peer", NULL},
        {"Get \"http://a.test/api/token\": dial tcp 10.0.0.1:80: i/o timeout", NULL},
        {"http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug=\"\"", NULL},
        {"net/http: HTTP/1.x transport connection broken: malformed MIME header: missing colon: \"hello there\"",
         NULL},
        {"rpc error: code = Unauthenticated desc = the token has expired", NULL},
        {"basic authentication is wanted", NULL},
        {"bob@a.test", NULL},
    };

    (void)state;
    CHECK(REDACT_TEXT, rows);
}

static void secrets_in_texts_are_redacted_where_they_stand(void **state)
{
    static const struct row rows[] = {
        /* URLs */
        {"Get \"https://u:p@a.test/x?token=s\": EOF", "Get \"https://[redacted]@a.test/x?token=[redacted]\": EOF"},
        {"<https://a.test/x#s>; rel=\"next\"", "<https://a.test/x#[redacted]>; rel=\"next\""},
        {"lookup bob:s@a.test: no such host", "lookup [redacted]@a.test: no such host"},
        {"503 see https://bob:s", "503 see https://[redacted]"}, /* a finding that has its beginning only */
        /* names and values */
        {"rpc error: code = Internal desc = password=s, try",
         "rpc error: code = Internal desc = password=[redacted], try"},
        {"rpc error: code = Internal desc = invalid token: s here",
         "rpc error: code = Internal desc = invalid token: [redacted] here"},
        {"desc = authorization: Basic abc def", "desc = authorization: [redacted]"},
        {"{\"a\":1,\"token\":\"s\",\"b\":2}", "{\"a\":1,\"token\":\"[redacted]\",\"b\":2}"},
        {"{\\\"token\\\":\\\"s\\\"}", "{\\\"token\\\":\\\"[redacted]\"}"},
        /* lines of messages that an error quotes */
        {"net/http: HTTP/1.x transport connection broken: malformed MIME header: missing colon: \"X-Api-Key a b\"",
         "net/http: HTTP/1.x transport connection broken: malformed MIME header: missing colon: \"X-Api-Key "
         "[redacted]\""},
        {"malformed MIME header: missing colon: \" goes on\"",
         "malformed MIME header: missing colon: \"[redacted]\""},
        {"malformed HTTP response \"Authorization: Bearer a\"",
         "malformed HTTP response \"Authorization: [redacted]\""},
        /* looks */
        {"saw Bearer abc123", "saw Bearer [redacted]"},
        /* one begins in another */
        {"saw Bearer -----BEGIN PRIVATE KEY----- s -----END PRIVATE KEY----- b", "saw Bearer [redacted] b"},
        {"token=-----BEGIN PRIVATE KEY----- s", "token=[redacted]"},
        {"token=Bearer abc123 d", "token=[redacted] d"},
        {"invalid token: password: s d", "invalid token: [redacted] d"},
        {"token:a@s", "[redacted]"},
        {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[redacted]"},
        {"key ghp_0123456789abcdefABCDEF0123456789abcd!", "key [redacted]!"},
        {"a -----BEGIN RSA PRIVATE KEY----- MIIE -----END RSA PRIVATE KEY----- b", "a [redacted] b"},
        {"-----BEGIN PRIVATE KEY----- MIIE", "[redacted]"},
        {"q Q2hlY2tTaWduYXR1cmU5b3JSYW5kb21CeXRlczEyMzQ1Ng== r", "q [redacted] r"},
    };

    (void)state;
    CHECK(REDACT_TEXT, rows);
}

/* ---- fields ---- */

static enum redact_rule rule_of(struct redact *r, const char *name)
{
    return redact_field_of(r, slice_str(name)).rule;
}

static void fields_are_known_by_pattern(void **state)
{
    static const char *const secret[] = {"Authorization",
                                         "Authorization ",
                                         "Proxy-Authorization",
                                         "X-Forwarded-Authorization",
                                         "Cookie",
                                         "set-cookie",
                                         "Cookie2",
                                         "X-Api-Token",
                                         "apikey",
                                         "DD-API-KEY",
                                         "Ocp-Apim-Subscription-Key",
                                         "X-Functions-Key",
                                         "X-XSRF-TOKEN",
                                         "X-Auth-Key",
                                         "CF-Access-Client-Secret",
                                         "X-Goog-Iap-Jwt-Assertion",
                                         "X-Amzn-Oidc-Data",
                                         "X-Session-Id",
                                         "X-Hub-Signature-256",
                                         "Sec-WebSocket-Protocol",
                                         "x_api_key",
                                         "grpc-tags-bin",
                                         "X-Db-Password",
                                         "X-Client-Credentials"};
    static const char *const ordinary[] = {"Host",         "User-Agent",        "Accept",
                                           "Content-Type", "traceparent",       "X-Request-Id",
                                           "Referer",      "Sec-WebSocket-Key", "Idempotency-Key",
                                           "Author",       "Sec-Fetch-Dest",    "Upgrade-Insecure-Requests"};
    struct redact *r = redact_new(&(struct redact_options){0});
    char longest[200];

    (void)state;
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
        if (rule_of(r, secret[i]) != REDACT_RULE_SECRET)
            fail_msg("%s is shown", secret[i]);
    for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++)
        if (rule_of(r, ordinary[i]) != REDACT_RULE_AS)
            fail_msg("%s is not ordinary", ordinary[i]);
    memset(longest, 'a', sizeof longest);
    assert_int_equal(redact_field_of(r, slice_of(longest, 128)).rule, REDACT_RULE_AS);
    assert_int_equal(redact_field_of(r, slice_of(longest, 129)).rule, REDACT_RULE_SECRET);
    assert_int_equal(rule_of(r, "grpc-trace-bin"), REDACT_RULE_KEPT);
    assert_true(redact_field_of(r, SLICE_LIT("Referer")).as == REDACT_URL);
    assert_true(redact_field_of(r, SLICE_LIT(":authority")).as == REDACT_HOST);
    assert_true(redact_field_of(r, SLICE_LIT("x?token=s")).odd_name);
    assert_false(redact_field_of(r, SLICE_LIT("x-token")).odd_name);
    redact_free(r);
}

static void a_copy_of_a_target_looks_like_one(void **state)
{
    struct redact *r = redact_new(&(struct redact_options){0});
    struct redact_field f = redact_field_of(r, SLICE_LIT("X-Original-URL"));
    struct buf b = {0};

    (void)state;
    assert_int_equal(f.rule, REDACT_RULE_TARGET);
    assert_true(slice_eq(redact_by_rule(r, f.rule, SLICE_LIT("/a?b=1"), &b), SLICE_LIT("/a?b=1")));
    assert_true(slice_eq(redact_by_rule(r, f.rule, SLICE_LIT("/a?token=1"), &b), SLICE_LIT("/a?token=[redacted]")));
    assert_true(slice_eq(redact_by_rule(r, f.rule, SLICE_LIT("odd"), &b), SLICE_LIT("[redacted]")));
    buf_fini(&b);
    redact_free(r);
}

/* ---- what users say ---- */

static void patterns_of_users_add_and_take_away(void **state)
{
    static const char *const more[] = {"X-Tenant", "*_shade"}, *const keep[] = {"page-token", "X-*-Token", "*code"};
    static const struct row rows[] = {
        {"/?tenant=a&sun-shade=b&page_token=c", "/?tenant=a&sun-shade=[redacted]&page_token=c"},
        {"/callback?code=1&token=s", "/callback?code=1&token=[redacted]"},
    };
    struct redact *r =
        redact_new(&(struct redact_options){.redact = more, .redact_count = 2, .keep = keep, .keep_count = 3});

    (void)state;
    check(r, REDACT_URL, rows, 2);
    assert_int_equal(rule_of(r, "x-tenant"), REDACT_RULE_SECRET);
    assert_int_equal(rule_of(r, "x-tenants"), REDACT_RULE_AS);
    assert_int_equal(rule_of(r, "X-Next-Token"), REDACT_RULE_KEPT);
    assert_int_equal(rule_of(r, "X-Api-Key"), REDACT_RULE_SECRET);
    redact_free(r);
}

static void show_secrets_shows_them(void **state)
{
    struct redact *r = redact_new(&(struct redact_options){.show_secrets = true});
    struct buf b = {0};
    struct slice url = SLICE_LIT("http://u:p@a/?token=s");

    (void)state;
    assert_ptr_equal(redact_text(r, REDACT_URL, url, &b).p, url.p);
    assert_int_equal(rule_of(r, "Authorization"), REDACT_RULE_KEPT);
    redact_free(r);
}

/* Time must grow with the length only: what each of these repeats begins something that may go on to the end. */
static void hostile_texts_take_no_longer_than_long_ones(void **state)
{
    static const char *const units[] = {"code=",  "//a:", "a:b=", "%2F%2Fa", "%252F%252F%2F%2F//", "?a=b:", "eyJ-",
                                        "\"a\":", "#",    "=",    "token: ", "-----BEGIN",         "%25",   "Bearer ",
                                        "a@",     "sv='"};
    enum { BYTES = 1 << 20 };
    char *text = malloc(BYTES);
    struct redact *r = redact_new(&(struct redact_options){0});
    struct buf b = {0};

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t n = strlen(units[i]);
        for (size_t at = 0; at < BYTES; at++)
            text[at] = units[i][at % n];
        clock_t before = clock();
        (void)redact_text(r, REDACT_URL, slice_of(text, BYTES), &b);
        (void)redact_text(r, REDACT_TEXT, slice_of(text, BYTES), &b);
        if (clock() - before > 5 * CLOCKS_PER_SEC)
            fail_msg("%s takes %ld ms", units[i], (long)(clock() - before) / (CLOCKS_PER_SEC / 1000));
    }
    buf_fini(&b);
    redact_free(r);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_keep_what_is_no_secret),
        cmocka_unit_test(secrets_in_urls_are_redacted_where_they_stand),
        cmocka_unit_test(hosts_have_no_user),
        cmocka_unit_test(keys_of_queries_are_known_by_pattern),
        cmocka_unit_test(texts_keep_what_is_no_secret),
        cmocka_unit_test(secrets_in_texts_are_redacted_where_they_stand),
        cmocka_unit_test(fields_are_known_by_pattern),
        cmocka_unit_test(a_copy_of_a_target_looks_like_one),
        cmocka_unit_test(patterns_of_users_add_and_take_away),
        cmocka_unit_test(show_secrets_shows_them),
        cmocka_unit_test(hostile_texts_take_no_longer_than_long_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
