/* Listeners that do not answer SYNs, or only repeated ones: dead, filtered, or with a full accept queue. */
#include "summary/prepare.h"
#include "summary/rules/dials.h"

enum { BAD_ENDS = 1u << DIAL_SILENT | 1u << DIAL_REPEATED | 1u << DIAL_LATE_SYN_ACK, SILENT = 1u << DIAL_SILENT };

/* A server that has taken a connection up, and a process that does not read it. */
static const int64_t HELD_NS = 800 * (int64_t)MS;

struct silence {
    size_t silent, repeated, late, held, losses, lost_answers;
    bool host_lives; /* the host sent something else meanwhile */
    bool listener_lives;
};

static bool is_held(const struct listener *l, const struct call *c)
{
    if (c->server != l->server || c->acked_ns < 0 || c->acked_ns > HELD_NS / 2 ||
        c->request_ns < l->from_ns - 2 * SECOND_NS || c->request_ns >= l->to_ns || c->conn == NULL ||
        c->conn->syn_ack_ns == 0 || c->conn->syns != 1)
        return false;
    return (c->answer_ns == 0 || c->wait_ns > HELD_NS) &&
           min_ns(c->end_ns, c->answer_ns != 0 ? c->answer_ns : l->s->last_ns) - c->request_ns > HELD_NS;
}

static bool is_bad(const struct listener *l, const struct conn *k)
{
    return (BAD_ENDS & 1u << dial_end_of(l->s, k)) != 0;
}

static bool is_loss(const struct stall *x)
{
    return (x->kind == P2T_STALL_LOST_AFTER || x->kind == P2T_STALL_LOST_BEFORE || x->kind == P2T_STALL_SPURIOUS) &&
           x->to_ns - x->from_ns > 150 * (int64_t)MS;
}

/* A full queue drops what clients send: what a server sends gets lost on the way only. What fills a hole sooner than a round
 * trip is no repeat, but came in another order. */
static bool is_lost_answer(const struct conn *k, const struct stall *x)
{
    static const int64_t REORDERED_NS = 3 * (int64_t)MS;
    int64_t rtt_us = k->side[P2T_SIDE_CLIENT].rtt.median_us > k->side[P2T_SIDE_SERVER].rtt.median_us
                         ? k->side[P2T_SIDE_CLIENT].rtt.median_us
                         : k->side[P2T_SIDE_SERVER].rtt.median_us;

    return x->by_server &&
           (x->kind == P2T_STALL_LOST_AFTER ||
            (x->kind == P2T_STALL_LOST_BEFORE && x->to_ns - x->from_ns > max_ns(REORDERED_NS, rtt_us * 1000)));
}

static void look_at_host(const struct listener *l, struct silence *v)
{
    for (size_t i = 0; i < l->s->conn_count; i++) {
        const struct conn *k = &l->s->conns[i];
        if (k->server_ip != l->ip || is_bad(l, k))
            continue;
        v->host_lives |= k->syn_ack_ns > l->from_ns + 300 * (int64_t)MS && k->syn_ack_ns < l->to_ns;
        for (size_t n = 0; n < k->stall_count; n++) {
            const struct stall *x = &k->stalls[n];
            bool meanwhile = x->to_ns > l->from_ns - SECOND_NS && x->from_ns < l->end_ns + SECOND_NS;
            v->losses += meanwhile && is_loss(x);
            v->lost_answers += meanwhile && is_lost_answer(k, x);
        }
    }
    for (size_t i = 0; i < l->s->call_count; i++) {
        const struct call *c = &l->s->calls[i];
        if (c->server_ip != l->ip || c->answer_ns <= l->from_ns + 300 * (int64_t)MS || c->answer_ns >= l->to_ns)
            continue;
        v->host_lives = true;
        v->listener_lives |= c->server == l->server;
    }
    v->listener_lives |= listener_taken(l) > 0;
}

static struct silence count_ends(struct listener *l)
{
    struct silence v = {.silent = listener_count(l, SILENT),
                        .repeated = listener_count(l, 1u << DIAL_REPEATED),
                        .late = listener_count(l, 1u << DIAL_LATE_SYN_ACK)};

    (void)listener_count(l, BAD_ENDS); /* the window is that of all */
    return v;
}

