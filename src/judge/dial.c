/* What became of lookups and dials, in the words of Go's client (hooks.md 5.1, 3.4). */
#include <stdio.h>

#include "judge/judge.h"
#include "judge/words.h"

/* ---- lookups ---- */

static struct slice lookup_error_text(struct exchange *e)
{
    const struct exchange_lookup *l = e->lookup;
    bool go = l->resolver == RESOLVER_GO;
    char server[ENDPOINT_TEXT_MAX], client[ENDPOINT_TEXT_MAX];
    char on[ENDPOINT_TEXT_MAX + 4] = "";
    const char *what = "no such host";

    (void)endpoint_format(&l->server, server);
    (void)endpoint_format(&l->client, client);
    if (go && l->result != LOOKUP_ABANDONED)
        snprintf(on, sizeof on, " on %s", server);
    if (l->result == LOOKUP_ABANDONED)
        what = "i/o timeout";
    else if (l->result != LOOKUP_NOT_FOUND && !go)
        what = "Temporary failure in name resolution";
    else if (l->result == LOOKUP_MISBEHAVING)
        what = "server misbehaving";
    else if (l->result == LOOKUP_LAME)
        what = "lame referral";
    else if (l->result == LOOKUP_TIMEOUT || l->result == LOOKUP_UNREACHABLE)
        return arena_printf(&e->arena, "lookup %.*s%s: read udp %s->%s: %s", (int)l->host.n, (const char *)l->host.p,
                            on, client, server,
                            l->result == LOOKUP_TIMEOUT ? "i/o timeout" : "read: connection refused");
    return arena_printf(&e->arena, "lookup %.*s%s: %s", (int)l->host.n, (const char *)l->host.p, on, what);
}

void judge_lookup(struct exchange *e)
{
    if (e->lookup == NULL || e->lookup->result == LOOKUP_OK)
        return;
    if (e->lookup->result == LOOKUP_PENDING || e->lookup->result == LOOKUP_CUT)
        e->outcome = P2T_OUTCOME_INCOMPLETE;
    else
        outcome_fail(e, P2T_OUTCOME_DNS_ERROR, lookup_error_text(e));
}

/* ---- dials ---- */

/* Linux's icmp_err_convert for IPv4; for ICMPv6 RFC 4443 3.1's codes as icmpv6_err_convert has them. */
static const char *icmp_error_text(const struct exchange_attempt *a)
{
    if (a->icmp_family == 6)
        return a->icmp_code == 4                                             ? "connection refused"
               : a->icmp_code == 0                                           ? "network is unreachable"
               : a->icmp_code == 1 || a->icmp_code == 5 || a->icmp_code == 6 ? "permission denied"
                                                                             : "no route to host";
    switch (a->icmp_code) {
    case 0:
    case 6:
    case 9:
    case 11:
        return "network is unreachable";
    case 2:
        return "protocol not available";
    case 3:
        return "connection refused";
    default:
        return "no route to host";
    }
}

struct slice attempt_error_text(struct arena *arena, const struct exchange_attempt *a)
{
    char addr[ENDPOINT_TEXT_MAX];

    (void)endpoint_format(&a->server, addr);
    switch (a->result) {
    case ATTEMPT_REFUSED:
        return arena_printf(arena, "dial tcp %s: connect: connection refused", addr);
    case ATTEMPT_ICMP:
        return arena_printf(arena, "dial tcp %s: connect: %s", addr, icmp_error_text(a));
    case ATTEMPT_TIMEOUT:
        if (attempt_hit_kernel_limit(a))
            return arena_printf(arena, "dial tcp %s: connect: connection timed out", addr);
        if (a->syns == 1 && !a->followed)
            return arena_printf(arena, "dial tcp %s: the client stopped after one SYN: canceled, or a timeout", addr);
        return arena_printf(arena, "dial tcp %s: i/o timeout", addr);
    case ATTEMPT_CANCELED:
        return arena_printf(arena, "dial tcp %s: operation was canceled", addr);
    default:
        return (struct slice){NULL, 0};
    }
}

/* HTTP/2: a call that did not come as far as its request. */
static void judge_preface(struct exchange *e)
{
    if (e->conn.refused != 0)
        outcome_fail(e, P2T_OUTCOME_REQUEST_ERROR, refused_frame_text(e));
    else if (e->conn.payload_bytes[FLOW_S2C] > 0)
        return;
    else if (exchange_closer(e) == CLOSED_BY_SERVER_FIN)
        outcome_fail(e, P2T_OUTCOME_REQUEST_ERROR, SLICE_LIT("unexpected EOF"));
    else if (exchange_closer(e) == CLOSED_BY_SERVER_RST)
        outcome_fail(e, P2T_OUTCOME_REQUEST_ERROR, outcome_reset_text(e));
}

static void judge_unused(struct exchange *e)
{
    bool silent = e->conn.payload_bytes[0] == 0 && e->conn.payload_bytes[1] == 0;

    if (!silent)
        return;
    if (exchange_closer(e) == CLOSED_BY_SERVER_FIN)
        outcome_fail(e, P2T_OUTCOME_NO_RESPONSE, SLICE_LIT("EOF"));
    else if (exchange_closer(e) == CLOSED_BY_SERVER_RST)
        outcome_fail(e, P2T_OUTCOME_NO_RESPONSE, outcome_reset_text(e));
}

static struct slice socks_text(struct exchange *e)
{
    char server[ENDPOINT_TEXT_MAX];

    (void)endpoint_format(&e->conn.server, server);
    return arena_printf(&e->arena, "socks connect tcp %s->%.*s: unknown error %.*s", server,
                        (int)e->conn.proxy_target.n, (const char *)e->conn.proxy_target.p, (int)e->socks_error.n,
                        (const char *)e->socks_error.p);
}

void judge_dial(struct exchange *e)
{
    for (size_t i = 0; i < e->attempt_count; i++) {
        enum attempt_result result = e->attempts[i].result;
        if (result == ATTEMPT_OK) {
            if (e->socks_error.n > 0)
                outcome_fail(e, P2T_OUTCOME_CONNECT_ERROR, socks_text(e));
            else if (outcome_alerted_by_server(e))
                outcome_fail(e, P2T_OUTCOME_TLS_ERROR, outcome_alert_text(e));
            else if (mark_set(&e->conn.preface))
                judge_preface(e);
            else
                judge_unused(e);
            return;
        }
    }
    if (e->attempt_count == 0) {
        if (outcome_alerted_by_server(e))
            outcome_fail(e, P2T_OUTCOME_TLS_ERROR, outcome_alert_text(e));
        return;
    }
    if (e->attempt_count == 1 && attempt_is_probe(&e->attempts[0])) {
        e->quiet = true;
        return;
    }
    /* Go's error is the first address's. */
    if (e->attempts[0].result == ATTEMPT_PENDING)
        e->outcome = P2T_OUTCOME_INCOMPLETE;
    else
        outcome_fail(e, P2T_OUTCOME_CONNECT_ERROR, attempt_error_text(&e->arena, &e->attempts[0]));
}
