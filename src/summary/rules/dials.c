/* Listeners: who refuses connections, does not answer, or does not take them up. */
#include "summary/prepare.h"
#include "summary/rules/dials.h"
#include "summary/rules/rules.h"

enum { DNS_PORT = 53 };

/* Its dials are no calls of their own. */
static void count_proxied(struct listener *l, struct cause *c)
{
    size_t dials = 0, failed = 0;

    for (size_t i = 0; i < c->hit_count; i++) {
        bool its = c->hit[i]->kind == P2T_KIND_CONNECT && c->hit[i]->client == l->first->client_ip;
        dials += its ? call_weight(l->s, c->hit[i]) : 0;
        failed += its && c->hit[i]->failed ? call_weight(l->s, c->hit[i]) : 0;
    }
    c->calls -= dials;
    c->failed -= failed;
    c->of = c->calls;
}

/* The proxy that dialled in vain answers 5xx for it. */
static size_t hit_proxied(struct listener *l, struct cause *c, const struct word **proxy)
{
    size_t n = 0;

    for (size_t i = 0; i < l->s->call_count; i++) {
        struct call *x = &l->s->calls[i];
        if (x->status < 500 || x->server_ip != l->first->client_ip || x->end_ns < l->from_ns ||
            x->request_ns > l->end_ns + SECOND_NS)
            continue;
        *proxy = x->server;
        cause_hit(l->s, c, x);
        n++;
    }
    if (n > 0)
        count_proxied(l, c);
    return n;
}

/* Sent from elsewhere than the host itself: its hops differ. */
static bool by_middle(const struct listener *l)
{
    for (size_t i = 0; i < l->s->conn_count; i++) {
        const struct conn *k = &l->s->conns[i];
        unsigned ttl = k->side[P2T_SIDE_SERVER].ttl, refused = l->first->refused_ttl;
        /* Routing protocols send with a TTL of 1 or 255 of their own (RFC 5082). */
        if (k->server_ip == l->ip && k->syn_ack_ns != 0 && ttl > 1 && ttl < 255 && refused != 0)
            return ttl > refused + 1 || refused > ttl + 1;
    }
    return false;
}

static bool is_loopback(const struct word *ip)
{
    return strncmp(ip->text, "127.", 4) == 0 || strcmp(ip->text, "::1") == 0;
}

static bool is_netbios(uint16_t port)
{
    enum { NETBIOS = 139, SMB = 445 };

    return port == NETBIOS || port == SMB;
}

/* Somebody dials both at once, and means to use the one that answers: "localhost" has two addresses, and most servers listen
 * at one; file shares have two ports. */
static bool is_other_way(const struct listener *l, const struct conn *k)
{
    const struct conn *first = l->first;

    if (k->server_ip == l->ip)
        return k->server_port != first->server_port && is_netbios(k->server_port) && is_netbios(first->server_port);
    return is_loopback(l->ip) && k->server_ip != NULL && is_loopback(k->server_ip) &&
           k->server_port == first->server_port;
}

/* A refusal that the other way makes good costs nothing. */
static bool made_good(const struct listener *l)
{
    for (size_t i = 0; i < l->s->conn_count; i++) {
        const struct conn *k = &l->s->conns[i];
        if (is_other_way(l, k) && k->syn_ack_ns >= l->from_ns && k->syn_ack_ns - l->end_ns < SECOND_NS)
            return true;
    }
    return false;
}

static bool is_v6(const struct word *ip)
{
    return strchr(ip->text, ':') != NULL;
}

/* The same service by its name's address of the other family. */
static bool is_twin(const struct listener *l, const struct conn *k)
{
    return k->server_ip != NULL && k->server_ip->known_as != NULL && k->server_ip->known_as == l->ip->known_as &&
           k->server_port == l->first->server_port && is_v6(k->server_ip) != is_v6(l->ip);
}

/* Both addresses of "localhost", or of a name, refuse: one cause, told of the IPv4 one. */
static const struct conn *other_refused(const struct listener *l)
{
    for (size_t i = 0; i < l->s->conn_count; i++) {
        const struct conn *k = &l->s->conns[i];
        if (((is_other_way(l, k) && k->server_ip != l->ip) || is_twin(l, k)) &&
            dial_end_of(l->s, k) == DIAL_REFUSED && k->syn_ns >= l->from_ns - SECOND_NS &&
            k->syn_ns <= l->to_ns + SECOND_NS)
            return k;
    }
    return NULL;
}

/* It was there at some time: a SYN-ACK of it is in the capture, or what it said on a connection. */
static bool listened_once(const struct listener *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (((const struct conn *)l->conns[i].item)->syn_ack_ns != 0)
            return true;
    if (!cause_look(l->s))
        return false;
    for (size_t i = 0; i < l->s->conn_count; i++) { /* those without a SYN, too */
        const struct conn *k = &l->s->conns[i];
        if (k->server == l->server && (k->syn_ack_ns != 0 || k->last_bytes_ns[P2T_SIDE_SERVER] != 0))
            return true;
    }
    return false;
}

static void say_why_refused(const struct listener *l, struct cause *c, const struct conn *other)
{
    if (other != NULL)
        buf_printf(&c->text, "; so does %s", other->server->text);
    buf_str(&c->text, listened_once(l) ? ": nothing listened there then, or a firewall rejected; at other times it "
                                         "takes connections"
                                       : ": nothing listens there, or a firewall rejects");
}

