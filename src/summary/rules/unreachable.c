/* Addresses that ICMP reports as unreachable: one cause for all that one sender says the same of. */
#include "base/icmp.h"
#include "summary/rules/dials.h"

/* Kernels limit how many errors they send (Linux's one a second to each host for IPv6): other dials of the time hear nothing. */
enum {
    UNREACHABLE = 1u << DIAL_UNREACHABLE,
    UNHEARD = 1u << DIAL_SILENT | 1u << DIAL_REPEATED,
    ICMPV6_UNREACHABLE = 1 /* type; ICMPv4 has 3 */
};

static struct cause *told_by(struct p2t_summary *s, const struct conn *k)
{
    for (size_t i = 0; i < s->cause_count; i++) {
        struct cause *c = &s->causes[i];
        if (c->code == P2T_CAUSE_CONN_UNREACHABLE && c->reporter == k->icmp_sender && c->icmp_type == k->icmp_type &&
            c->icmp_code == k->icmp_code)
            return c;
    }
    return NULL;
}

static void say(struct cause *c)
{
    c->text.n = 0;
    buf_printf(&c->text, "%s says that ", word_str(c->reporter));
    say_service(&c->text, c->address, c->servers[0]);
    if (c->places > 1) {
        buf_lit(&c->text, " and ");
        say_count(&c->text, c->places - 1, "more service");
        buf_lit(&c->text, " are");
    } else {
        buf_lit(&c->text, " is");
    }
    buf_printf(&c->text, " unreachable: %s (ICMP type %u code %u), to ",
               icmp_unreachable_name(c->icmp_type == ICMPV6_UNREACHABLE ? 6 : 4, c->icmp_code),
               (unsigned)c->icmp_type, (unsigned)c->icmp_code);
    say_count(&c->text, c->dials, "dial");
}

static void add(struct listener *l, struct cause *c, size_t n)
{
    listener_hit(l, c, UNREACHABLE | UNHEARD);
    cause_span(c, l->from_ns, l->end_ns);
    cause_server(c, l->server, l->ip);
    cause_prove(c, l->first->icmp);
    c->kind = "path";
    c->of += n;
    c->dials += n;
    c->places++;
    say(c);
}

void dials_find_unreachable(struct listener *l)
{
    size_t n = listener_count(l, UNREACHABLE);
    struct cause *c;

    if (n == 0)
        return;
    c = told_by(l->s, l->first);
    if (c != NULL) {
        add(l, c, n);
        return;
    }
    if (n < at_least(l->s, 2))
        return;
    c = listener_blame(l, P2T_CAUSE_CONN_UNREACHABLE, P2T_CAUSE_SIDE_NETWORK, P2T_CERTAIN, UNREACHABLE | UNHEARD);
    c->reporter = l->first->icmp_sender;
    c->icmp_type = l->first->icmp_type;
    c->icmp_code = l->first->icmp_code;
    c->lost_ns = 0;
    c->dials = n;
    c->places = 1;
    say(c);
    dials_tell_dns(l, c, UNREACHABLE);
}

bool dials_unreachable_in(struct listener *l, int64_t from_ns, int64_t to_ns)
{
    static const int64_t NEAR_NS = 3 * SECOND_NS;
    struct listener at = *l;

    return listener_count(&at, UNREACHABLE) >= at_least(l->s, 2) && at.from_ns - NEAR_NS <= to_ns &&
           from_ns <= at.end_ns + NEAR_NS;
}
