/* ClientHellos that vanish: TCP's handshake completes, the hello is sent again and again, and nothing acknowledges it. What
 * stands on the way and reads hellos drops them by their name, or because they take two packets. */
#include "summary/cause.h"
#include "summary/rules/rules.h"

enum { FULL_SEGMENT = 1200 };

/* Nobody acknowledged anything of the client's, not even a later part of it: that would be a hole of the path's MTU. */
static bool is_unheard(const struct conn *k)
{
    const struct p2t_flow_record *client = &k->side[P2T_SIDE_CLIENT], *server = &k->side[P2T_SIDE_SERVER];
    uint64_t fin = k->fin_ns[P2T_SIDE_SERVER] != 0;

    return k->syn_ack_ns != 0 && k->ack_ns != 0 && client->bytes > 0 && client->unacked_bytes >= client->bytes &&
           server->bytes == 0 && server->unseen == 0 && server->packets <= k->syn_acks + fin &&
           k->late_syn_acks == 0 && !k->one_direction;
}

static bool is_repeated(const struct conn *k)
{
    for (size_t i = 0; i < k->stall_count; i++)
        if (k->stalls[i].kind == P2T_STALL_LOST_AFTER && !k->stalls[i].by_server && k->stalls[i].open &&
            k->stalls[i].repeats >= 2)
            return true;
    return false;
}

static bool is_lost(const struct call *c)
{
    return c->kind == P2T_KIND_TLS && c->conn != NULL && c->request_ns == 0 && is_unheard(c->conn) &&
           is_repeated(c->conn);
}

static bool has_passed(const struct call *c)
{
    return c->conn != NULL && c->tls_ns > 0 && c->conn->side[P2T_SIDE_SERVER].bytes > 0;
}

struct hellos {
    struct p2t_summary *s;
    struct keyed *calls; /* with TLS to one server, by time */
    size_t n;
    size_t lost, passed, alone; /* alone: lost ones of a full-size segment that is all there is */
    const struct call *first;
    int64_t from_ns, to_ns, last_syn_ack_ns;
    uint64_t least_bytes;
    uint32_t most_passed; /* the longest segment of a client that was acknowledged */
    struct word_list lost_names, passed_names, lost_clients, passed_clients;
};

static void take_lost(struct hellos *h, const struct call *c)
{
    const struct p2t_flow_record *client = &c->conn->side[P2T_SIDE_CLIENT];

    h->first = h->lost++ == 0 ? c : h->first;
    h->from_ns = h->from_ns == 0 ? c->conn->syn_ns : h->from_ns;
    h->to_ns = max_ns(h->to_ns, c->end_ns);
    h->least_bytes = h->lost == 1 || client->bytes < h->least_bytes ? client->bytes : h->least_bytes;
    h->alone += client->bytes >= FULL_SEGMENT && client->mss > 0 && client->bytes <= client->mss;
    word_list_add(&h->lost_names, c->name);
    word_list_add(&h->lost_clients, c->client);
}

static void take_all(struct hellos *h)
{
    for (size_t i = 0; i < h->n; i++) {
        const struct call *c = h->calls[i].item;
        if (is_lost(c))
            take_lost(h, c);
        h->last_syn_ack_ns = c->conn != NULL ? max_ns(h->last_syn_ack_ns, c->conn->syn_ack_ns) : h->last_syn_ack_ns;
    }
    for (size_t i = 0; i < h->n && h->lost > 0; i++) {
        const struct call *c = h->calls[i].item;
        if (!has_passed(c) || c->start_ns < h->from_ns || c->start_ns > h->to_ns)
            continue;
        uint32_t acked = c->conn->side[P2T_SIDE_CLIENT].largest_acked;
        h->passed++;
        h->most_passed = acked > h->most_passed ? acked : h->most_passed;
        word_list_add(&h->passed_names, c->name);
        word_list_add(&h->passed_clients, c->client);
    }
}

