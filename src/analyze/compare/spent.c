#include "analyze/compare/spent.h"

/* Smaller delays are explained by scheduling on an ordinary machine. */
static const int64_t NOTABLE_NS = 5000000;

const char *spent_key(enum spent_where where)
{
    static const char *const keys[] = {
#define X(id, key, name) key,
        SPENT_LIST(X)
#undef X
    };
    return keys[where];
}

const char *spent_name(enum spent_where where)
{
    static const char *const names[] = {
#define X(id, key, name) name,
        SPENT_LIST(X)
#undef X
    };
    return names[where];
}

/* ---- times of hooks, on the wire's clock ---- */

struct moment {
    bool live, wire, packets; /* known there; shown by packets */
    int64_t live_ns, wire_ns;
};

/* The first of its hook, or the last. */
static struct moment moment_of(const struct pair *p, enum p2t_hook hook, bool last)
{
    struct moment m = {false};

    for (size_t i = 0; i < p->n; i++) {
        const struct pair_row *row = &p->rows[i];
        if (pair_hook(row) != hook)
            continue;
        if (row->live != NULL && (!m.live || last)) {
            m.live = true;
            m.live_ns = row->live->time_ns - p->offset_ns;
        }
        if (row->wire != NULL && (!m.wire || last)) {
            m.wire = true;
            m.packets = row->wire->basis != P2T_ASSUMED;
            m.wire_ns = row->wire->time_ns;
        }
    }
    return m;
}

static int64_t positive(int64_t ns)
{
    return ns > 0 ? ns : 0;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How long the hook fired after its packet; of a clock that is known to be late it says nothing. */
static int64_t lateness(const struct pair *p, const struct moment *m)
{
    return m->live && m->wire && m->packets && !p->live->late_clock ? positive(m->live_ns - m->wire_ns) : 0;
}

/* ---- the parts of a call ---- */

static bool captured_elsewhere(const struct pair *p)
{
    return p->wire->wire.vantage == P2T_VANTAGE_SERVER || p->wire->wire.vantage == P2T_VANTAGE_MIDDLE;
}

static enum spent_where late_part(const struct pair *p)
{
    return captured_elsewhere(p) ? SPENT_NETWORK : SPENT_CLIENT;
}

/* Adds the time between two live moments to the part, without the second one's delay. */
static void add_between(struct spent *s, const struct pair *p, const struct moment *a, const struct moment *b,
                        enum spent_where where)
{
    if (!a->live || !b->live || b->live_ns <= a->live_ns)
        return;
    int64_t all = b->live_ns - a->live_ns, late = least(lateness(p, b), all);
    s->where_ns[late_part(p)] += late;
    s->where_ns[where] += all - late;
}

static void add_wait_for_connection(struct spent *s, const struct pair *p)
{
    static const enum p2t_hook next[] = {P2T_HOOK_DNS_START, P2T_HOOK_CONNECT_START, P2T_HOOK_GOT_CONN};
    struct moment get = moment_of(p, P2T_HOOK_GET_CONN, false);

    for (size_t i = 0; get.live && i < sizeof next / sizeof *next; i++) {
        struct moment m = moment_of(p, next[i], false);
        if (!m.live)
            continue;
        s->where_ns[SPENT_POOL] += positive(m.live_ns - get.live_ns);
        return;
    }
}

static void add_lookup(struct spent *s, const struct pair *p)
{
    struct moment start = moment_of(p, P2T_HOOK_DNS_START, false), done = moment_of(p, P2T_HOOK_DNS_DONE, true);

    if (start.live && done.live)
        s->where_ns[SPENT_RESOLVER] += positive(done.live_ns - start.live_ns);
}

/* One round trip is the network's, the rest the server's; at a capture beside the server, all but the server's own time is
 * the network's. */
static void add_wait_for_server(struct spent *s, const struct pair *p)
{
    struct moment wrote = moment_of(p, P2T_HOOK_WROTE_REQUEST, true);
    struct moment first = moment_of(p, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, false);
    int64_t network = positive(p->wire->wire.rtt_ns);

    if (!wrote.live || !first.live || first.live_ns <= wrote.live_ns)
        return;
    int64_t all = first.live_ns - wrote.live_ns, late = least(lateness(p, &first), all);
    if (p->wire->wire.vantage == P2T_VANTAGE_SERVER && wrote.wire && first.wire)
        network = positive(all - late - positive(first.wire_ns - wrote.wire_ns));
    network = least(network, all - late);
    s->where_ns[late_part(p)] += late;
    s->where_ns[SPENT_NETWORK] += network;
    s->where_ns[SPENT_SERVER] += all - late - network;
}

static void add_transfers(struct spent *s, const struct pair *p)
{
    struct moment headers = moment_of(p, P2T_HOOK_WROTE_HEADERS, true);
    struct moment wrote = moment_of(p, P2T_HOOK_WROTE_REQUEST, true);
    struct moment first = moment_of(p, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, false);
    struct moment end = {p->live->has_end, true, true, p->live->end_ns - p->offset_ns, p->wire->end_ns};

    struct moment asked = moment_of(p, P2T_HOOK_WAIT_100_CONTINUE, true);
    struct moment got_100 = moment_of(p, P2T_HOOK_GOT_100_CONTINUE, false);

    if (asked.live) { /* the client waited for 100 Continue before the body */
        const struct moment *until = got_100.live ? &got_100 : &wrote;
        add_between(s, p, &asked, until, SPENT_SERVER);
        headers = *until;
    }
    add_between(s, p, &headers, &wrote, SPENT_NETWORK);
    if (end.live)
        add_between(s, p, &first, &end, SPENT_NETWORK);
}

static void add_connection(struct spent *s, const struct pair *p)
{
    static const enum p2t_hook ends[][2] = {{P2T_HOOK_CONNECT_START, P2T_HOOK_CONNECT_DONE},
                                            {P2T_HOOK_TLS_HANDSHAKE_START, P2T_HOOK_TLS_HANDSHAKE_DONE}};

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct moment start = moment_of(p, ends[i][0], false), done = moment_of(p, ends[i][1], true);
        add_between(s, p, &start, &done, SPENT_NETWORK);
    }
}