/* Dials that it takes among those that it refuses, no more than a second apart: a process that is restarted takes none. */
static size_t taken_between(const struct listener *l)
{
    int64_t refused_ns = 0;
    size_t between = 0, since = 0;

    for (size_t i = 0; i < l->n; i++) {
        const struct conn *k = l->conns[i].item;
        enum dial_end end = dial_end_of(l->s, k);
        since += end == DIAL_ANSWERED;
        if (end != DIAL_REFUSED)
            continue;
        between += refused_ns != 0 && k->syn_ns - refused_ns < SECOND_NS ? since : 0;
        refused_ns = k->syn_ns;
        since = 0;
    }
    return between;
}

static void find_refused(struct listener *l)
{
    const unsigned ends = 1u << DIAL_REFUSED;
    size_t n = listener_count(l, ends);
    const struct word *proxy = NULL;

    if (n < at_least(l->s, 2) || !cause_look(l->s))
        return;
    l->end_ns = max_ns(l->end_ns, l->last->refused_ns);
    if (made_good(l))
        return;
    listener_find_siblings(l);
    const struct conn *other = l->siblings.total == 0 ? other_refused(l) : NULL;
    if (other != NULL && is_v6(l->ip))
        return;
    size_t taken = listener_taken(l);
    bool middle = by_middle(l), backlog = taken > 2 && taken_between(l) * 4 > n && l->siblings.total == 0;
    enum p2t_cause_code code = middle                  ? P2T_CAUSE_CONN_REFUSED_BY_MIDDLE
                               : backlog               ? P2T_CAUSE_CONN_BACKLOG_RESET
                               : l->siblings.total > 0 ? P2T_CAUSE_DNS_ADDRESS_REFUSES
                                                       : P2T_CAUSE_CONN_REFUSED;
    struct cause *c =
        listener_blame(l, code, middle ? P2T_CAUSE_SIDE_NETWORK : P2T_CAUSE_SIDE_SERVER, P2T_CERTAIN, ends);
    size_t proxied = hit_proxied(l, c, &proxy);
    c->lost_ns = 0;
    if (middle)
        c->confidence = P2T_LIKELY;
    say_service(&c->text, l->server, l->ip);
    buf_printf(&c->text, " refuses connections, %zu of %zu", n, n + taken);
    if (middle)
        buf_printf(&c->text,
                   "; the RSTs have TTL %u, other packets of that address do not: something on the way refuses",
                   (unsigned)l->first->refused_ttl);
    else if (backlog)
        buf_lit(&c->text, ": its backlog is full, or one of several behind it is dead");
    else if (l->siblings.total == 0)
        say_why_refused(l, c, other);
    if (proxied > 0) {
        buf_printf(&c->text, "; the proxy %s answers 5xx for it, %zu call%s", word_str(proxy), proxied,
                   plural(proxied));
        cause_clear(c, proxy);
    }
    say_siblings(l, c, "takes connections", "take connections");
    dials_tell_dns(l, c, ends);
}

static void find_challenged(struct listener *l)
{
    const unsigned ends = 1u << DIAL_CHALLENGED;
    size_t n = listener_count(l, ends);

    if (n < at_least(l->s, 3))
        return;
    struct cause *c = listener_blame(l, P2T_CAUSE_CONN_PORT_REUSE, P2T_CAUSE_SIDE_CLIENT, P2T_LIKELY, ends);
    c->client = l->first->client_ip;
    buf_printf(&c->text, "%s uses ports again while ", word_str(l->first->client_ip));
    say_service(&c->text, l->server, l->ip);
    buf_printf(&c->text, " still holds their old connections: %zu SYN%s answered by a challenge ACK", n,
               n == 1 ? " is" : "s are");
}

/* It was set up late, and closed without a byte. */
static bool outlived_its_call(const struct p2t_summary *s, const struct call *c)
{
    const struct conn *k = c->conn;

    return c->kind == P2T_KIND_CONNECT && c->outcome == P2T_OUTCOME_OK && k != NULL &&
           dial_end_of(s, k) == DIAL_REPEATED && k->last_bytes_ns[P2T_SIDE_CLIENT] == 0 &&
           k->last_bytes_ns[P2T_SIDE_SERVER] == 0 && k->side[P2T_SIDE_CLIENT].unseen == 0 && !k->one_direction &&
           k->fin_ns[P2T_SIDE_CLIENT] + k->rst_ns[P2T_SIDE_CLIENT] != 0;
}

/* What became of those calls is not in the capture. */
static void say_unused(const struct p2t_summary *s, struct cause *c)
{
    size_t unused = 0;

    for (size_t i = 0; i < c->hit_count; i++)
        unused += outlived_its_call(s, c->hit[i]);
    if (unused == 0)
        return;
    buf_printf(&c->text, "; %zu connection%s that came late carried no request", unused, plural(unused));
}

/* What is told of SYNs that had no answer, or a late one. */
static void find_silence(struct listener *l)
{
    size_t before = l->s->cause_count;

    if (!dials_find_blackout(l))
        dials_find_silence(l);
    if (l->s->cause_count > before)
        say_unused(l->s, &l->s->causes[l->s->cause_count - 1]);
}

void rules_dials(struct p2t_summary *s)
{
    struct groups g = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->conn_count; i++)
        if (s->conns[i].syns > 0 && s->conns[i].server_port != DNS_PORT)
            groups_add(&g, (struct keyed){{s->conns[i].server}, s->conns[i].syn_ns, s->conns[i].id, &s->conns[i]});
    groups_sort(&g);
    while (cause_room(s) && (first = groups_next(&g, &at, &n)) != NULL) {
        struct listener l = {.s = s, .server = first->key[0], .conns = first, .n = n};
        l.ip = ((struct conn *)first->item)->server_ip;
        find_refused(&l);
        l.siblings = (struct word_list){0};
        dials_find_unreachable(&l);
        find_silence(&l);
        find_challenged(&l);
    }
    s->failed |= g.failed;
    groups_fini(&g);
}
