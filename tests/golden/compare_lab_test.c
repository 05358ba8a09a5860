/* `compare` over every scenario of the lab: what it says differs is known, with its reason, and nothing else does. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab_ndjson.h"
#include "support/cmocka_all.h"
#include "unit/cli/program.h"

static const char *const scenarios[] = {
    "fresh",         "reuse",    "dnserr",   "dnserr-two", "dnsdrop-two", "dnsmisc-two", "search-k8s",
    "search-k8scgo", "coalesce", "connerr",  "syndrop",    "etimedout",   "icmphost",    "localerr",
    "heyeballs",     "proxy",    "socks",    "expect",     "info1xx",     "redirect",    "stale",
    "srvclose",      "timeouts", "early",    "noreuse",    "pool",        "latebind",    "cgo-glibc",
    "icmp",          "hosts",    "bighdr",   "cancelbody", "tls13",       "tls12",       "badcert13",
    "badcert12",     "tlsalert", "tlsplain", "httpsproxy", "h2",          "h2err",
};

/* Each as often as it stands here. */
static const struct difference {
    const char *what, *why;
} known[] = {
    {"badcert13: wrongname only live", "its client was told to expect another name than the URL's"},
    {"badcert13: tls only on the wire", "the same call, under the name that it sent"},
    {"cancelbody: bodyreaderr WroteRequest errors differ", "the application's own error"},
    {"cancelbody: shortbody only live", "it closed before it sent a byte: a port check looks the same"},
    {"cgo-glibc: empty DNSDone errors differ", "Go's wording before 1.21, with glibc's resolver"},
    {"cgo-glibc: empty errors differ", "Go's wording before 1.21, with glibc's resolver"},
    {"dnsdrop-two: dialtimeout only live", "joined a lookup that another request had begun: it sent no packet"},
    {"etimedout: connect only on the wire", "a plain dial that fills the server's backlog"},
    {"heyeballs: he only live", "the capture ends before it began"},
    {"heyeballs: connect only on the wire", "a plain dial that fills the server's backlog"},
    {"httpsproxy: tls only on the wire", "the proxy's own connection onwards"},
    {"icmphost: connect only on the wire", "a plain dial that shows which errors the kernel gives"},
    {"icmphost: connect only on the wire", "a plain dial that shows which errors the kernel gives"},
    {"icmphost: connect only on the wire", "a plain dial that shows which errors the kernel gives"},
    {"icmphost: connect only on the wire", "a plain dial that shows which errors the kernel gives"},
    {"info1xx: 103x6 Got1xxResponse only on the wire", "Go 1.19 stops at the sixth interim response"},
    {"info1xx: 103x6 errors differ", "Go 1.19 stops at the sixth interim response"},
    {"latebind: lb1 ConnectStart only live", "a dial that serves another request 350 ms later"},
    {"latebind: lb1 ConnectDone only live", "a dial that serves another request 350 ms later"},
    {"localerr: noroute only live", "no packet left the machine"},
    {"localerr: unreachable-route only live", "no packet left the machine"},
    {"localerr: emfile only live", "no packet left the machine"},
    {"info1xx: 103x6 PutIdleConn only on the wire", "closed at once after a body: an unread one looks the same"},
    {"noreuse: maxidle-1 PutIdleConn only on the wire", "closed at once after a body: an unread one looks the same"},
    {"noreuse: nodrain PutIdleConn only on the wire", "the body was closed unread when all of it had arrived"},
    {"pool: maxidle0 PutIdleConn errors differ", "a full pool and keep-alive turned off look alike"},
    {"pool: closeidle PutIdleConn errors differ", "a closed pool and keep-alive turned off look alike"},
    {"proxy: tls only on the wire", "the proxy's own connection onwards"},
    {"proxy: tls only on the wire", "the proxy's own connection onwards"},
    {"socks: http1 only on the wire", "the SOCKS server's own connection onwards"},
    {"socks: tls only on the wire", "the SOCKS server's own connection onwards"},
    {"syndrop: connect only on the wire", "a plain dial that fills the server's backlog"},
};

