/* How far what is estimated without keys is from what they show: each capture runs with its secrets and without.
 *
 * usage: tls_estimates CAPTURE KEYLOG...       the table, and exit 1 where it is below the bar
 *        tls_estimates --far MS CAPTURE KEYLOG...
 *                                             the same of HTTP/2 over a path with a round trip of MS: 95 of 100 requests
 *                                             are to be found, and 95 of 100 ends and totals to be off by no more than that
 *        tls_estimates --crowded CAPTURE KEYLOG...
 *                                             several wait at a time: 95 of 100 are to be found, 5 of 100 may be told that are
 *                                             none, and none may fail
 *        tls_estimates --table TABLE FOLDER    the captures of tests/corpus/tls_truth.tsv; only the table
 *
 * A row is a server's port, over all captures. 'found': estimated at the packet where the request begins; 'in bounds':
 * of those, how many have WroteRequest and GotFirstResponseByte within the bounds that were given; 'more': estimated
 * and no request. Errors are microseconds: median and 95th percentile of |estimate - truth|. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap2trace/session.h"
#include "support/catalog.h"

enum { EXCHANGES_MAX = 4096, GROUPS_MAX = 64, PATH_BYTES = 4096 };

/* Percent: of HTTP/1 requests found, and of what is found in bounds. */
static const size_t BAR = 95;
/* Requests of HTTP/2 found: those that follow each other at once look like the first one's body. */
static const size_t BAR_HTTP2 = 90;

static double round_trip_us; /* of --far; 0: not given */
static bool crowded;

enum point { WROTE_REQUEST, FIRST_BYTE, END, TOTAL, POINTS };

struct moment {
    bool seen, has_earliest, has_latest;
    int64_t ns, earliest_ns, latest_ns;
};

struct one {
    char client[64];
    unsigned port;
    uint64_t packet; /* where its request begins */
    bool http2, matched, failed;
    struct moment at[POINTS];
};

struct list {
    struct one *one;
    size_t n;
    size_t told;   /* a method, URL or status that nobody can know */
    size_t nowhen; /* begun at no time */
};

struct group {
    unsigned port;
    bool http2;
    size_t truth, found, within, more, failed;
    int64_t *errors[POINTS];
    size_t n[POINTS];
};

/* ---- one run ---- */

static struct moment moment_of(const struct p2t_event *e)
{
    return (struct moment){true, e->has_earliest, e->has_latest, e->time_ns, e->earliest_ns, e->latest_ns};
}

static void note(struct list *l, const struct p2t_exchange *x)
{
    struct one *o = &l->one[l->n++];
    const struct p2t_text client = x->connection->client, server = x->connection->server;
    const char *colon = memrchr(server.p, ':', server.n);

    *o = (struct one){.http2 = x->kind == P2T_KIND_HTTP2,
                      .failed = x->outcome != P2T_OUTCOME_OK,
                      .at[END] = {.seen = true, .ns = x->end_ns},
                      .at[TOTAL] = {.seen = true, .ns = x->end_ns - x->start_ns}};
    snprintf(o->client, sizeof o->client, "%.*s", (int)client.n, client.p);
    o->port = colon != NULL ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
    for (size_t i = 0; i < x->event_count; i++) {
        const struct p2t_event *e = &x->events[i];
        if (e->hook == P2T_HOOK_WROTE_HEADERS)
            o->packet = e->evidence[0].packet;
        else if (e->hook == P2T_HOOK_WROTE_REQUEST)
            o->at[WROTE_REQUEST] = moment_of(e);
        else if (e->hook == P2T_HOOK_GOT_FIRST_RESPONSE_BYTE)
            o->at[FIRST_BYTE] = moment_of(e);
    }
    if (o->packet == 0) /* a handshake that failed */
        l->n--;
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct list *l = ctx;

    if (x->connection == NULL || x->connection->tls == NULL || l->n == EXCHANGES_MAX)
        return 0;
    l->told += x->kind == P2T_KIND_TLS && (x->method.p != NULL || x->url.p != NULL || x->status != 0);
    l->nowhen += x->start_ns <= 0;
    if (x->kind == P2T_KIND_TLS || x->connection->tls->decrypted)
        note(l, x);
    return 0;
}

