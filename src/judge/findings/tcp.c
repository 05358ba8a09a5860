/* What the network and the ends of the connection did with the exchange's bytes. */
#include "judge/findings/about.h"

#define MS(n) ((int64_t)(n)*1000000)

static const char *const messages[] = {[FLOW_C2S] = "request", [FLOW_S2C] = "response"};
static const char *const sides[] = {[FLOW_C2S] = "client", [FLOW_S2C] = "server"};

static int64_t rtt_ns(const struct exchange *e)
{
    const struct exchange_transport *x = &e->transport;

    return ((int64_t)x->rtt[FLOW_C2S].min_us + (int64_t)x->rtt[FLOW_S2C].min_us) * 1000;
}

static bool is_of(const struct flow_stall *s, enum flow_dir dir)
{
    return s->client == (dir == FLOW_C2S);
}

/* The longest of these kinds; NULL: there is none. */
static const struct flow_stall *longest(const struct exchange *e, enum flow_dir dir, enum p2t_stall_kind kind,
                                        enum p2t_stall_kind or)
{
    const struct exchange_transport *x = &e->transport;
    const struct flow_stall *best = NULL;

    for (uint32_t i = 0; i < x->stall_count; i++) {
        const struct flow_stall *s = &x->stalls[i];
        if (!is_of(s, dir) || (s->kind != kind && s->kind != or))
            continue;
        if (best == NULL || s->to.ts_ns - s->from.ts_ns > best->to.ts_ns - best->from.ts_ns)
            best = s;
    }
    return best;
}

/* All of these kinds, beside the longest, whose packets the finding has. */
static void prove_stalls(struct exchange *e, enum p2t_finding_code code, enum flow_dir dir, enum p2t_stall_kind kind,
                         enum p2t_stall_kind or)
{
    const struct exchange_transport *x = &e->transport;

    for (uint32_t i = 0; i < x->stall_count; i++) {
        const struct flow_stall *s = &x->stalls[i];
        if (!is_of(s, dir) || (s->kind != kind && s->kind != or))
            continue;
        finding_prove(e, code, &s->from);
        finding_prove(e, code, &s->to);
    }
}

/* ---- what never arrived ---- */

/* No packet of the server says that it has them. A single sending may have been too short before the end. */
static bool never_acknowledged(const struct exchange *e)
{
    const struct exchange_transport *x = &e->transport;

    return x->unacked[FLOW_C2S] > 0 && x->tries >= 2 && !mark_set(&e->response.first) && !x->one_direction &&
           e->outcome != P2T_OUTCOME_OK && !mark_set(&e->conn.server_rst) && !mark_set(&e->conn.server_fin);
}

static void about_unacknowledged(struct exchange *e)
{
    enum { LARGE = 1000, CERTAIN_TRIES = 3 };
    static const int64_t LONG_IDLE_NS = MS(60000);
    const struct exchange_transport *x = &e->transport;
    double over_s = (double)(x->last_try.ts_ns - x->first_try.ts_ns) / 1e9;

    if (x->tries >= CERTAIN_TRIES && x->idle_before_ns >= LONG_IDLE_NS)
        finding_add(e, P2T_FINDING_CONN_IDLE_DROP, &x->first_try, &x->last_try,
                    "the connection was dead after %.0f s without packets: the request was sent %u time%s and never "
                    "acknowledged; a NAT or firewall may have forgotten it",
                    (double)x->idle_before_ns / 1e9, x->tries, plural(x->tries));
    else
        finding_add(e, P2T_FINDING_TCP_NOT_ACKNOWLEDGED, &x->first_try, &x->last_try,
                    "the server acknowledged %s of the request: its %s %u bytes were sent %u time%s within %.1f s",
                    x->unacked[FLOW_C2S] < x->message[FLOW_C2S].end - x->message[FLOW_C2S].begin ? "not all"
                                                                                                 : "no byte",
                    x->unacked[FLOW_C2S] < x->message[FLOW_C2S].end - x->message[FLOW_C2S].begin ? "next" : "first",
                    x->try_length, x->tries, plural(x->tries), over_s);
    if (x->tries >= CERTAIN_TRIES && x->try_length >= LARGE && x->acked_length[FLOW_C2S] > 0 &&
        x->acked_length[FLOW_C2S] < x->try_length)
        finding_add(
            e, P2T_FINDING_TCP_PMTUD_BLACKHOLE, &x->first_try, &x->last_try,
            "segments of %u bytes to the server were never acknowledged, one of %u was, which fits an MTU black hole",
            x->try_length, x->acked_length[FLOW_C2S]);
}

/* At the server's own host it is the capture that lacks them; what is missing for a short time may yet come; and where one
 * large segment arrived, others can. */