/* ---- calls that end inside a silence ---- */

static bool began_only(const struct pair *p, enum p2t_hook start, enum p2t_hook done)
{
    return moment_of(p, start, true).live && !moment_of(p, done, true).live;
}

/* Who was silent when the client gave up. */
static enum spent_where who_was_silent(const struct pair *p)
{
    if (moment_of(p, P2T_HOOK_WROTE_REQUEST, true).live || moment_of(p, P2T_HOOK_GOT_CONN, true).live)
        return SPENT_SERVER;
    if (began_only(p, P2T_HOOK_TLS_HANDSHAKE_START, P2T_HOOK_TLS_HANDSHAKE_DONE) ||
        began_only(p, P2T_HOOK_CONNECT_START, P2T_HOOK_CONNECT_DONE))
        return SPENT_NETWORK;
    if (began_only(p, P2T_HOOK_DNS_START, P2T_HOOK_DNS_DONE))
        return SPENT_RESOLVER;
    return moment_of(p, P2T_HOOK_CONNECT_START, true).live ? SPENT_CLIENT : SPENT_POOL;
}

/* When the call was over, on the wire's clock. Where the trace does not say, the client closed when it had enough. */
static bool end_of(const struct pair *p, int64_t *end_ns)
{
    bool says_so = p->wire->wire.client_gave_up && p->live->error.n > 0 && p->wire->has_end;

    *end_ns = p->live->has_end ? p->live->end_ns - p->offset_ns : p->wire->end_ns;
    return p->live->has_end || says_so;
}

/* From the last hook to the end, without a response. What had come by then, the client did not look at. */
static void add_silence(struct spent *s, const struct pair *p)
{
    const struct record *l = p->live;
    struct moment first = moment_of(p, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE, false);

    int64_t to;

    if (l->event_count == 0 || first.live || !end_of(p, &to))
        return;
    int64_t from = l->events[l->event_count - 1].time_ns - p->offset_ns;
    int64_t came = first.wire && first.packets && first.wire_ns > from ? least(first.wire_ns, to) : to;
    s->where_ns[who_was_silent(p)] += positive(came - from);
    s->where_ns[SPENT_CLIENT] += positive(to - came);
}

static int64_t total_of(const struct pair *p)
{
    const struct record *l = p->live;

    int64_t end_ns;

    if (l->event_count == 0)
        return -1;
    int64_t last = l->events[l->event_count - 1].time_ns - p->offset_ns;
    if (end_of(p, &end_ns) && end_ns > last)
        last = end_ns;
    return last - (l->events[0].time_ns - p->offset_ns);
}

/* The rest passed between hooks: in the client itself. */
static void share_out(struct spent *s, const struct pair *p)
{
    int64_t sum = 0;

    add_wait_for_connection(s, p);
    add_lookup(s, p);
    add_connection(s, p);
    add_wait_for_server(s, p);
    add_transfers(s, p);
    add_silence(s, p);
    for (int i = 0; i < SPENT_WHERES; i++) {
        s->where_ns[i] = least(s->where_ns[i], s->total_ns - sum);
        sum += s->where_ns[i];
    }
    s->where_ns[SPENT_CLIENT] += s->total_ns - sum;
    for (int i = 0; i < SPENT_WHERES; i++)
        if (s->where_ns[i] > s->where_ns[s->most])
            s->most = (enum spent_where)i;
}

/* ---- reasons ---- */

static void add_reason(struct spent *s, struct spent_reason r)
{
    if (s->reason_count < SPENT_REASONS_MAX)
        s->reasons[s->reason_count++] = r;
}

/* GetConn leaves no packet, so its delay proves nothing. */
static void wait_for_connection(struct spent *s, int64_t notable_ns)
{
    if (s->where_ns[SPENT_POOL] > notable_ns)
        add_reason(s, (struct spent_reason){.where = SPENT_POOL, .ns = s->where_ns[SPENT_POOL]});
}

