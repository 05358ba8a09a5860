#include "cli/filter.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/timeparse.h"
#include "pcap2trace/status.h"

/* Hosts and paths; longer ones match nothing. */
enum { HOST_MAX = 4096 };

/* ---- adding ---- */

/* Room for one more of `size` bytes; NULL when memory ran out. */
static void *add(void *list, size_t *count, size_t size)
{
    void **items = list;
    char *grown = realloc(*items, (*count + 1) * size);

    if (grown == NULL)
        return NULL;
    *items = grown;
    return grown + (*count)++ * size;
}

static int add_text(struct filter_texts *list, const char *text)
{
    if (*text == '\0')
        return P2T_ERR_USAGE;
    const char **slot = add(&list->item, &list->n, sizeof *slot);
    if (slot == NULL)
        return P2T_ERR_MEMORY;
    *slot = text;
    return P2T_OK;
}

int filter_add_host(struct filter *f, const char *glob)
{
    return add_text(&f->hosts, glob);
}

int filter_add_method(struct filter *f, const char *method)
{
    return add_text(&f->methods, method);
}

int filter_add_path(struct filter *f, const char *glob)
{
    return add_text(&f->paths, glob);
}

int filter_add_trace_id(struct filter *f, const char *id)
{
    return add_text(&f->trace_ids, id);
}

int filter_add_client(struct filter *f, const char *glob)
{
    return add_text(&f->clients, glob);
}

int filter_add_server(struct filter *f, const char *glob)
{
    return add_text(&f->servers, glob);
}

int filter_add_port(struct filter *f, const char *port)
{
    size_t n = strlen(port);

    if (n > 5 || strspn(port, "0123456789") != n || strtoul(port, NULL, 10) > UINT16_MAX)
        return P2T_ERR_USAGE;
    return add_text(&f->ports, port);
}

int filter_add_kind(struct filter *f, const char *kind)
{
    for (int i = 0; i < P2T_KIND_COUNT; i++)
        if (strcmp(kind, p2t_kind_name((enum p2t_kind)i)) == 0) {
            f->kinds |= 1u << i;
            return P2T_OK;
        }
    return P2T_ERR_USAGE;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "404" or "5xx". RFC 9110 15 has classes 1 to 5; single statuses beyond are sent by some servers. */
static bool parse_status(const char *p, size_t n, struct filter_status *s)
{
    if (n != 3 || p[0] < '1' || p[0] > '9')
        return false;
    int base = (p[0] - '0') * 100;
    if (strncasecmp(p + 1, "xx", 2) == 0) {
        if (p[0] > '5')
            return false;
        *s = (struct filter_status){base, base + 99};
        return true;
    }
    if (!digit(p[1]) || !digit(p[2]))
        return false;
    s->first = s->last = base + (p[1] - '0') * 10 + p[2] - '0';
    return true;
}

int filter_add_status(struct filter *f, const char *list)
{
    for (const char *p = list;; p++) {
        size_t n = strcspn(p, ",");
        struct filter_status s;
        if (!parse_status(p, n, &s))
            return P2T_ERR_USAGE;
        struct filter_status *slot = add(&f->statuses, &f->status_count, sizeof *slot);
        if (slot == NULL)
            return P2T_ERR_MEMORY;
        *slot = s;
        p += n;
        if (*p == '\0')
            return P2T_OK;
    }
}

int filter_add_id(struct filter *f, const char *id)
{
    size_t n = strlen(id);

    if (n == 0 || n > 16 || strspn(id, "0123456789abcdefABCDEF") != n)
        return P2T_ERR_USAGE;
    struct filter_id *slot = add(&f->ids, &f->id_count, sizeof *slot);
    if (slot == NULL)
        return P2T_ERR_MEMORY;
    unsigned rest = (unsigned)(16 - n) * 4;
    slot->first = strtoull(id, NULL, 16) << rest;
    slot->digits = (unsigned)n;
    slot->last = slot->first | ((UINT64_C(1) << rest) - 1);
    return P2T_OK;
}

int filter_duration(const char *duration, int64_t *out_ns)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}};
    char *unit;

    if (!digit(*duration) && *duration != '.')
        return P2T_ERR_USAGE;
    double value = strtod(duration, &unit);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(unit, units[i].name) != 0)
            continue;
        double ns = value * units[i].ns;
        if (!(ns >= 1 && ns < 9e18))
            return P2T_ERR_USAGE;
        *out_ns = (int64_t)ns;
        return P2T_OK;
    }
    return P2T_ERR_USAGE;
}

