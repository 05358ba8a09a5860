#include "summary/rank.h"

#include <stdlib.h>

#include "summary/cause.h"

/* A consequence may begin a little before the first sign of its cause, and end after the last. */
static const int64_t BEFORE_NS = SECOND_NS, AFTER_NS = 1500 * (int64_t)MS;

/* How much of b's calls are a's, too, in percent. */
static unsigned shared_percent(const struct cause *a, const struct cause *b)
{
    size_t both = 0;

    for (size_t i = 0; i < b->hit_count; i++)
        both += cause_has_hit(a, b->hit[i]);
    return b->hit_count > 0 ? (unsigned)(both * 100 / b->hit_count) : 0;
}

static bool same_server(const struct cause *a, const struct cause *b)
{
    if (a->port_of != NULL && b->port_of != NULL && a->server_count == 1 && b->server_count == 1)
        return a->port_of == b->port_of;
    for (size_t i = 0; i < a->server_count; i++)
        for (size_t k = 0; k < b->server_count; k++)
            if (a->servers[i] == b->servers[k])
                return true;
    return false;
}

static bool at_one_time(const struct cause *a, const struct cause *b)
{
    return a->since_ns - BEFORE_NS <= b->until_ns && b->since_ns <= a->until_ns + AFTER_NS;
}

/* Whatever goes wrong with that server meanwhile is its consequence. */
static bool explains_server(const struct cause *a, const struct cause *b)
{
    switch (a->code) {
    case P2T_CAUSE_TCP_PMTUD_BLACKHOLE:
    case P2T_CAUSE_HTTP_RETRY_STORM:
    case P2T_CAUSE_CONN_ACCEPT_QUEUE:
    case P2T_CAUSE_HTTP_WHO_ANSWERED:
    case P2T_CAUSE_CONN_SLOW_PATH:
    case P2T_CAUSE_TCP_BUFFERBLOAT:
        return true;
    case P2T_CAUSE_TCP_LOSSY_PATH:
        return a->code == b->code || b->code == P2T_CAUSE_CONN_SYN_REPEATED;
    default:
        return a->code == b->code;
    }
}

static bool is_never_folded(const struct cause *c)
{
    return c->code == P2T_CAUSE_CONN_STALE_REUSE || c->code == P2T_CAUSE_CONN_CHURN;
}

static bool is_dns(const struct cause *c)
{
    return strcmp(c->phase, "dns") == 0;
}

/* A stopped client makes others look slow, and sends all at once when it goes on; what fails without it is not its doing. */
static bool explained_by_stop(const struct cause *a, const struct cause *b, unsigned shared)
{
    return a->code == P2T_CAUSE_CLIENT_STOPPED && b->side != P2T_CAUSE_SIDE_CLIENT &&
           (b->failed == 0 || shared > 0) && b->since_ns >= a->since_ns - SECOND_NS / 2 &&
           b->until_ns <= a->until_ns + SECOND_NS / 2;
}

/* It waits for what fails behind it, which was told. */
static bool waits_behind(const struct cause *a, const struct cause *b)
{
    for (size_t i = 0; i < a->cleared_count && b->side == P2T_CAUSE_SIDE_PROXY; i++)
        if (a->cleared[i] == b->port_of)
            return true;
    return false;
}

static bool explains(const struct cause *a, const struct cause *b)
{
    unsigned shared = shared_percent(a, b);
    bool same = same_server(a, b), strict = a->code == P2T_CAUSE_TCP_NAGLE || a->code == P2T_CAUSE_CONN_STALE_REUSE;

    if (!at_one_time(a, b))
        return false;
    if (explained_by_stop(a, b, shared) || waits_behind(a, b))
        return true;
    if (is_dns(a) && is_dns(b) && a->failed < b->failed)
        return false;
    if (shared >= 60 && !is_never_folded(b))
        return true;
    return same && !is_never_folded(b) && ((shared >= 30 && !strict) || explains_server(a, b));
}

/* How much both texts begin with, in whole words: the service, and what it does. */
static size_t begin_alike(const struct cause *a, const struct cause *b)
{
    size_t n = 0, words = 0;

    for (; n < a->text.n && n < b->text.n && a->text.p[n] == b->text.p[n]; n++)
        words = a->text.p[n] == ' ' ? n + 1 : words;
    return words;
}

/* The same happened to other calls of that server: one story, which tells both. */
static void merge(struct p2t_summary *s, struct cause *a, struct cause *b)
{
    enum { TEXT_MAX = 600 };
    size_t alike = begin_alike(a, b), failed = a->failed + b->failed;

    if (a->text.n + b->text.n - alike < TEXT_MAX) {
        buf_str(&a->text, alike > 0 ? ", and " : "; ");
        buf_slice(&a->text, slice_of((const char *)b->text.p + alike, b->text.n - alike));
    }
    for (size_t i = 0; i < b->hit_count; i++)
        cause_hit(s, a, b->hit[i]);
    a->failed = failed;
    a->of = 0;
    add_ns(&a->lost_ns, b->lost_ns);
    cause_span(a, b->since_ns, b->until_ns);
}