static void lookup(struct spent *s, const struct pair *p, int64_t notable_ns)
{
    struct moment start = moment_of(p, P2T_HOOK_DNS_START, false), done = moment_of(p, P2T_HOOK_DNS_DONE, true);

    if (!start.live || !done.live || (start.packets && !done.wire))
        return;
    int64_t live = done.live_ns - start.live_ns;
    bool packets = start.wire && done.wire && start.packets;
    int64_t more = live - (packets ? done.wire_ns - start.wire_ns : 0);
    if (!packets || more > notable_ns)
        add_reason(s, (struct spent_reason){.where = SPENT_RESOLVER, .ns = more, .without_packets = !packets});
}

/* Hooks that wait for a packet. */
static bool follows_packet(const struct pair_row *row)
{
    static const uint32_t mask = 1u << P2T_HOOK_DNS_DONE | 1u << P2T_HOOK_CONNECT_DONE |
                                 1u << P2T_HOOK_TLS_HANDSHAKE_DONE | 1u << P2T_HOOK_GOT_FIRST_RESPONSE_BYTE |
                                 1u << P2T_HOOK_GOT_1XX_RESPONSE | 1u << P2T_HOOK_GOT_100_CONTINUE |
                                 1u << P2T_HOOK_PUT_IDLE_CONN;

    return row->live != NULL && row->wire != NULL && row->wire->basis != P2T_ASSUMED &&
           (mask >> row->wire->hook & 1) != 0;
}

static bool is_late(const struct pair_row *row, int64_t notable_ns)
{
    return follows_packet(row) && row->difference_ns > notable_ns;
}

/* Consecutive late hooks have one reason. */
static size_t late_run(struct spent_reason *r, const struct pair *p, size_t from, int64_t notable_ns)
{
    size_t i = from;

    *r = (struct spent_reason){.where = late_part(p), .first_row = (uint32_t)from};
    for (; i < p->n; i++) {
        const struct pair_row *row = &p->rows[i];
        if (is_late(row, notable_ns)) {
            r->hooks++;
            r->last_row = (uint32_t)i;
            r->ns = row->difference_ns > r->ns ? row->difference_ns : r->ns;
        } else if (row->live != NULL && row->wire != NULL)
            break;
    }
    r->on_time_again = i < p->n;
    return i;
}

/* If only DNSDone is late, the host's resolver answered late: that is another reason. */
static bool is_lookup_alone(const struct pair *p, const struct spent_reason *r)
{
    return r->hooks == 1 && p->rows[r->first_row].wire->hook == P2T_HOOK_DNS_DONE;
}

static void late_hooks(struct spent *s, const struct pair *p, int64_t notable_ns)
{
    struct spent_reason runs[SPENT_REASONS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < p->n && n < SPENT_REASONS_MAX;)
        if (is_late(&p->rows[i], notable_ns))
            i = late_run(&runs[n++], p, i, notable_ns);
        else
            i++;
    for (size_t i = 0; i < n; i++)
        if (!is_lookup_alone(p, &runs[i]))
            add_reason(s, runs[i]);
}

void spent_find(struct spent *s, const struct pair *p, int64_t tolerance_ns)
{
    int64_t notable_ns = tolerance_ns > NOTABLE_NS ? tolerance_ns : NOTABLE_NS;

    *s = (struct spent){.total_ns = total_of(p)};
    if (s->total_ns < 0 || p->live->relative)
        return;
    share_out(s, p);
    wait_for_connection(s, notable_ns);
    lookup(s, p, notable_ns);
    if (!p->live->late_clock)
        late_hooks(s, p, notable_ns);
}

/* ---- in words ---- */

static void put_ms(struct buf *b, int64_t ns)
{
    buf_printf(b, "%lld.%03d ms", (long long)(ns / 1000000), (int)(ns / 1000 % 1000));
}

static void say_late(struct buf *b, const struct pair *p, const struct spent_reason *r)
{
    const char *first = p2t_hook_name(pair_hook(&p->rows[r->first_row]));
    const char *last = p2t_hook_name(pair_hook(&p->rows[r->last_row]));

    if (r->hooks == 1)
        buf_printf(b, "%s fired ", first);
    else
        buf_printf(b, "%u hooks late together (%s to %s), up to ", r->hooks, first, last);
    put_ms(b, r->ns);
    buf_printf(b, " after what %s had been captured", r->hooks == 1 ? "it waits for" : "they wait for");
    if (r->where == SPENT_NETWORK)
        buf_lit(b, ": the way from there to the client");
    else
        buf_str(b, r->on_time_again
                       ? ", then on time again: the client did not run (throttled, collecting garbage, stopped)"
                       : ": the client did not run, or did not look");
}

void spent_say(struct buf *b, const struct pair *p, const struct spent_reason *r)
{
    switch (r->where) {
    case SPENT_POOL:
        put_ms(b, r->ns);
        buf_lit(b, " between GetConn and the first sign of a connection: its pool, or a limit on connections");
        break;
    case SPENT_RESOLVER:
        if (r->without_packets)
            buf_lit(b, "a lookup without packets, from a hosts file or a cache: ");
        else
            buf_lit(b, "the lookup took longer than its packets, in the client's own resolver: ");
        put_ms(b, r->ns);
        break;
    default:
        say_late(b, p, r);
    }
}