static void about_hole(struct exchange *e)
{
    enum { LARGE = 1000 };
    static const int64_t LONG_NS = MS(1000);
    const struct exchange_transport *x = &e->transport;
    const struct flow_stall *hole = longest(e, FLOW_S2C, P2T_STALL_LOST_BEFORE, P2T_STALL_LOST_BEFORE);

    if (x->hole == 0 || x->unacked[FLOW_S2C] == 0 || e->outcome == P2T_OUTCOME_OK || x->one_direction ||
        hole == NULL || !hole->open || e->end_ns - hole->from.ts_ns < LONG_NS ||
        exchange_conn_vantage(&e->conn) == P2T_VANTAGE_SERVER)
        return;
    finding_add(e, P2T_FINDING_TCP_PMTUD_BLACKHOLE, &hole->from, NULL,
                "%llu bytes of the server never reached the client, while a shorter segment sent after them did, "
                "which fits an MTU black hole",
                (unsigned long long)x->hole);
}

/* ---- losses ---- */

static const char *lost_where(const struct flow_stall *s)
{
    return s->kind == P2T_STALL_LOST_AFTER ? "lost on the way from here" : "lost on the way to here";
}

static bool waited_for_timer(const struct flow_stall *s)
{
    static const int64_t RTO_NS = MS(190); /* of Linux 200 ms at least; others wait longer */

    return (s->kind == P2T_STALL_LOST_BEFORE || s->by_timer) && s->to.ts_ns - s->from.ts_ns >= RTO_NS;
}

/* True: told. What never got through is told elsewhere. */
static bool about_loss(struct exchange *e, enum flow_dir dir)
{
    static const int64_t SHORT_NS = MS(10);
    const struct exchange_carried *m = &e->transport.message[dir];
    const struct flow_stall *s = longest(e, dir, P2T_STALL_LOST_AFTER, P2T_STALL_LOST_BEFORE);

    if (s == NULL || s->open || m->stalled_ns < SHORT_NS || m->stalled_ns < rtt_ns(e))
        return false;
    enum p2t_finding_code code = waited_for_timer(s) ? P2T_FINDING_TCP_LOSS_STALL : P2T_FINDING_TCP_LOSS_FAST;
    if (s->arrived)
        finding_add(
            e, code, &s->from, &s->to,
            "%.0f ms of the %s were spent before segments were sent again that had arrived, as their receiver "
            "said (D-SACK): what acknowledged them was lost",
            ms(m->stalled_ns), messages[dir]);
    else if (waited_for_timer(s))
        finding_add(e, code, &s->from, &s->to,
                    "%.0f ms of the %s were spent waiting for lost segments to be sent again: %s", ms(m->stalled_ns),
                    messages[dir], lost_where(s));
    else
        finding_add(e, code, &s->from, &s->to,
                    "lost segments of the %s were sent again at once, which took %.0f ms: %s", messages[dir],
                    ms(m->stalled_ns), lost_where(s));
    prove_stalls(e, code, dir, P2T_STALL_LOST_AFTER, P2T_STALL_LOST_BEFORE);
    return true;
}

static const struct packet_mark *last_repeat(const struct exchange *e, enum flow_dir dir)
{
    const struct exchange_transport *x = &e->transport;
    const struct packet_mark *last = NULL;

    for (uint32_t i = 0; i < x->stall_count; i++)
        if (is_of(&x->stalls[i], dir) && x->stalls[i].kind <= P2T_STALL_SPURIOUS)
            last = &x->stalls[i].to;
    return last;
}

/* Segments that were sent again without a wait that counts. */
static void about_repeats(struct exchange *e, unsigned client, unsigned server)
{
    const struct packet_mark *a = last_repeat(e, FLOW_C2S), *b = last_repeat(e, FLOW_S2C);

    if (client > 0 && server > 0)
        finding_add(e, P2T_FINDING_TCP_RETRANSMISSIONS, a, b,
                    "the client sent %u segment%s of the request again, and the server %u of the response", client,
                    plural(client), server);
    else if (client > 0)
        finding_add(e, P2T_FINDING_TCP_RETRANSMISSIONS, a, b, "the client sent %u segment%s of the request again",
                    client, plural(client));
    else
        finding_add(e, P2T_FINDING_TCP_RETRANSMISSIONS, a, b, "the server sent %u segment%s of the response again",
                    server, plural(server));
}

static void about_losses(struct exchange *e)
{
    const struct exchange_carried *m = e->transport.message;
    unsigned client = m[FLOW_C2S].retransmitted, server = m[FLOW_S2C].retransmitted;
    bool told = about_loss(e, FLOW_C2S);

    told |= about_loss(e, FLOW_S2C);
    if (!told && client + server > 0 && !never_acknowledged(e))
        about_repeats(e, client, server);
}

/* ---- windows and pauses ---- */