static void fold(struct p2t_summary *s, struct cause *a, struct cause *b)
{
    const char *what = p2t_cause_text(b->code);
    unsigned shared = shared_percent(a, b);

    b->gone = true;
    if (a->code == b->code && b->hit_count > 0 && shared == 0)
        merge(s, a, b);
    if (shared > 60 && b->failed > a->failed)
        a->failed = b->failed < a->calls ? b->failed : a->calls > a->failed ? a->calls : a->failed;
    if (a->code != b->code && (a->folded.n == 0 || strstr((const char *)a->folded.p, what) == NULL))
        buf_printf(&a->folded, "%s%s", a->folded.n > 0 ? "; " : "", what);
    buf_putc(&a->folded, '\0');
    a->folded.n -= a->folded.n > 0;
}

/* A proxy's own full pool is told with the errors that it makes of it. */
static bool is_reason_of(const struct cause *a, const struct cause *b)
{
    return a->pool && a->side == P2T_CAUSE_SIDE_PROXY && at_one_time(a, b) &&
           (b->code == P2T_CAUSE_HTTP_WHO_ANSWERED || b->code == P2T_CAUSE_HTTP_PROXY_QUEUE);
}

/* The queue of a client's line drops packets, and slows its own transfers down. */
static bool waits_in_queue(const struct cause *b)
{
    return (b->code == P2T_CAUSE_TCP_LOSSY_PATH && b->wide) || b->code == P2T_CAUSE_HTTP_SLOW_DOWNLOAD ||
           b->code == P2T_CAUSE_HTTP_SLOW_UPLOAD || b->code == P2T_CAUSE_CONN_SYN_REPEATED;
}

/* What is wrong with all paths of a client is wrong with the one to its name server; a full queue drops packets. */
static bool explains_aside(const struct cause *a, const struct cause *b)
{
    if (!a->wide || b->since_ns < a->since_ns - BEFORE_NS || b->until_ns > a->until_ns + AFTER_NS)
        return false;
    if (b->side != P2T_CAUSE_SIDE_RESOLVER)
        return a->code == P2T_CAUSE_TCP_BUFFERBLOAT && waits_in_queue(b);
    return b->code == P2T_CAUSE_DNS_SLOW || (a->code == P2T_CAUSE_TCP_LOSSY_PATH &&
                                             (b->code == P2T_CAUSE_DNS_RETRIED || b->code == P2T_CAUSE_DNS_RACE_5S));
}

static void fold_aside(struct p2t_summary *s)
{
    for (struct cause *a = s->causes; a < s->causes + s->cause_count; a++)
        for (struct cause *b = s->causes; b < s->causes + s->cause_count && !a->gone; b++)
            if (!b->gone && explains_aside(a, b))
                fold(s, a, b);
}

static int by_code(const void *a, const void *b)
{
    const struct cause *x = a, *y = b;

    if (x->code != y->code)
        return x->code < y->code ? -1 : 1;
    return (x->since_ns > y->since_ns) - (x->since_ns < y->since_ns);
}

static size_t hurt_by(const struct cause *c)
{
    return c->hurt > c->failed + c->open ? c->hurt : c->failed + c->open;
}

static int64_t lost_by(const struct cause *c)
{
    return max_ns(c->lost_ns, c->unseen_ns);
}

/* How programs are made, at all times: what went wrong at a moment comes before it. */
static bool is_habit(const struct cause *c)
{
    switch (c->code) {
    case P2T_CAUSE_CONN_CHURN:
    case P2T_CAUSE_DNS_SEARCH_LIST:
    case P2T_CAUSE_HTTP_CONTINUE_EXPIRED:
    case P2T_CAUSE_TCP_NAGLE:
        return true;
    default:
        return false;
    }
}

static int by_weight(const void *a, const void *b)
{
    const struct cause *x = a, *y = b;

    if (x->gone != y->gone)
        return x->gone ? 1 : -1;
    if (hurt_by(x) != hurt_by(y))
        return hurt_by(x) > hurt_by(y) ? -1 : 1;
    if (is_habit(x) != is_habit(y))
        return is_habit(x) ? 1 : -1;
    if (lost_by(x) != lost_by(y))
        return lost_by(x) > lost_by(y) ? -1 : 1;
    return by_code(a, b);
}

static void fold_into(struct p2t_summary *s, struct cause *a)
{
    for (struct cause *b = a + 1; b < s->causes + s->cause_count && !a->gone; b++) {
        if (b->gone)
            continue;
        if (is_reason_of(a, b)) {
            buf_lit(&b->text, "; ");
            buf_slice(&b->text, buf_view(&a->text));
            a->gone = true;
        } else if (explains(a, b)) {
            fold(s, a, b);
        }
    }
}