static bool share_any(const struct word_list *a, const struct word_list *b)
{
    for (size_t i = 0; i < a->n; i++)
        if (word_list_has(b, a->word[i]))
            return true;
    return a->total > a->n || b->total > b->n;
}

/* What those that pass have in common and the others have not. */
static void say_others(struct hellos *h, struct cause *c)
{
    if (h->passed == 0)
        return;
    if (!share_any(&h->lost_names, &h->passed_names)) {
        buf_lit(&c->text, "; those for ");
        say_words(&c->text, &h->passed_names, 3);
        buf_lit(&c->text, " pass");
    } else if (h->most_passed < h->least_bytes) {
        buf_printf(&c->text, ", of %llu bytes and more; small ones pass", (unsigned long long)h->least_bytes);
    } else if (!share_any(&h->lost_clients, &h->passed_clients)) {
        buf_lit(&c->text, "; those of ");
        say_words(&c->text, &h->passed_clients, 3);
        buf_lit(&c->text, " pass");
    } else {
        buf_printf(&c->text, "; %zu others pass", h->passed);
    }
}

static void blame(struct hellos *h)
{
    struct cause *c = cause_add(h->s, P2T_CAUSE_TLS_HELLO_DROPPED, P2T_CAUSE_SIDE_NETWORK, "tls",
                                h->passed > 0 ? P2T_LIKELY : P2T_POSSIBLE);

    cause_subject_service(c, h->first->server, h->first->server_ip);
    if (h->lost_names.total == 1)
        c->name = h->lost_names.word[0];
    for (size_t i = 0; i < h->n; i++) {
        struct call *x = h->calls[i].item;
        c->of += x->start_ns >= h->from_ns - SECOND_NS && x->start_ns <= h->to_ns;
        if (!is_lost(x))
            continue;
        x->conn->hello_lost = true;
        cause_hit(h->s, c, x);
        cause_prove(c, x->conn->stalls[0].proof);
        add_ns(&c->lost_ns, x->total_ns);
    }
    c->hurt = c->calls;
    cause_span(c, h->from_ns, h->to_ns);
    buf_lit(&c->text, "ClientHellos");
    if (h->lost_names.total > 0) {
        buf_lit(&c->text, " for ");
        say_words(&c->text, &h->lost_names, 3);
    }
    buf_printf(&c->text, " to %s are never acknowledged, on ", word_str(h->first->server));
    say_count(&c->text, h->lost, "connection");
    buf_lit(&c->text, ", although TCP's handshakes complete");
    say_others(h, c);
    buf_lit(&c->text, ": something on the way drops them");
}

static void look_at(struct p2t_summary *s, struct keyed *calls, size_t n)
{
    struct hellos h = {.s = s, .calls = calls, .n = n};

    take_all(&h);
    /* The host lived on: it completed a handshake after the first hello was lost. */
    bool lives = h.lost > 0 && h.last_syn_ack_ns > h.first->conn->last_bytes_ns[P2T_SIDE_CLIENT] + SECOND_NS / 5;
    /* A single full-size packet may as well be too big for the path. */
    bool mtu = h.alone * 2 > h.lost && h.most_passed < FULL_SEGMENT;
    if (h.lost >= 2 && lives && !mtu)
        blame(&h);
}

void rules_hellos(struct p2t_summary *s)
{
    struct groups g = {0};
    size_t at = 0, n;
    struct keyed *first;

    for (size_t i = 0; i < s->call_count; i++) {
        struct call *c = &s->calls[i];
        if (c->server != NULL && c->conn != NULL && (c->kind == P2T_KIND_TLS || c->tls_ns > 0))
            groups_add(&g, (struct keyed){{c->server}, c->start_ns, c->id, c});
    }
    groups_sort(&g);
    while (!s->lossy_capture && cause_room(s) && (first = groups_next(&g, &at, &n)) != NULL)
        look_at(s, first, n);
    s->failed |= g.failed;
    groups_fini(&g);
}