static const char *const phase_names[] = {"total", "blocked", "dns", "connect", "tls", "send", "wait", "receive"};

int filter_set_slower_than(struct filter *f, const char *duration)
{
    const char *equals = strchr(duration, '=');

    f->slow_phase = FILTER_TOTAL;
    if (equals == NULL)
        return filter_duration(duration, &f->slower_than_ns);
    for (size_t i = 0; i < sizeof phase_names / sizeof *phase_names; i++)
        if (strlen(phase_names[i]) == (size_t)(equals - duration) &&
            strncmp(phase_names[i], duration, (size_t)(equals - duration)) == 0) {
            f->slow_phase = (enum filter_phase)i;
            return filter_duration(equals + 1, &f->slower_than_ns);
        }
    return P2T_ERR_USAGE;
}

/* "10:13" or "10:13:40.5". */
static bool time_of_day(const char *text, int64_t *ns)
{
    int hours, minutes, taken = 0;
    double seconds = 0;

    if (sscanf(text, "%2d:%2d%n", &hours, &minutes, &taken) != 2 || taken != 5)
        return false;
    if (text[taken] == ':') {
        char *end;
        if (!digit(text[taken + 1]))
            return false;
        seconds = strtod(text + taken + 1, &end);
        taken = (int)(end - text);
    }
    *ns = ((int64_t)hours * 3600 + (int64_t)minutes * 60) * 1000000000 + (int64_t)(seconds * 1e9);
    return text[taken] == '\0' && hours < 24 && minutes < 60 && seconds < 61;
}

int filter_set_time(struct filter_time *t, const char *text)
{
    if (*text == '+') {
        t->kind = FILTER_AFTER_START;
        return filter_duration(text + 1, &t->ns);
    }
    t->kind = FILTER_OF_DAY;
    if (time_of_day(text, &t->ns))
        return P2T_OK;
    t->kind = FILTER_AT;
    return time_parse(slice_str(text), &t->ns) ? P2T_OK : P2T_ERR_USAGE;
}

void filter_free(struct filter *f)
{
    free(f->hosts.item);
    free(f->methods.item);
    free(f->paths.item);
    free(f->trace_ids.item);
    free(f->clients.item);
    free(f->servers.item);
    free(f->ports.item);
    free(f->statuses);
    free(f->ids);
    *f = (struct filter){0};
}

/* ---- asking ---- */

bool filter_is_empty(const struct filter *f)
{
    size_t texts = f->hosts.n + f->methods.n + f->paths.n + f->trace_ids.n + f->clients.n + f->servers.n + f->ports.n;

    return texts + f->status_count + f->id_count == 0 && f->kinds == 0 && f->since.kind == FILTER_NO_TIME &&
           f->until.kind == FILTER_NO_TIME && f->slower_than_ns == 0 && !f->failed && !f->problems && !f->incomplete;
}

static size_t without_port(const char *host, size_t n)
{
    size_t i = n;

    while (i > 0 && digit(host[i - 1]))
        i--;
    return i < n && i > 1 && host[i - 1] == ':' ? i - 1 : n;
}

