/* Captures that begin inside connections, at every packet: what is left of them tells of no failure that was none. */
#include <stdio.h>
#include <string.h>

#include "golden/cut.h"
#include "support/cmocka_all.h"

enum { TOLD_MAX = 512 };

struct told {
    char client[64];
    uint64_t asked; /* the packet of the whole capture where the request's head ended; 0: none was read */
    int status;
    enum p2t_outcome outcome;
};

struct result {
    struct told told[TOLD_MAX];
    size_t n;
};

static bool is_failure(enum p2t_outcome o)
{
    return o != P2T_OUTCOME_OK && o != P2T_OUTCOME_INCOMPLETE;
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct result *r = ctx;

    if (x->connection == NULL)
        return 0;
    assert_true(r->n < TOLD_MAX);
    struct told *t = &r->told[r->n++];
    *t = (struct told){.status = x->status, .outcome = x->outcome};
    snprintf(t->client, sizeof t->client, "%.*s", (int)x->connection->client.n, x->connection->client.p);
    for (size_t i = 0; i < x->event_count; i++)
        if (x->events[i].hook == P2T_HOOK_WROTE_HEADERS)
            t->asked = x->events[i].evidence[0].packet;
    return 0;
}

static const struct told *find(const struct result *whole, const struct told *t, size_t cut)
{
    for (size_t i = 0; i < whole->n; i++)
        if (whole->told[i].asked == t->asked + cut && strcmp(whole->told[i].client, t->client) == 0)
            return &whole->told[i];
    return NULL;
}

static void no_failure_is_made_up(const char *name)
{
    static struct cut_capture capture;
    static struct result whole, rest;
    char path[512];
    size_t failures = 0;

    snprintf(path, sizeof path, "%s/lab/%s.pcap", P2T_GOLDEN, name);
    cut_load(&capture, path, NULL);
    whole.n = 0;
    cut_run(&capture, 0, 0, on_exchange, &whole);
    for (size_t n = 1; n < capture.packets; n++) {
        rest.n = 0;
        cut_run(&capture, 0, n, on_exchange, &rest);
        for (size_t i = 0; i < rest.n; i++) {
            const struct told *t = &rest.told[i], *truth = find(&whole, t, n);
            if (t->asked == 0)
                continue;
            if (truth == NULL ? is_failure(t->outcome) : is_failure(t->outcome) && t->outcome != truth->outcome)
                fail_msg("%s without its first %zu packets: the request at packet %llu has outcome %d", name, n,
                         (unsigned long long)t->asked, (int)t->outcome);
            if (truth != NULL && t->status != 0)
                assert_int_equal(t->status, truth->status);
            failures += is_failure(t->outcome);
        }
    }
    assert_true(failures > 0); /* those that are true are told */
    assert_int_equal(cut_done(&capture), 0);
}

/* Joined behind its handshake, a connection shows by its records' lengths that it speaks HTTP/2: its control frames are no
 * requests. What is told of each cut is held against what the keys show. */
static void control_frames_are_no_requests(void **state)
{
    static struct cut_capture capture;
    static struct result whole, rest;
    size_t told = 0, none = 0;

    (void)state;
    cut_load(&capture, P2T_GOLDEN "/captures/h2-far-30-go-go.pcap.gz", P2T_GOLDEN "/captures/h2-far-30-go-go.keys");
    whole.n = 0;
    cut_run(&capture, 0, 0, on_exchange, &whole);
    capture.keylog = NULL;
    for (size_t n = 60; n < capture.packets; n += 5) { /* all handshakes are over */
        rest.n = 0;
        cut_run(&capture, 0, n, on_exchange, &rest);
        for (size_t i = 0; i < rest.n; i++)
            if (rest.told[i].asked != 0) {
                told++;
                none += find(&whole, &rest.told[i], n) == NULL;
                assert_false(is_failure(rest.told[i].outcome));
            }
    }
    assert_int_equal(cut_done(&capture), 0);
    if (told < 1000 || none * 20 > told)
        fail_msg("of %zu requests %zu are none", told, none);
}

static void plain_http(void **state)
{
    (void)state;
    no_failure_is_made_up("srvclose");
}

static void http2_in_tls(void **state)
{
    (void)state;
    no_failure_is_made_up("h2err");
}

static void handshakes_that_fail(void **state)
{
    (void)state;
    no_failure_is_made_up("tlsalert");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_http),
        cmocka_unit_test(http2_in_tls),
        cmocka_unit_test(handshakes_that_fail),
        cmocka_unit_test(control_frames_are_no_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
