/* Public captures whose TLS secrets are known, decrypted: the same HTTP messages as tshark reads, at the same packets.
 *
 * usage: tls_truth FOLDER TABLE (tls_truth.py says what is in the table) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap2trace/session.h"
#include "support/catalog.h"

enum { MESSAGES_MAX = 64, PATH_BYTES = 4096 };
/* tshark prints nanoseconds, and both read the same time. */
static const double SAME_SECONDS = 1e-6;

struct moment {
    unsigned long packet; /* 0: none */
    double seconds;
};

struct message {
    char *method, *url;
    int status;
    struct moment request, response;
    bool met;
};

/* One capture of the table, and how ours compares. */
struct capture {
    char *path, *keys;
    unsigned long decrypted;
    struct message messages[MESSAGES_MAX];
    size_t n, surplus;
};

/* ---- the table ---- */

static char *next(char **line)
{
    char *field = tsv_field(line);

    if (field == NULL) {
        fprintf(stderr, "a row of the table is too short\n");
        exit(2);
    }
    return field;
}

static struct moment read_moment(char **line)
{
    struct moment m = {.packet = strtoul(next(line), NULL, 10)};

    m.seconds = strtod(next(line), NULL);
    return m;
}

static char *copy(const char *text)
{
    char *s = strdup(text);

    if (s == NULL)
        exit(2);
    return s;
}

static void read_message(struct capture *c, char *line)
{
    if (c->n == MESSAGES_MAX)
        exit(2);
    struct message *m = &c->messages[c->n++];
    *m = (struct message){.met = false};
    m->method = copy(next(&line));
    m->url = copy(next(&line));
    m->status = atoi(next(&line)); /* "-": 0 */
    m->request = read_moment(&line);
    m->response = read_moment(&line);
}

/* ---- ours ---- */

static bool is(struct p2t_text s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static const struct p2t_event *find(const struct p2t_exchange *x, enum p2t_hook hook)
{
    for (size_t i = 0; i < x->event_count; i++)
        if (x->events[i].hook == hook)
            return &x->events[i];
    return NULL;
}

/* The live hook lay at the packet: it is the evidence, and inside the bounds. */
static bool same_moment(const struct p2t_exchange *x, enum p2t_hook hook, struct moment m)
{
    const struct p2t_event *e = find(x, hook);
    bool seen = false;

    if (e == NULL)
        return false;
    for (size_t i = 0; i < e->evidence_count; i++)
        seen |= e->evidence[i].packet == m.packet;
    double off = (double)e->time_ns / 1e9 - m.seconds;
    return seen && off < SAME_SECONDS && off > -SAME_SECONDS;
}

/* Bytes that are no response (status 0) are one to Go's client, and none to tshark. */
static bool same(const struct p2t_exchange *x, const struct message *m)
{
    return !m->met && is(x->method, m->method) && is(x->url, m->url) && x->status == m->status &&
           same_moment(x, P2T_HOOK_WROTE_HEADERS, m->request) &&
           (m->status == 0 || same_moment(x, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, m->response));
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct capture *c = ctx;

    if (x->connection == NULL || x->connection->tls == NULL || x->kind == P2T_KIND_CONNECT)
        return 0;
    for (size_t i = 0; i < c->n; i++)
        if (same(x, &c->messages[i])) {
            c->messages[i].met = true;
            return 0;
        }
    printf("  ours only: %s, %.*s %.*s %d\n", p2t_kind_name(x->kind), (int)x->method.n, x->method.p, (int)x->url.n,
           x->url.p, x->status);
    c->surplus += x->kind != P2T_KIND_TLS; /* no secrets: estimated */
    return 0;
}

static bool run(const char *folder, struct capture *c)
{
    char path[PATH_BYTES], keys[PATH_BYTES];
    const char *const paths[] = {path};
    struct p2t_config config = {.paths = paths,
                                .path_count = 1,
                                .keylog = c->keys[0] == '-' ? NULL : keys,
                                .show_secrets = true,
                                .ctx = c,
                                .exchange = on_exchange};
    struct p2t_session *session;
    struct p2t_counters counters;
    size_t missed = 0;

    snprintf(path, sizeof path, "%s/%s", folder, c->path);
    snprintf(keys, sizeof keys, "%s/%s", folder, c->keys);
    if (p2t_session_open(&session, &config, NULL) != 0)
        return false;
    bool ok = p2t_session_run(session) == 0;
    p2t_session_counters(session, &counters);
    p2t_session_free(session);
    for (size_t i = 0; i < c->n; i++) {
        if (!c->messages[i].met)
            printf("  tshark only: %s %s %d\n", c->messages[i].method, c->messages[i].url, c->messages[i].status);
        missed += !c->messages[i].met;
    }
    ok = ok && missed == 0 && c->surplus == 0 && counters.tls_decrypted == c->decrypted;
    printf("%s %s: %zu messages, %llu connections decrypted of tshark's %lu\n", ok ? "ok  " : "FAIL", c->path, c->n,
           (unsigned long long)counters.tls_decrypted, c->decrypted);
    return ok;
}

static bool finish(const char *folder, struct capture *c)
{
    bool ok = c->path == NULL || run(folder, c);

    for (size_t i = 0; i < c->n; i++) {
        free(c->messages[i].method);
        free(c->messages[i].url);
    }
    free(c->path);
    free(c->keys);
    *c = (struct capture){.path = NULL};
    return ok;
}

static int run_table(const char *folder, FILE *table)
{
    static struct capture capture;
    size_t captures = 0, failures = 0, cap = 0;
    char *line = NULL;

    while (getline(&line, &cap, table) > 0) {
        char *rest = line;
        line[strcspn(line, "\n")] = '\0';
        const char *what = next(&rest);
        if (strcmp(what, "message") == 0)
            read_message(&capture, rest);
        if (strcmp(what, "capture") != 0)
            continue;
        failures += !finish(folder, &capture);
        capture.path = copy(next(&rest));
        capture.keys = copy(next(&rest));
        capture.decrypted = strtoul(next(&rest), NULL, 10);
        captures++;
    }
    failures += !finish(folder, &capture);
    free(line);
    printf("%zu captures, %zu failures\n", captures, failures);
    return failures > 0 || captures == 0;
}

int main(int argc, char **argv)
{
    FILE *table = argc == 3 ? fopen(argv[2], "r") : NULL;

    if (table == NULL) {
        fprintf(stderr, "usage: %s FOLDER TABLE\n", argv[0]);
        return 2;
    }
    int status = run_table(argv[1], table);
    fclose(table);
    return status;
}