/* While SYNs had no answer, nothing else came from there: that the connections it had lost packets is no other story. */
static bool is_gone(struct listener *l, const struct silence *v)
{
    if (v->silent <= 3 * (v->repeated + v->late))
        return false;
    (void)listener_count(l, SILENT);
    bool lives = listener_taken(l) > 0;
    for (size_t i = 0; i < l->s->call_count && !lives; i++) {
        const struct call *c = &l->s->calls[i];
        lives = c->server == l->server && c->answer_ns > l->from_ns + 300 * (int64_t)MS && c->answer_ns < l->to_ns;
    }
    (void)listener_count(l, BAD_ENDS);
    return !lives;
}

static void look_around(struct listener *l, struct silence *v)
{
    for (size_t i = 0; i < l->s->call_count; i++)
        v->held += is_held(l, &l->s->calls[i]);
    look_at_host(l, v);
    l->siblings = (struct word_list){0};
    listener_find_siblings(l);
}

/* Its callers go on with another address: what each lost is the time until it had a connection. */
static int64_t lost_until_others(const struct cause *c)
{
    int64_t lost_ns = 0;

    for (size_t i = 0; i < c->hit_count; i++)
        add_ns(&lost_ns, c->hit[i]->connect_ns > 0 ? c->hit[i]->connect_ns : c->hit[i]->total_ns);
    return lost_ns;
}

/* Nothing comes back from a host that is down, nor over a path that is cut. */
static void say_host_or_path(struct cause *c)
{
    buf_lit(&c->text, "; the packets do not show whether the host is down or the path is cut");
    c->or_side = P2T_CAUSE_SIDE_NETWORK;
}

static void tell_dead(struct listener *l, const struct silence *v)
{
    bool others = l->siblings.total > 0;
    struct cause *c = listener_blame(l, others ? P2T_CAUSE_CONN_ONE_ADDRESS_DEAD : P2T_CAUSE_CONN_NO_ANSWER,
                                     P2T_CAUSE_SIDE_SERVER, P2T_LIKELY, SILENT);

    c->kind = "address";
    if (others)
        c->lost_ns = lost_until_others(c);
    say_service(&c->text, l->server, l->ip);
    buf_lit(&c->text, " answers no SYN, ");
    say_count(&c->text, v->silent, "dial");
    buf_lit(&c->text, " without an answer");
    say_siblings(l, c, "answers", "answer");
    if (others)
        buf_lit(&c->text, ", and each dial to this one costs its caller the time until it goes on");
    say_host_or_path(c);
    dials_tell_dns(l, c, SILENT);
}

static void tell_filtered(struct listener *l, const struct silence *v)
{
    struct cause *c =
        listener_blame(l, P2T_CAUSE_CONN_NO_ANSWER, v->host_lives ? P2T_CAUSE_SIDE_NETWORK : P2T_CAUSE_SIDE_SERVER,
                       P2T_LIKELY, SILENT);

    say_service(&c->text, l->server, l->ip);
    if (listener_taken(l) > 0)
        buf_printf(&c->text, " leaves the SYNs of %zu of %zu dials unanswered", v->silent, c->of);
    else
        buf_printf(&c->text, " answers no SYN, %zu dial%s without an answer", v->silent, plural(v->silent));
    if (v->host_lives) {
        buf_lit(&c->text, ", while its host answers others, which fits a filter or a full queue");
        c->or_side = P2T_CAUSE_SIDE_SERVER;
    } else {
        say_host_or_path(c);
    }
    dials_tell_dns(l, c, SILENT);
}

/* One SYN-ACK sent again proves less than several do. */
static void tell_late_syn_ack(struct listener *l)
{
    struct cause *c =
        listener_blame(l, P2T_CAUSE_CONN_ACCEPT_QUEUE, P2T_CAUSE_SIDE_SERVER, P2T_POSSIBLE, 1u << DIAL_LATE_SYN_ACK);

    cause_prove(c, l->first->late_syn_ack);
    say_service(&c->text, l->server, l->ip);
    buf_lit(&c->text, " sends its SYN-ACK again ");
    say_time(&c->text, l->first->late_syn_ack_ns - l->first->syn_ack_ns);
    buf_lit(&c->text, " later on 1 connection, although the client's ACK was on its way: that ACK was lost, or the "
                      "accept queue was full (the process does not accept)");
}