static void about_window(struct exchange *e, enum flow_dir dir)
{
    static const int64_t LONG_NS = MS(100);
    int64_t ns = e->transport.message[dir].zero_window_ns;
    const struct flow_stall *s = longest(e, dir, P2T_STALL_ZERO_WINDOW, P2T_STALL_ZERO_WINDOW);

    if (s == NULL || ns < LONG_NS || ns < 2 * rtt_ns(e))
        return;
    enum p2t_finding_code code =
        dir == FLOW_S2C ? P2T_FINDING_TCP_ZERO_WINDOW_CLIENT : P2T_FINDING_TCP_ZERO_WINDOW_SERVER;
    finding_add(e, code, &s->from, &s->to,
                "the %s did not read for %.0f ms: its receive window was closed, and the %s waited",
                sides[dir == FLOW_C2S ? FLOW_S2C : FLOW_C2S], ms(ns), messages[dir]);
    prove_stalls(e, code, dir, P2T_STALL_ZERO_WINDOW, P2T_STALL_ZERO_WINDOW);
}

/* A stream of messages pauses as it likes. */
static void about_pause(struct exchange *e, enum flow_dir dir)
{
    static const int64_t LONG_NS = MS(50);
    int64_t ns = e->transport.message[dir].idle_ns;
    const struct flow_stall *s = longest(e, dir, P2T_STALL_IDLE, P2T_STALL_IDLE);

    if (s == NULL || ns < LONG_NS || ns < 4 * rtt_ns(e) || e->websocket.present || e->grpc.present ||
        e->stream.id != 0)
        return;
    finding_add(e, P2T_FINDING_TCP_SENDER_PAUSED, &s->from, &s->to,
                "the %s paused for %.0f ms in the middle of the %s: everything was acknowledged, and it sent nothing",
                sides[dir], ms(ns), messages[dir]);
    prove_stalls(e, P2T_FINDING_TCP_SENDER_PAUSED, dir, P2T_STALL_IDLE, P2T_STALL_IDLE);
}

static void about_nagle(struct exchange *e, enum flow_dir dir)
{
    const struct flow_stall *s = longest(e, dir, P2T_STALL_NAGLE, P2T_STALL_NAGLE);

    if (s == NULL || e->transport.message[dir].nagle_ns == 0)
        return;
    finding_add(e, P2T_FINDING_TCP_NAGLE, &s->from, &s->to,
                "the %s waited %.0f ms for an ACK that the %s delayed, which fits Nagle's algorithm; TCP_NODELAY "
                "turns it off",
                sides[dir], ms(e->transport.message[dir].nagle_ns), sides[dir == FLOW_C2S ? FLOW_S2C : FLOW_C2S]);
    prove_stalls(e, P2T_FINDING_TCP_NAGLE, dir, P2T_STALL_NAGLE, P2T_STALL_NAGLE);
}

static void about_probes(struct exchange *e)
{
    const struct exchange_transport *x = &e->transport;

    if (!exchange_peer_silent(e))
        return;
    finding_add(e, P2T_FINDING_TCP_SILENT_PEER, &x->probe_first, &x->probe_last,
                "the server's host stopped answering: %u keep-alive probe%s over %.0f s got no answer",
                x->dead_probes, plural(x->dead_probes), (double)(x->probe_last.ts_ns - x->probe_first.ts_ns) / 1e9);
}

/* ---- all of it ---- */

static void about_direction(struct exchange *e)
{
    const struct packet_mark *heard = &e->transport.heard;

    if (!e->transport.one_direction || !e->request.seen)
        return;
    if (mark_set(heard) && !e->response.seen)
        finding_add(e, P2T_FINDING_CAPTURE_ONE_DIRECTION, &e->request.last, heard,
                    "the server's packets are not in this capture: it had answered within %.1f ms, when the client "
                    "acknowledged bytes of it",
                    ms(heard->ts_ns - e->request.last.ts_ns));
    else
        finding_add(e, P2T_FINDING_CAPTURE_ONE_DIRECTION, &e->request.last, NULL,
                    "the packets of one side of the connection are not in this capture: waiting times are not known");
}

/* As nearly all are: nothing was lost, shut, late or missing. */
static bool is_smooth(const struct exchange_transport *x)
{
    return x->stall_count == 0 && x->unacked[FLOW_C2S] == 0 && x->unacked[FLOW_S2C] == 0 && x->dead_probes == 0 &&
           !x->one_direction && x->hole == 0 && x->message[FLOW_C2S].retransmitted == 0 &&
           x->message[FLOW_S2C].retransmitted == 0;
}

static void about_lost_answer(struct exchange *e)
{
    if (!exchange_answer_lost_on_way(e) || e->response.complete)
        return;
    finding_add(e, P2T_FINDING_TCP_LOST_ON_WAY, &e->conn.lost_on_way[FLOW_S2C], &e->request.last,
                "the client never acknowledged bytes of the response that the server had sent: they were lost on the "
                "way to it");
}

void about_transport(struct exchange *e)
{
    about_lost_answer(e);
    if (!e->transport.known || is_smooth(&e->transport))
        return;
    about_direction(e);
    if (never_acknowledged(e))
        about_unacknowledged(e);
    about_hole(e);
    about_losses(e);
    for (int dir = 0; dir < 2; dir++) {
        about_window(e, (enum flow_dir)dir);
        about_pause(e, (enum flow_dir)dir);
        about_nagle(e, (enum flow_dir)dir);
    }
    about_probes(e);
}