static bool run(struct list *l, const char *path, const char *keylog)
{
    struct p2t_config config = {.paths = &path, .path_count = 1, .keylog = keylog, .ctx = l, .exchange = on_exchange};
    struct p2t_session *session;

    l->one = calloc(EXCHANGES_MAX, sizeof *l->one);
    if (l->one == NULL || p2t_session_open(&session, &config, NULL) != 0)
        return false;
    bool ok = p2t_session_run(session) == 0;
    p2t_session_free(session);
    return ok;
}

/* ---- beside each other ---- */

static struct group *group_of(struct group *groups, const struct one *o)
{
    struct group *g = groups;

    while (g < groups + GROUPS_MAX - 1 && g->truth > 0 && (g->port != o->port || g->http2 != o->http2))
        g++;
    g->port = o->port;
    g->http2 = o->http2;
    for (int p = 0; p < POINTS; p++)
        if (g->errors[p] == NULL)
            g->errors[p] = calloc(EXCHANGES_MAX, sizeof *g->errors[p]);
    return g;
}

static bool within(const struct moment *estimated, const struct moment *truth)
{
    if (!estimated->seen || !truth->seen)
        return estimated->seen == truth->seen;
    return (!estimated->has_earliest || estimated->earliest_ns <= truth->ns) &&
           (!estimated->has_latest || truth->ns <= estimated->latest_ns);
}

static void add(struct group *g, const struct one *truth, const struct one *estimated)
{
    g->found++;
    g->failed += estimated->failed && !truth->failed;
    g->within += within(&estimated->at[WROTE_REQUEST], &truth->at[WROTE_REQUEST]) &&
                 within(&estimated->at[FIRST_BYTE], &truth->at[FIRST_BYTE]);
    for (int p = 0; p < POINTS; p++)
        if (truth->at[p].seen && estimated->at[p].seen && g->n[p] < EXCHANGES_MAX)
            g->errors[p][g->n[p]++] = llabs(estimated->at[p].ns - truth->at[p].ns);
}

static struct one *match(struct list *estimated, const struct one *truth)
{
    for (size_t i = 0; i < estimated->n; i++) {
        struct one *e = &estimated->one[i];
        if (!e->matched && e->packet == truth->packet && strcmp(e->client, truth->client) == 0)
            return e;
    }
    return NULL;
}

static bool same_connection(const struct list *truth, const struct one *o, struct one *like)
{
    for (size_t i = 0; i < truth->n; i++)
        if (strcmp(truth->one[i].client, o->client) == 0) {
            *like = truth->one[i];
            return true;
        }
    return false;
}

static void compare(struct group *groups, const struct list *truth, struct list *estimated)
{
    struct one like;

    for (size_t i = 0; i < truth->n; i++) {
        struct group *g = group_of(groups, &truth->one[i]);
        struct one *e = match(estimated, &truth->one[i]);
        g->truth++;
        if (e == NULL)
            continue;
        e->matched = true;
        add(g, &truth->one[i], e);
    }
    for (size_t i = 0; i < estimated->n; i++)
        if (!estimated->one[i].matched && same_connection(truth, &estimated->one[i], &like)) {
            group_of(groups, &like)->more++;
            group_of(groups, &like)->failed += estimated->one[i].failed;
        }
}