static bool glob_matches(const char *glob, const char *text, size_t n)
{
    char host[HOST_MAX];

    if (n >= sizeof host || memchr(text, '\0', n) != NULL)
        return false;
    memcpy(host, text, n);
    host[n] = '\0';
    return fnmatch(glob, host, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

/* Where no host is known (a bare connection), its server's address stands for it. */
static bool host_matches(const struct filter *f, const struct p2t_exchange *x)
{
    struct p2t_text host = x->host;

    if (host.p == NULL && x->connection != NULL)
        host = x->connection->server;
    if (host.p == NULL)
        return false;
    size_t bare = without_port(host.p, host.n);
    for (size_t i = 0; i < f->hosts.n; i++)
        if (glob_matches(f->hosts.item[i], host.p, host.n) || glob_matches(f->hosts.item[i], host.p, bare))
            return true;
    return false;
}

static bool method_matches(const struct filter *f, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < f->methods.n; i++)
        if (x->method.p != NULL && strlen(f->methods.item[i]) == x->method.n &&
            strncasecmp(f->methods.item[i], x->method.p, x->method.n) == 0)
            return true;
    return false;
}

static bool status_matches(const struct filter *f, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < f->status_count; i++)
        if (x->status >= f->statuses[i].first && x->status <= f->statuses[i].last)
            return true;
    return false;
}

static bool id_matches(const struct filter *f, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < f->id_count; i++)
        if (x->id >= f->ids[i].first && x->id <= f->ids[i].last)
            return true;
    return false;
}

/* Its path, or all of it where it has no scheme. */
static struct p2t_text path_of(struct p2t_text url)
{
    const char *end = url.p != NULL ? url.p + url.n : NULL, *p = url.p;

    for (const char *q = p; q != NULL && q + 3 <= end; q++)
        if (memcmp(q, "://", 3) == 0) {
            p = memchr(q + 3, '/', (size_t)(end - q - 3));
            break;
        }
    if (p == NULL)
        return (struct p2t_text){NULL, 0};
    const char *query = memchr(p, '?', (size_t)(end - p));
    return (struct p2t_text){p, (size_t)((query != NULL ? query : end) - p)};
}

static bool one_matches(const struct filter_texts *globs, struct p2t_text text)
{
    for (size_t i = 0; i < globs->n; i++)
        if (text.p != NULL && glob_matches(globs->item[i], text.p, text.n))
            return true;
    return globs->n == 0;
}

static bool one_is(const struct filter_texts *texts, struct p2t_text text)
{
    for (size_t i = 0; i < texts->n; i++)
        if (text.p != NULL && strlen(texts->item[i]) == text.n && memcmp(texts->item[i], text.p, text.n) == 0)
            return true;
    return texts->n == 0;
}

/* "10.0.0.1" of "10.0.0.1:80", "fd00::1" of "[fd00::1]:80". */
static struct p2t_text address_of(struct p2t_text endpoint)
{
    struct p2t_text a = endpoint;

    if (a.p == NULL)
        return a;
    a.n = without_port(a.p, a.n);
    if (a.n > 2 && a.p[0] == '[' && a.p[a.n - 1] == ']')
        return (struct p2t_text){a.p + 1, a.n - 2};
    return a;
}

static struct p2t_text port_of(struct p2t_text endpoint)
{
    size_t bare = endpoint.p != NULL ? without_port(endpoint.p, endpoint.n) : 0;

    if (endpoint.p == NULL || bare == endpoint.n)
        return (struct p2t_text){NULL, 0};
    return (struct p2t_text){endpoint.p + bare + 1, endpoint.n - bare - 1};
}

/* Of a lookup without a connection: who asked. */
static struct p2t_text asker_of(const struct p2t_exchange *x)
{
    const struct p2t_hook_arg_info *arg = &p2t_hook_args[P2T_ARG_DNS_DONE_CLIENT];

    for (size_t i = 0; i < x->event_count; i++) {
        const struct p2t_event *e = &x->events[i];
        if (e->hook == arg->hook && e->arg_count > arg->index && e->args[arg->index].value.kind == P2T_VALUE_TEXT)
            return e->args[arg->index].value.as.text;
    }
    return (struct p2t_text){NULL, 0};
}

