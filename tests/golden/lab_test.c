/* Every scenario of the lab: rebuilt timelines against the live hooks, TLS without keys.
 *
 * Truth is the .ev file beside each capture. Three things are asked: is every live hook there, is every rebuilt one
 * live, and did each live one fire within the bounds that were claimed for it, give or take a millisecond of
 * scheduling. What the wire cannot show is named below, with the reason. */
#include "lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

static const int64_t TOLERANCE_NS = 1000000;
/* Further apart, and outside of the bounds, two events are not the same one. */
static const int64_t NEAR_NS = 100000000;

static const char *const scenarios[] = {
    "fresh",         "reuse",    "dnserr",   "dnserr-two", "dnsdrop-two", "dnsmisc-two", "search-k8s",
    "search-k8scgo", "coalesce", "connerr",  "syndrop",    "etimedout",   "icmphost",    "localerr",
    "heyeballs",     "proxy",    "socks",    "expect",     "info1xx",     "redirect",    "stale",
    "srvclose",      "timeouts", "early",    "noreuse",    "pool",        "latebind",    "cgo-glibc",
    "icmp",          "hosts",    "bighdr",   "cancelbody", "tls13",       "tls12",       "badcert13",
    "badcert12",     "tlsalert", "tlsplain", "httpsproxy", "h2",          "h2err",
};

/* What the wire cannot show, or what belongs to TLS. tag "*": every request of the scenario; hook -1: every hook. */
struct exception {
    const char *scenario, *tag;
    int hook;
    const char *why;
};

static const struct exception exceptions[] = {
#include "lab_exceptions.inc"
};

/* Without keys nothing inside the encryption can be told apart. */
static bool needs_plain_text(enum p2t_hook hook)
{
    return hook == P2T_HOOK_WROTE_HEADER_FIELD || hook == P2T_HOOK_WAIT_100_CONTINUE ||
           hook == P2T_HOOK_GOT_100_CONTINUE || hook == P2T_HOOK_GOT_1XX_RESPONSE;
}

static bool excepted(const char *scenario, const struct lab_event *ev)
{
    if (ev->encrypted && needs_plain_text(ev->hook))
        return true;
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++) {
        const struct exception *x = &exceptions[i];
        if (strcmp(x->scenario, scenario) == 0 && (x->tag[0] == '*' || strcmp(x->tag, ev->tag) == 0) &&
            (x->hook < 0 || x->hook == (int)ev->hook))
            return true;
    }
    return false;
}

struct score {
    size_t live, found, rebuilt, true_ones, in_bounds, excepted;
};

/* What encrypted records only let estimate is scored apart. */
enum part { SURE, ESTIMATED_HTTP1, ESTIMATED_HTTP2, PARTS };

static enum part part_of(const char *scenario, const struct lab_event *ev)
{
    if (!ev->estimated)
        return SURE;
    return strncmp(scenario, "h2", 2) == 0 ? ESTIMATED_HTTP2 : ESTIMATED_HTTP1;
}

/* Rebuilt exchanges that are no request of the scenario's client. key: of any event of the exchange. */
static const struct {
    const char *scenario, *key, *why;
} strangers[] = {
    {"socks", "target.invalid:80", "the SOCKS server's own connection onwards"},
    {"socks", "127.0.0.1:40454", "the SOCKS server's own connection onwards"},
    {"proxy", "127.0.0.1:48448", "the proxy's own connection onwards"},
    {"httpsproxy", "127.0.0.1:40466", "the proxy's own connection onwards"},
    {"badcert13", "other.test:8443", "the name that its client was told to expect, and sent"},
    {"info1xx", "103", "Go 1.19 stops at the sixth interim response; later versions do not"},
};

static bool is_strange(const char *scenario, const struct lab_list *rebuilt, size_t owner)
{
    for (size_t i = 0; i < rebuilt->n; i++)
        for (size_t k = 0; k < sizeof strangers / sizeof *strangers; k++)
            if (rebuilt->events[i].owner == owner && strcmp(strangers[k].scenario, scenario) == 0 &&
                strcmp(strangers[k].key, rebuilt->events[i].key) == 0)
                return true;
    return false;
}

/* "bh fill" lines: plain dials with a timeout of 300 ms that fill the server's backlog before a request. */
static bool fills_the_backlog(const struct lab_list *live, const struct lab_list *rebuilt, size_t owner)
{
    const struct lab_event *first = NULL;

    for (size_t i = 0; i < rebuilt->n; i++) {
        if (rebuilt->events[i].owner != owner)
            continue;
        if (rebuilt->events[i].match != NULL)
            return false;
        if (first == NULL)
            first = &rebuilt->events[i];
    }
    for (size_t i = 0; i < live->fills_n; i++)
        if (first->time_ns <= live->fills[i] && first->time_ns >= live->fills[i] - 310000000)
            return true;
    return false;
}

