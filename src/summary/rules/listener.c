/* One listener, and what became of the attempts to reach it. */
#include "summary/rules/dials.h"

/* A SYN this near to the end of the capture may yet be answered. */
static const int64_t TAIL_NS = SECOND_NS;
/* A handshake that was late by a repeated SYN: no kernel repeats one sooner. */
static const int64_t REPEATED_NS = SECOND_NS / 2;

/* ---- one dial ---- */

enum dial_end dial_end_of(const struct p2t_summary *s, const struct conn *k)
{
    enum { V4_UNREACHABLE = 3, V4_TOO_BIG = 4, V6_UNREACHABLE = 1 };
    bool icmp =
        k->icmp_ns != 0 && (k->icmp_family == 6 ? k->icmp_type == V6_UNREACHABLE
                                                : k->icmp_type == V4_UNREACHABLE && k->icmp_code != V4_TOO_BIG);

    if (k->syns == 0)
        return DIAL_NONE;
    if (k->challenged_ns != 0 && k->syns > 1 && (k->syn_ack_ns == 0 || k->challenged_ns < k->syn_ack_ns))
        return DIAL_CHALLENGED;
    if (k->syn_ack_ns == 0) {
        if (k->refused_ns != 0)
            return k->goes_on ? DIAL_OPEN : DIAL_REFUSED;
        if (icmp)
            return DIAL_UNREACHABLE;
        return k->syn_ns < s->last_ns - TAIL_NS && !k->one_direction && !k->goes_on ? DIAL_SILENT : DIAL_OPEN;
    }
    int64_t rst_ns = k->rst_ns[P2T_SIDE_SERVER];
    if (rst_ns != 0 && rst_ns <= k->syn_ack_ns) /* some clients ask a port again that refused (Windows) */
        return DIAL_ANSWERED;
    if (k->syns > 1 && k->syn_ack_ns - k->syn_ns > REPEATED_NS)
        return DIAL_REPEATED;
    return k->late_syn_acks > 0 && k->late_syn_ack_ns - k->syn_ack_ns > REPEATED_NS ? DIAL_LATE_SYN_ACK
                                                                                    : DIAL_ANSWERED;
}

/* ---- one listener ---- */

static bool in_window(const struct listener *l, const struct conn *k)
{
    return k->syn_ns >= l->from_ns && k->syn_ns <= l->to_ns;
}

size_t listener_count(struct listener *l, unsigned ends)
{
    size_t n = 0;

    l->from_ns = l->to_ns = l->end_ns = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct conn *k = l->conns[i].item;
        if ((ends & 1u << dial_end_of(l->s, k)) == 0)
            continue;
        l->first = n++ == 0 ? k : l->first;
        l->last = k;
        l->from_ns = l->from_ns == 0 ? k->syn_ns : l->from_ns;
        l->to_ns = max_ns(l->to_ns, k->last_syn_ns);
        l->end_ns = max_ns(l->end_ns, max_ns(k->last_syn_ns, max_ns(k->syn_ack_ns, k->late_syn_ack_ns)));
    }
    return n;
}

size_t listener_taken(const struct listener *l)
{
    size_t n = 0;

    for (size_t i = 0; i < l->n; i++) {
        const struct conn *k = l->conns[i].item;
        n += dial_end_of(l->s, k) == DIAL_ANSWERED && in_window(l, k);
    }
    return n;
}

/* Callers go on to another address when one has failed. */
static const int64_t GO_ON_NS = SECOND_NS;

static bool is_sibling(const struct listener *l, const struct conn *k)
{
    return k->server_ip != l->ip && k->server_ip != NULL && k->server_ip->known_as == l->ip->known_as;
}

static bool fails_too(const struct listener *l, const struct word *ip)
{
    enum { FAILED = 1u << DIAL_SILENT | 1u << DIAL_REFUSED | 1u << DIAL_UNREACHABLE };

    for (size_t i = 0; i < l->s->conn_count; i++) {
        const struct conn *k = &l->s->conns[i];
        if (k->server_ip == ip && k->syn_ns >= l->from_ns && k->syn_ns <= l->end_ns + GO_ON_NS &&
            (FAILED & 1u << dial_end_of(l->s, k)) != 0)
            return true;
    }
    return false;
}

/* Other addresses that the same name leads to, and that took a connection meanwhile: one that only took it afterwards may have
 * failed until then as this one did. */
void listener_find_siblings(struct listener *l)
{
    for (size_t i = 0; l->ip->known_as != NULL && i < l->s->conn_count; i++) {
        const struct conn *k = &l->s->conns[i];
        if (!is_sibling(l, k) || k->syn_ack_ns < l->from_ns || k->syn_ack_ns > l->end_ns + GO_ON_NS)
            continue;
        if (k->syn_ack_ns <= l->end_ns || !fails_too(l, k->server_ip))
            word_list_add(&l->siblings, k->server_ip);
    }
}

/* The call dialled the listener in vain, or went over one of its bad connections. */
static bool was_hit(const struct listener *l, const struct call *c, unsigned ends)
{
    for (size_t i = 0; i < sizeof c->dialled / sizeof *c->dialled && c->dialled[i] != NULL; i++)
        if (c->dialled[i] == l->server && c->end_ns >= l->from_ns)
            return true;
    return c->conn != NULL && c->server == l->server && c->conn->call_count > 0 && c->conn->calls[0] == c &&
           (ends & 1u << dial_end_of(l->s, c->conn)) != 0;
}

void listener_hit(struct listener *l, struct cause *c, unsigned ends)
{
    for (size_t i = 0; i < l->s->call_count; i++) {
        struct call *x = &l->s->calls[i];
        if (x->start_ns <= l->end_ns + SECOND_NS && was_hit(l, x, ends))
            cause_hit(l->s, c, x);
    }
}

struct cause *listener_blame(struct listener *l, enum p2t_cause_code code, enum p2t_cause_side side,
                             enum p2t_confidence confidence, unsigned ends)
{
    struct cause *c = cause_add(l->s, code, side, "connect", confidence);

    cause_subject_service(c, l->server, l->ip);
    listener_hit(l, c, ends);
    cause_span(c, l->from_ns, l->end_ns);
    for (size_t i = 0; i < l->n; i++) {
        const struct conn *k = l->conns[i].item;
        c->of += in_window(l, k);
        if ((ends & 1u << dial_end_of(l->s, k)) == 0)
            continue;
        cause_prove(c, k->refused_ns != 0 ? k->refused : k->icmp_ns != 0 ? k->icmp : k->last_syn);
        add_ns(&c->lost_ns,
               k->syn_ack_ns != 0 ? k->syn_ack_ns - k->syn_ns : max_ns(SECOND_NS, k->last_syn_ns - k->syn_ns));
    }
    return c;
}

void say_siblings(struct listener *l, struct cause *c, const char *does, const char *they_do)
{
    if (l->siblings.total == 0)
        return;
    buf_lit(&c->text, "; ");
    for (size_t i = 0; i < l->siblings.n; i++)
        cause_clear(c, l->siblings.word[i]);
    say_words(&c->text, &l->siblings, 3);
    buf_printf(&c->text, " of the same name %s", l->siblings.total == 1 ? does : they_do);
}