static bool ends_match(const struct filter *f, const struct p2t_exchange *x)
{
    const struct p2t_text none = {NULL, 0};
    struct p2t_text client = x->connection != NULL ? address_of(x->connection->client) : asker_of(x);
    struct p2t_text server = x->connection != NULL ? x->connection->server : none;

    return one_matches(&f->clients, client) && one_matches(&f->servers, address_of(server)) &&
           one_is(&f->ports, port_of(server));
}

/* Whether the exchange began before that moment. */
static bool begins_before(const struct filter *f, const struct filter_time *t, int64_t start_ns)
{
    static const int64_t DAY_NS = INT64_C(86400) * 1000000000;

    if (t->kind == FILTER_OF_DAY)
        return (start_ns % DAY_NS + DAY_NS) % DAY_NS < t->ns;
    if (t->kind == FILTER_AFTER_START)
        return start_ns - f->first_packet_ns < t->ns;
    return start_ns < t->ns;
}

static bool limits(const struct filter *f, const struct filter_time *t)
{
    return t->kind != FILTER_NO_TIME && (t->kind != FILTER_AFTER_START || f->first_packet_ns != 0);
}

static bool times_match(const struct filter *f, const struct p2t_exchange *x)
{
    return (!limits(f, &f->since) || !begins_before(f, &f->since, x->start_ns)) &&
           (!limits(f, &f->until) || begins_before(f, &f->until, x->start_ns));
}

static int64_t phase_ns(const struct p2t_exchange *x, enum filter_phase phase)
{
    const struct p2t_phases *p = &x->phases;

    switch (phase) {
    case FILTER_BLOCKED:
        return p->blocked_ns;
    case FILTER_DNS:
        return p->dns_ns;
    case FILTER_CONNECT:
        return p->connect_ns;
    case FILTER_TLS:
        return p->tls_ns;
    case FILTER_SEND:
        return p->send_ns;
    case FILTER_WAIT:
        return p->wait_ns;
    case FILTER_RECEIVE:
        return p->receive_ns;
    default:
        return x->end_ns - x->start_ns;
    }
}

static bool has_warning(const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->finding_count; i++)
        if (x->findings[i].severity == P2T_SEVERITY_WARNING || x->findings[i].severity == P2T_SEVERITY_ERROR)
            return true;
    return false;
}

static bool fate_matches(const struct filter *f, const struct p2t_exchange *x)
{
    if (f->failed && !p2t_exchange_failed(x))
        return false;
    if (f->problems && !p2t_exchange_failed(x) && !has_warning(x))
        return false;
    return !f->incomplete || x->outcome == P2T_OUTCOME_INCOMPLETE;
}

bool filter_keeps(const struct filter *f, const struct p2t_exchange *x)
{
    if (filter_is_empty(f)) /* as nearly always, and then no text needs a look */
        return true;
    if (!fate_matches(f, x) || !times_match(f, x))
        return false;
    if (f->slower_than_ns > 0 && phase_ns(x, f->slow_phase) <= f->slower_than_ns)
        return false;
    if (f->kinds != 0 && (f->kinds & 1u << x->kind) == 0)
        return false;
    if (!one_matches(&f->paths, path_of(x->url)) || !one_is(&f->trace_ids, x->trace_id) || !ends_match(f, x))
        return false;
    return (f->hosts.n == 0 || host_matches(f, x)) && (f->methods.n == 0 || method_matches(f, x)) &&
           (f->status_count == 0 || status_matches(f, x)) && (f->id_count == 0 || id_matches(f, x));
}

bool filter_leaves_open(const struct filter *f, const struct p2t_exchange *x)
{
    struct filter others = *f;

    others.failed = false;
    return f->failed && p2t_exchange_open(x) && filter_keeps(&others, x);
}
