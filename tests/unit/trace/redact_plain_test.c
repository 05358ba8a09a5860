/* The one look at URLs, held against the whole scan. */
#include "support/cmocka_all.h"

#include "trace/redact/plain.h"
#include "trace/redact/scan.h"

static struct names *default_names(void)
{
    const struct redact_options options = {0};
    struct names *names = names_new(&options);

    assert_non_null(names);
    return names;
}

/* Whatever is found plain has nothing to hide; the same holds when it comes again. True: it was found plain. */
static bool agrees(struct plain *p, const struct names *names, struct slice url)
{
    struct buf b = {0};
    bool plain = plain_url(p, names, url), hidden = scan_text(names, REDACT_URL, url, &b);

    buf_fini(&b);
    if (plain && hidden)
        fail_msg("not plain: %.*s", (int)url.n, (const char *)url.p);
    return plain;
}

static void usual_urls_are_plain(void **state)
{
    static const char *const urls[] = {"/", "/api/v1/search/251?q=term816", "/items/393?page=46&sort=price",
                                       "/a-b;v=1/x,y?z", "//host/a/b?max_tokens=5"};
    struct names *names = default_names();
    struct plain p = {0};

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        assert_true(agrees(&p, names, slice_str(urls[i])));
    names_free(names);
}

static void what_may_be_secret_is_not_plain(void **state)
{
    static const char *const urls[] = {"/a?token=b",
                                       "/a?x=1&Access_Token=b",
                                       "/a;jsessionid=b",
                                       "/cb?code=1&state=2",
                                       "/a?sv=1&sig=2",
                                       "//user:b@host/",
                                       "/a#b",
                                       "/a?next=%2Fb%3Ftoken%3Dc",
                                       "/reset/eyJhbGciOiJIUzI1NiJ9",
                                       "/a/-----BEGIN/x/-----END",
                                       "/bot/Q7xkP2mZ9wLrT4vB8nYc3dFgH6jK1sAeU5tR0qWi"};
    struct names *names = default_names();
    struct plain p = {0};

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        assert_false(agrees(&p, names, slice_str(urls[i])));
    names_free(names);
}

static unsigned next_random(unsigned *seed, unsigned below)
{
    *seed = *seed * 1103515245 + 12345;
    return (*seed >> 16) % below;
}

/* Any sequence of the pieces that secrets and their surroundings are made of. */
static void no_secret_is_overlooked(void **state)
{
    static const char *const pieces[] = {
        "/",          "?",        "&",      "=",     ";",          ",",          "-",
        "--",         ":",        "@",      "#",     "%",          "%3D",        "%2F",
        "'",          "\"",       " ",      "(",     "a",          "Z",          "7",
        "_",          ".",        "+",      "token", "code",       "state",      "sv",
        "sig",        "page",     "sid",    "pass",  "key",        "session",    "login",
        "callback",   "eyJ",      "AKIA",   "ghp_",  "0123456789", "abcdefghij", "Q7xkP2mZ9wLrT4vB8nYc",
        "-----BEGIN", "-----END", "Bearer", "user",  "host.test",  "//",         "https:"};
    struct names *names = default_names();
    struct plain p = {0};
    unsigned seed = 1, plain = 0;

    (void)state;
    for (int round = 0; round < 300000; round++) {
        char url[256] = "";
        for (unsigned n = 1 + next_random(&seed, 9), k = 0; k < n; k++)
            strcat(url, pieces[next_random(&seed, sizeof pieces / sizeof *pieces)]);
        plain += agrees(&p, names, slice_str(url));
    }
    assert_in_range(plain, 10000, 200000);
    names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_urls_are_plain),
        cmocka_unit_test(what_may_be_secret_is_not_plain),
        cmocka_unit_test(no_secret_is_overlooked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