/* Some scenarios' clients did not log this hook at all. */
static bool logs_header_fields(const struct lab_list *live)
{
    for (size_t i = 0; i < live->n; i++)
        if (live->events[i].hook == P2T_HOOK_WROTE_HEADER_FIELD)
            return true;
    return false;
}

static int64_t distance(const struct lab_event *a, const struct lab_event *b)
{
    return a->time_ns > b->time_ns ? a->time_ns - b->time_ns : b->time_ns - a->time_ns;
}

/* Of a lookup that failed only the name is on the wire: the port it was for is not. */
static bool same_key(const struct lab_event *ev, const struct lab_event *live)
{
    size_t n = strlen(ev->key);

    if (ev->hook == P2T_HOOK_GET_CONN && strchr(ev->key, ':') == NULL)
        return strncasecmp(ev->key, live->key, n) == 0 && live->key[n] == ':';
    if (ev->hook == P2T_HOOK_TLS_HANDSHAKE_DONE && strcmp(ev->key, "hidden") == 0)
        return true;
    return strcasecmp(ev->key, live->key) == 0;
}

static bool within_bounds(const struct lab_event *live, const struct lab_event *ev)
{
    return (!ev->has_earliest || live->time_ns >= ev->earliest_ns - TOLERANCE_NS) &&
           (!ev->has_latest || live->time_ns <= ev->latest_ns + TOLERANCE_NS);
}

/* 2: an event of the same request was already found in this exchange; 1: none was; 0: one of another request. */
static int kinship(const struct lab_list *rebuilt, const struct lab_event *ev, const struct lab_event *live)
{
    for (size_t i = 0; i < rebuilt->n; i++) {
        const struct lab_event *other = &rebuilt->events[i];
        if (other->owner == ev->owner && other->match != NULL)
            return other->match->owner == live->owner ? 2 : 0;
    }
    return 1;
}

/* One of the same request before others, then one whose bounds hold the live event, then the nearest. */
static struct lab_event *best_match(struct lab_list *rebuilt, const struct lab_event *live)
{
    struct lab_event *best = NULL;
    int best_rank = -1;

    for (size_t i = 0; i < rebuilt->n; i++) {
        struct lab_event *ev = &rebuilt->events[i];
        if (ev->match != NULL || ev->hook != live->hook || !same_key(ev, live))
            continue;
        bool holds = within_bounds(live, ev);
        if (!holds && distance(ev, live) > NEAR_NS)
            continue;
        int rank = 2 * kinship(rebuilt, ev, live) + holds;
        if (rank > best_rank || (rank == best_rank && distance(ev, live) < distance(best, live))) {
            best = ev;
            best_rank = rank;
        }
    }
    return best;
}

static void complain(const char *scenario, const char *what, const struct lab_event *ev)
{
    printf("    %s: %s: %s %s %s at %.6f\n", scenario, what, ev->tag, p2t_hook_name(ev->hook), ev->key,
           (double)(ev->time_ns % 1000000000000) / 1e9);
}

static void match_live(const char *scenario, struct lab_list *live, struct lab_list *rebuilt,
                       struct score scores[PARTS])
{
    for (size_t i = 0; i < live->n; i++) {
        struct lab_event *ev = &live->events[i];
        struct score *score = &scores[part_of(scenario, ev)];
        struct lab_event *hit = excepted(scenario, ev) ? NULL : best_match(rebuilt, ev);
        if (hit == NULL && (excepted(scenario, ev) || ev->time_ns > rebuilt->last_packet_ns)) {
            score->excepted++;
            continue;
        }
        score->live++;
        if (hit == NULL) {
            complain(scenario, "not rebuilt", ev);
            continue;
        }
        ev->match = hit;
        hit->match = ev;
        score->found++;
        if (within_bounds(ev, hit))
            score->in_bounds++;
        else
            complain(scenario, "out of bounds", ev);
    }
}

static void count_rebuilt(const char *scenario, const struct lab_list *live, struct lab_list *rebuilt,
                          struct score scores[PARTS])
{
    bool fields = logs_header_fields(live);

    for (size_t i = 0; i < rebuilt->n; i++) {
        struct lab_event *ev = &rebuilt->events[i];
        if (ev->hook == P2T_HOOK_WROTE_HEADER_FIELD && !fields)
            continue;
        if (ev->match == NULL &&
            (is_strange(scenario, rebuilt, ev->owner) || fills_the_backlog(live, rebuilt, ev->owner)))
            continue;
        struct score *score = &scores[part_of(scenario, ev)];
        score->rebuilt++;
        if (ev->match != NULL)
            score->true_ones++;
        else
            complain(scenario, "never fired", ev);
    }
}

