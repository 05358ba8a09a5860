/* Captures full of secrets, made for this: no output of any format may show one, and what is none must stay readable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "unit/cli/program.h"

struct capture {
    const char *name;
    const char *const *secrets, *const *shown;
};

static const char *const url_secrets[] = {"SECRET-", NULL};
static const char *const url_shown[] = {"http://svc.local/1",
                                        "[redacted]@svc.local/3",
                                        "/5?a=1;token=[redacted]",
                                        "/6?next=https%3A%2F%2Fx%2F%3Faccess_token%3D[redacted]",
                                        "/7;jsessionid=[redacted]",
                                        "/8?state=1#[redacted]",
                                        "CONNECT",
                                        NULL};
static const char *const header_secrets[] = {"LEAK", NULL};
static const char *const header_shown[] = {"svc.local", "Go-http-client/1.1", NULL};
static const char *const path_secrets[] = {"TOPSECRET", NULL};
static const char *const path_shown[] = {"/cb?access_token=[redacted]", NULL};
static const char *const query_secrets[] = {"secret&", "123secret", "13secret", "YWRtaW46aHVudGVyMg", NULL};
static const char *const query_shown[] = {"/slow?ms=1&api_key=[redacted]", NULL};

static const struct capture captures[] = {
    {"url-secrets", url_secrets, url_shown},
    {"header-secrets", header_secrets, header_shown},
    {"h2-path-token", path_secrets, path_shown},
    {"query-secrets", query_secrets, query_shown},
};

enum { CAPTURES = sizeof captures / sizeof *captures };

static bool says(const struct program *p, const char *text)
{
    return strstr((const char *)p->out.p, text) != NULL || strstr((const char *)p->err.p, text) != NULL;
}

static void run(struct program *p, const char *options, const struct capture *c)
{
    char line[1024];

    *p = (struct program){0};
    snprintf(line, sizeof line, "%s --all -v " P2T_GOLDEN "/secrets/%s.pcap", options, c->name);
    program_run(p, line);
}

static void assert_hidden(const struct program *p, const char *options, const struct capture *c)
{
    for (const char *const *s = c->secrets; *s != NULL; s++)
        if (says(p, *s))
            fail_msg("%s shows %s of %s", options, *s, c->name);
}

static void no_format_shows_a_secret(void **state)
{
    static const char *const formats[] = {"-T text",  "-T ndjson", "-T json", "-T trace-result", "-T csv",
                                          "-T lines", "-T har",    "-T otlp", "-T perfetto"};
    struct program p;

    (void)state;
    for (size_t i = 0; i < CAPTURES; i++)
        for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
            run(&p, formats[f], &captures[i]);
            assert_int_equal(p.status, 0);
            assert_hidden(&p, formats[f], &captures[i]);
            program_free(&p);
        }
}

static void what_is_no_secret_stays(void **state)
{
    struct program p;

    (void)state;
    for (size_t i = 0; i < CAPTURES; i++) {
        run(&p, "-T ndjson", &captures[i]);
        for (const char *const *s = captures[i].shown; *s != NULL; s++)
            if (!says(&p, *s))
                fail_msg("%s is not to be read of %s", *s, captures[i].name);
        program_free(&p);
    }
}

/* So that the tests above look for what is there. */
static void the_secrets_are_there(void **state)
{
    struct program p;

    (void)state;
    for (size_t i = 0; i < CAPTURES; i++) {
        run(&p, "-T ndjson --show-secrets", &captures[i]);
        for (const char *const *s = captures[i].secrets; *s != NULL; s++)
            if (!says(&p, *s))
                fail_msg("%s is not in %s", *s, captures[i].name);
        program_free(&p);
    }
}

/* The live side has them all. */
static void compare_shows_none(void **state)
{
    static const char *const formats[] = {"text", "json", "csv"};
    char live[] = "/tmp/p2t-secrets-XXXXXX", options[128];
    struct program p;

    (void)state;
    assert_true(close(mkstemp(live)) == 0);
    for (size_t i = 0; i < CAPTURES; i++) {
        assert_int_equal(truncate(live, 0), 0);
        p = (struct program){.stdout_path = live};
        snprintf(options, sizeof options, "-T ndjson --show-secrets --all " P2T_GOLDEN "/secrets/%s.pcap",
                 captures[i].name);
        program_run(&p, options);
        program_free(&p);
        for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
            snprintf(options, sizeof options, "compare -T %s --live %s", formats[f], live);
            run(&p, options, &captures[i]);
            if (p.status != 0)
                fail_msg("%s: the two sides differ: %s", captures[i].name, (const char *)p.out.p);
            assert_hidden(&p, options, &captures[i]);
            program_free(&p);
        }
    }
    unlink(live);
}

static void names_are_added_and_taken_away(void **state)
{
    struct program p;

    (void)state;
    run(&p, "-T ndjson --redact user-* --keep X-Goog-* --keep ms", &captures[1]);
    assert_false(says(&p, "Go-http-client"));
    assert_true(says(&p, "LEAK4")); /* X-Goog-Iap-Jwt-Assertion */
    assert_false(says(&p, "LEAK5"));
    program_free(&p);
    run(&p, "-T ndjson --redact ms --keep s?s", &captures[3]);
    assert_true(says(&p, "?ms=[redacted]&"));
    assert_true(says(&p, "&sas=q13secret&"));
    program_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_format_shows_a_secret),       cmocka_unit_test(what_is_no_secret_stays),
        cmocka_unit_test(the_secrets_are_there),          cmocka_unit_test(compare_shows_none),
        cmocka_unit_test(names_are_added_and_taken_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