enum { KNOWN = sizeof known / sizeof *known, WHAT_MAX = 256 };

static bool seen[KNOWN];
static size_t found, unknown;

static void note(const char *what)
{
    found++;
    for (size_t i = 0; i < KNOWN; i++)
        if (!seen[i] && strcmp(known[i].what, what) == 0) {
            seen[i] = true;
            return;
        }
    printf("    not known: %s\n", what);
    unknown++;
}

static const char *text(const cJSON *object, const char *name)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));

    return s != NULL ? s : "";
}

static bool is_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItem(object, name));
}

/* The scenario's name for the request, without the number behind it. */
static void note_live(const char *scenario, const cJSON *live, const char *what)
{
    char line[WHAT_MAX];
    const char *tag = text(live, "trace_id");

    snprintf(line, sizeof line, "%s: %.*s %s", scenario, (int)strcspn(tag, "#"), tag, what);
    note(line);
}

static void note_hook(const char *scenario, const cJSON *live, const cJSON *hook)
{
    const char *missing = text(hook, "missing"), *how = NULL;
    char what[128];

    if (*missing != '\0')
        how = *text(hook, "excuse") != '\0' ? NULL : strcmp(missing, "live") == 0 ? "only on the wire" : "only live";
    else if (!is_true(hook, "in_bounds"))
        how = "out of bounds";
    else if (is_true(hook, "errors_differ"))
        how = "errors differ";
    else if (is_true(hook, "values_differ"))
        how = "values differ";
    if (how == NULL)
        return;
    snprintf(what, sizeof what, "%s %s", text(hook, "hook"), how);
    note_live(scenario, live, what);
}

static void note_pair(const char *scenario, const cJSON *pair)
{
    const cJSON *live = cJSON_GetObjectItem(pair, "live"), *hook;
    size_t before = found;

    if (is_true(pair, "cut")) { /* nothing of it differs */
        assert_true(is_true(pair, "agree"));
        return;
    }
    cJSON_ArrayForEach(hook, cJSON_GetObjectItem(pair, "hooks"))
    {
        note_hook(scenario, live, hook);
    }
    if (is_true(pair, "errors_differ"))
        note_live(scenario, live, "errors differ");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(pair, "order")), 0);
    assert_int_equal(is_true(pair, "agree"), found == before);
}

static void judge(const char *scenario, const cJSON *json, int status)
{
    const cJSON *item;
    size_t before = found;
    char line[WHAT_MAX];

    cJSON_ArrayForEach(item, cJSON_GetObjectItem(json, "pairs"))
    {
        note_pair(scenario, item);
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(json, "live_only"))
    {
        note_live(scenario, item, "only live");
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(json, "wire_only"))
    {
        snprintf(line, sizeof line, "%s: %s only on the wire", scenario, text(item, "kind"));
        note(line);
    }
    assert_int_equal(status, found > before);
}

static size_t pairs_of(const cJSON *json)
{
    return (size_t)cJSON_GetArraySize(cJSON_GetObjectItem(json, "pairs"));
}

static void only_what_is_known_differs(void **state)
{
    char live[] = "/tmp/p2t-lab-XXXXXX";
    int fd = mkstemp(live);
    size_t pairs = 0;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        char ev[512], line[1024];
        struct program p = {0};
        snprintf(ev, sizeof ev, P2T_LAB "/%s.ev", scenarios[i]);
        lab_write_live(ev, live);
        snprintf(line, sizeof line, "compare -T json --live %s " P2T_LAB "/%s.pcap", live, scenarios[i]);
        program_run(&p, line);
        cJSON *json = cJSON_Parse((const char *)p.out.p);
        assert_non_null(json);
        judge(scenarios[i], json, p.status);
        pairs += pairs_of(json);
        cJSON_Delete(json);
        program_free(&p);
    }
    unlink(live);
    for (size_t i = 0; i < KNOWN; i++)
        if (!seen[i])
            fail_msg("no longer so: %s", known[i].what);
    assert_int_equal(unknown, 0);
    assert_true(pairs > 140);
    printf("%zu pairs, %zu known differences\n", pairs, found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_known_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