/* A rebuilt exchange tells of one live request. */
static size_t mixed_exchanges(const char *scenario, const struct lab_list *rebuilt)
{
    size_t mixed = 0;

    for (size_t i = 1; i < rebuilt->n; i++) {
        const struct lab_event *a = &rebuilt->events[i - 1], *b = &rebuilt->events[i];
        if (a->owner != b->owner || a->match == NULL || b->match == NULL || a->match->owner == b->match->owner)
            continue;
        complain(scenario, "mixed with the request before it", b->match);
        mixed++;
    }
    return mixed;
}

/* src/doc/hooks.md 0.4: what never changes places within one attempt. */
static void check_order(const char *scenario, const struct lab_list *rebuilt)
{
    static const int lane[P2T_HOOK_COUNT] = {
        [P2T_HOOK_GET_CONN] = 1,           [P2T_HOOK_DNS_START] = 2,
        [P2T_HOOK_DNS_DONE] = 3,           [P2T_HOOK_TLS_HANDSHAKE_START] = 5,
        [P2T_HOOK_TLS_HANDSHAKE_DONE] = 5, [P2T_HOOK_CONNECT_START] = 4,
        [P2T_HOOK_GOT_CONN] = 5,           [P2T_HOOK_WROTE_HEADER_FIELD] = 6,
        [P2T_HOOK_WROTE_HEADERS] = 7,      [P2T_HOOK_WAIT_100_CONTINUE] = 8,
        [P2T_HOOK_WROTE_REQUEST] = 9,      [P2T_HOOK_PUT_IDLE_CONN] = 10,
    };
    int last = 0;

    for (size_t i = 0; i < rebuilt->n; i++) {
        const struct lab_event *ev = &rebuilt->events[i];
        if (i > 0 && rebuilt->events[i - 1].owner != ev->owner)
            last = 0;
        int place = lane[ev->hook];
        if (ev->hook == P2T_HOOK_CONNECT_DONE && strstr(ev->key, " ok") != NULL)
            place = lane[P2T_HOOK_CONNECT_START];
        if (place == 0)
            continue;
        if (place < last)
            fail_msg("%s: %s %s comes too late", scenario, p2t_hook_name(ev->hook), ev->key);
        last = place;
    }
}

static void add(struct score *sum, const struct score *s)
{
    sum->live += s->live;
    sum->found += s->found;
    sum->rebuilt += s->rebuilt;
    sum->true_ones += s->true_ones;
    sum->in_bounds += s->in_bounds;
    sum->excepted += s->excepted;
}

static void print_score(const char *name, const struct score *s)
{
    printf("%-14s live %4zu found %4zu  rebuilt %4zu true %4zu  in bounds %4zu  not on the wire %zu\n", name, s->live,
           s->found, s->rebuilt, s->true_ones, s->in_bounds, s->excepted);
}

static void rebuilt_timelines_agree_with_the_live_hooks(void **state)
{
    struct score sums[PARTS] = {{0}}, *sum = &sums[SURE];
    size_t mixed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        char path[512];
        struct score s[PARTS] = {{0}};
        snprintf(path, sizeof path, P2T_LAB "/%s.ev", scenarios[i]);
        struct lab_list live = lab_live(path);
        snprintf(path, sizeof path, P2T_LAB "/%s.pcap", scenarios[i]);
        struct lab_list rebuilt = lab_rebuilt(path);
        match_live(scenarios[i], &live, &rebuilt, s);
        count_rebuilt(scenarios[i], &live, &rebuilt, s);
        mixed += mixed_exchanges(scenarios[i], &rebuilt);
        check_order(scenarios[i], &rebuilt);
        print_score(scenarios[i], &s[SURE]);
        for (int part = SURE; part < PARTS; part++) {
            if (part != SURE && s[part].live > 0)
                print_score("  estimated", &s[part]);
            add(&sums[part], &s[part]);
        }
        lab_free(&live);
        lab_free(&rebuilt);
    }
    print_score("all", sum);
    print_score("estimated h1", &sums[ESTIMATED_HTTP1]);
    print_score("estimated h2", &sums[ESTIMATED_HTTP2]);
    assert_true(sum->live > 1000);
    assert_true(sum->found * 100 >= sum->live * 99);
    assert_true(sum->true_ones * 100 >= sum->rebuilt * 99);
    assert_int_equal(sum->in_bounds, sum->found);
    assert_int_equal(mixed, 0);
    assert_true(sums[ESTIMATED_HTTP1].live > 30 && sums[ESTIMATED_HTTP2].live > 40);
    for (int part = ESTIMATED_HTTP1; part < PARTS; part++) {
        assert_true(sums[part].found * 100 >= sums[part].live * 95);
        assert_true(sums[part].true_ones * 100 >= sums[part].rebuilt * 95);
        assert_true(sums[part].in_bounds * 100 >= sums[part].found * 95);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rebuilt_timelines_agree_with_the_live_hooks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