static bool report(struct group *groups, const char *path, const char *keylog)
{
    struct list truth = {.n = 0}, estimated = {.n = 0};
    bool ok = run(&truth, path, keylog) && (keylog == NULL || run(&estimated, path, NULL));

    if (ok && keylog != NULL)
        compare(groups, &truth, &estimated);
    if (estimated.told > 0)
        printf("%s: %zu estimates with a method, URL or status\n", path, estimated.told);
    if (estimated.nowhen > 0)
        printf("%s: %zu estimates that begin at no time\n", path, estimated.nowhen);
    ok = ok && estimated.told == 0 && estimated.nowhen == 0;
    free(truth.one);
    free(estimated.one);
    return ok;
}

/* ---- the table ---- */

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double percentile(const struct group *g, int p, size_t percent)
{
    return g->n[p] == 0 ? 0 : (double)g->errors[p][(g->n[p] - 1) * percent / 100] / 1e3;
}

static bool print_group(struct group *g)
{
    size_t bar = g->http2 && round_trip_us == 0 && !crowded ? BAR_HTTP2 : BAR;
    bool ok = g->found * 100 >= g->truth * bar && g->within * 100 >= g->found * BAR;

    if (round_trip_us > 0 || crowded)
        ok = ok && g->http2 && g->failed == 0 && g->more * 100 <= g->truth * (100 - BAR);

    for (int p = 0; p < POINTS; p++)
        qsort(g->errors[p], g->n[p], sizeof *g->errors[p], by_value);
    ok = ok && (round_trip_us == 0 ||
                (percentile(g, END, BAR) <= round_trip_us && percentile(g, TOTAL, BAR) <= round_trip_us));
    printf("%5u %s  %4zu %5zu %9zu %4zu", g->port, g->http2 ? "h2" : "h1", g->truth, g->found, g->within, g->more);
    for (int p = 0; p < POINTS; p++)
        printf("  %8.1f %8.1f", percentile(g, p, 50), percentile(g, p, 95));
    printf("%s\n", ok ? "" : "  below the bar");
    return ok;
}

static bool print_table(struct group *groups)
{
    bool ok = true;

    printf(" port     true found in bounds more       WroteRequest  GotFirstResponseByte              (end)          "
           "    total\n");
    for (struct group *g = groups; g < groups + GROUPS_MAX && g->truth > 0; g++) {
        ok = print_group(g) && ok;
        for (int p = 0; p < POINTS; p++)
            free(g->errors[p]);
    }
    return ok;
}

static bool run_table(struct group *groups, const char *table, const char *folder)
{
    char capture[PATH_BYTES], keys[PATH_BYTES];
    FILE *f = fopen(table, "r");
    char *line = NULL;
    size_t cap = 0;
    bool ok = f != NULL;

    while (ok && getline(&line, &cap, f) > 0) {
        char *rest = line;
        line[strcspn(line, "\n")] = '\0';
        const char *what = tsv_field(&rest), *path = tsv_field(&rest), *log = tsv_field(&rest);
        /* secrets inside cannot be left out */
        if (log == NULL || strcmp(what, "capture") != 0 || log[0] == '-')
            continue;
        snprintf(capture, sizeof capture, "%s/%s", folder, path);
        snprintf(keys, sizeof keys, "%s/%s", folder, log);
        ok = report(groups, capture, keys);
    }
    free(line);
    if (f != NULL)
        fclose(f);
    return ok;
}

int main(int argc, char **argv)
{
    static struct group groups[GROUPS_MAX];
    bool table = argc == 4 && strcmp(argv[1], "--table") == 0;
    bool ok = argc >= 3;
    int first = 1;

    if (table) {
        ok = run_table(groups, argv[2], argv[3]);
        (void)print_table(groups);
        return !ok;
    }
    if (ok && strcmp(argv[1], "--far") == 0) {
        round_trip_us = strtod(argv[2], NULL) * 1000;
        first = 3;
    }
    if (ok && strcmp(argv[1], "--crowded") == 0) {
        crowded = true;
        first = 2;
    }
    for (int i = first; ok && i + 1 < argc; i += 2)
        ok = report(groups, argv[i], argv[i + 1]);
    return print_table(groups) && ok ? 0 : 1;
}