/* What a single answer proves. */
static bool rests_on_answers(const struct cause *c)
{
    switch (c->code) {
    case P2T_CAUSE_CAPTURE_ONE_DIRECTION:
    case P2T_CAUSE_HTTP_ERROR_CLUSTER:
    case P2T_CAUSE_HTTP_WHO_ANSWERED:
    case P2T_CAUSE_GRPC_STATUS:
    case P2T_CAUSE_CONN_REFUSED:
    case P2T_CAUSE_DNS_EMPTY_ANSWER:
    case P2T_CAUSE_DNS_NOT_FOUND:
    case P2T_CAUSE_DNS_SERVER_FAILURE:
        return true;
    default:
        return false;
    }
}

/* One direction alone shows no waits and no losses. */
static void drop_if_one_direction(struct p2t_summary *s)
{
    for (size_t i = 0; i < s->cause_count; i++)
        for (size_t k = 0; s->causes[i].code == P2T_CAUSE_CAPTURE_ONE_DIRECTION && k < s->cause_count; k++)
            s->causes[k].gone |= at_one_time(&s->causes[i], &s->causes[k]) && !rests_on_answers(&s->causes[k]);
}

static void cause_fini(struct cause *c)
{
    buf_fini(&c->text);
    buf_fini(&c->folded);
    free(c->hit);
}

/* Calls to the servers that the cause speaks of, while it lasted. */
static size_t calls_to_servers(const struct p2t_summary *s, const struct cause *c)
{
    size_t n = 0;

    for (size_t i = 0; i < s->call_count; i++) {
        const struct call *x = &s->calls[i];
        if (x->quiet || x->server_ip == NULL || x->start_ns > c->until_ns || x->end_ns < c->since_ns ||
            (c->port_of != NULL && x->server != c->port_of))
            continue;
        bool theirs = false;
        for (size_t k = 0; k < c->server_count && !theirs; k++)
            theirs = c->servers[k] == x->server_ip;
        n += theirs ? call_weight(s, x) : 0;
    }
    return n;
}

/* Of how many it hit some, where its rule does not know. */
static void count_all(struct p2t_summary *s)
{
    for (size_t i = 0; i < s->cause_count; i++) {
        struct cause *c = &s->causes[i];
        if (!c->gone && c->of == 0 && c->server_count > 0)
            c->of = calls_to_servers(s, c);
    }
}

/* What is reckoned in steps of time may reach beyond the last packet; so may a clock that was set back. */
static void end_with_capture(struct p2t_summary *s)
{
    for (size_t i = 0; i < s->cause_count && s->counters.frames > 0; i++) {
        struct cause *c = &s->causes[i];
        c->until_ns = max_ns(c->since_ns, min_ns(c->until_ns, s->last_ns));
    }
}

void rank_causes(struct p2t_summary *s)
{
    if (s->cause_count == 0)
        return;
    drop_if_one_direction(s);
    qsort(s->causes, s->cause_count, sizeof *s->causes, by_code);
    fold_aside(s);
    for (size_t i = 0; i < s->cause_count; i++)
        if (!s->causes[i].gone)
            fold_into(s, &s->causes[i]);
    qsort(s->causes, s->cause_count, sizeof *s->causes, by_weight);
    while (s->cause_count > 0 && s->causes[s->cause_count - 1].gone)
        cause_fini(&s->causes[--s->cause_count]);
    end_with_capture(s);
    count_all(s);
}

static bool is_told(const struct p2t_summary *s, const struct call *c)
{
    for (size_t i = 0; i < s->cause_count; i++)
        if (cause_has_hit(&s->causes[i], c))
            return true;
    return false;
}

/* A habit costs time, and fails nobody. */
static bool is_failure_told(const struct p2t_summary *s, const struct call *c)
{
    for (size_t i = 0; i < s->cause_count; i++)
        if (!is_habit(&s->causes[i]) && cause_has_hit(&s->causes[i], c))
            return true;
    return false;
}

/* What the proxy answers is what it got for it. */
static bool is_failed_leg_told(const struct p2t_summary *s, const struct call *c)
{
    return c->failed_legs > 0 && c->slow_leg != NULL && is_failure_told(s, c->slow_leg);
}

size_t unexplained_failures(const struct p2t_summary *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->call_count; i++)
        if (s->calls[i].failed && !is_failure_told(s, &s->calls[i]) && !is_failed_leg_told(s, &s->calls[i]))
            n += call_weight(s, &s->calls[i]);
    return n;
}

size_t lookups_in_vain(const struct p2t_summary *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->cause_count; i++)
        n += s->causes[i].hit_count == 0 ? s->causes[i].failed : 0;
    return n;
}

size_t open_calls(const struct p2t_summary *s, int64_t *since_ns)
{
    size_t n = 0;

    for (size_t i = 0; i < s->call_count; i++) {
        const struct call *c = &s->calls[i];
        if (!c->open || (c->total_ns < SECOND_NS && !is_told(s, c)))
            continue;
        *since_ns = n == 0 ? c->start_ns : min_ns(*since_ns, c->start_ns);
        n += call_weight(s, c);
    }
    return n;
}