static void tell_queue(struct listener *l, const struct silence *v)
{
    struct cause *c = listener_blame(l, P2T_CAUSE_CONN_ACCEPT_QUEUE, P2T_CAUSE_SIDE_SERVER, P2T_LIKELY, BAD_ENDS);

    for (size_t i = 0; i < l->s->call_count; i++)
        if (is_held(l, &l->s->calls[i])) {
            cause_hit(l->s, c, &l->s->calls[i]);
            add_ns(&c->lost_ns, l->s->calls[i].wait_ns);
        }
    say_service(&c->text, l->server, l->ip);
    size_t taken = listener_taken(l);
    buf_str(&c->text,
            taken > 0 ? " accepts some new connections late, for " : " does not accept new connections for ");
    say_time(&c->text, l->end_ns - l->from_ns);
    if (v->silent + v->repeated > 0)
        buf_printf(&c->text, ": SYNs of %zu of %zu connections are repeated", v->silent + v->repeated, c->of);
    else
        buf_printf(&c->text, ": it sends SYN-ACKs again on %zu connection%s although they were acknowledged", v->late,
                   plural(v->late));
    if (v->held > 0)
        buf_printf(&c->text, ", %zu requests are acknowledged and not answered", v->held);
    buf_str(&c->text, v->losses == 0 ? ", and nothing else of that host is lost: " : ": ");
    buf_lit(&c->text, "this fits a full accept queue (the process does not accept)");
}

static void tell_repeated(struct listener *l, const struct silence *v)
{
    struct cause *c =
        listener_blame(l, P2T_CAUSE_CONN_SYN_REPEATED, P2T_CAUSE_SIDE_NETWORK, P2T_POSSIBLE, 1u << DIAL_REPEATED);

    if (v->repeated > 1) {
        buf_lit(&c->text, "SYNs to ");
        say_service(&c->text, l->server, l->ip);
        buf_printf(&c->text, " are repeated on %zu of %zu connections: they were lost, or their answers were",
                   v->repeated, c->of);
        if (v->lost_answers > 1)
            buf_lit(&c->text, ", as are parts of answers on others");
        return;
    }
    buf_lit(&c->text, "a SYN to ");
    say_service(&c->text, l->server, l->ip);
    buf_lit(&c->text, " is repeated ");
    say_count(&c->text, l->first->syns - 1, "time");
    buf_lit(&c->text, ": it was lost, or its answer was");
}

/* A SYN lost now and then belongs to any path: a queue that is full drops one after another. */
static bool is_now_and_then(const struct silence *v, size_t taken)
{
    enum { RARE = 20 };

    return v->late == 0 && v->held == 0 && v->silent == 0 && taken > RARE * v->repeated;
}

void dials_find_silence(struct listener *l)
{
    struct silence v = count_ends(l);
    size_t all = v.silent + v.repeated + v.late;

    if (dials_unreachable_in(l, l->from_ns, l->end_ns))
        return;
    if (all < at_least(l->s, 2) || (l->s->lossy_capture && all * 5 < listener_taken(l)))
        return;
    /* A single SYN that nobody repeats may have been answered out of sight. */
    if (all == 1 && v.silent == 1 && l->first->syns == 1)
        return;
    if (!cause_look(l->s))
        return;
    look_around(l, &v);
    bool few = listener_taken(l) > 4 * all; /* the others were taken at once */
    bool gone = is_gone(l, &v);
    bool some_answered = v.repeated + v.late + listener_taken(l) > 0;
    if (!gone && v.losses >= (few ? 1 : 2) && some_answered) {
        trouble_note(l->s,
                     (struct trouble){.kind = TROUBLE_LOSS, .who = l->ip, .from_ns = l->from_ns, .to_ns = l->end_ns});
        return;
    }
    if (is_now_and_then(&v, listener_taken(l)))
        return;
    bool dead = v.silent > 0 && !v.host_lives && v.repeated == 0 && v.held == 0;
    bool one_of_many = v.silent > 3 * v.repeated && !v.listener_lives && l->siblings.total > 0;
    if (dead || one_of_many || (gone && l->siblings.total > 0))
        tell_dead(l, &v);
    else if (v.late == 0 && v.silent == 0 && v.held == 0 && (v.repeated == 1 || few))
        tell_repeated(l, &v);
    else if (v.held == 0 && v.repeated > 1 && v.lost_answers > 1)
        tell_repeated(l, &v);
    else if (v.late == 1 && v.repeated == 0 && v.silent == 0 && v.held == 0 && l->s->small)
        tell_late_syn_ack(l);
    else if (v.repeated >= 2 || v.late >= 2 || (v.late > 0 && (v.repeated > 0 || l->s->small)) || v.held > 0)
        tell_queue(l, &v);
    else if (v.silent >= at_least(l->s, 2))
        tell_filtered(l, &v);
}
