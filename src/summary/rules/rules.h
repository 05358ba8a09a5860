/* The rules, a family a file: each looks at all records and adds the causes that it finds. In the order in which they must
 * run, as later ones ask what earlier ones found. */
#ifndef P2T_SUMMARY_RULES_RULES_H
#define P2T_SUMMARY_RULES_RULES_H

#include "summary/model.h"

void rules_capture(struct p2t_summary *s);     /* drops, one direction, the clock: they veto others */
void rules_resolvers(struct p2t_summary *s);   /* each name server: silent, failing, slow */
void rules_names(struct p2t_summary *s);       /* each name: empty, gone */
void rules_walks(struct p2t_summary *s);       /* search lists; truncated answers */
void rules_dials(struct p2t_summary *s);       /* each listener: refused, silent, slow to accept */
void rules_ports(struct p2t_summary *s);       /* clients without a port */
void rules_hellos(struct p2t_summary *s);      /* ClientHellos that vanish */
void rules_loss(struct p2t_summary *s);        /* lost packets, MTU, dead peers */
void rules_paths(struct p2t_summary *s);       /* round trips that became longer */
void rules_windows(struct p2t_summary *s);     /* shut windows, TCP's and HTTP/2's */
void rules_narrow(struct p2t_summary *s);      /* windows that allow little a round trip */
void rules_waits(struct p2t_summary *s);       /* servers that think longer than is usual */
void rules_pauses(struct p2t_summary *s);      /* processes that stand still again and again */
void rules_failures(struct p2t_summary *s);    /* connections that end instead of an answer */
void rules_redirects(struct p2t_summary *s);   /* chains and loops */
void rules_statuses(struct p2t_summary *s);    /* answers that are errors */
void rules_bodies(struct p2t_summary *s);      /* slow bodies */
void rules_clients(struct p2t_summary *s);     /* storms, pools, stopped processes, short deadlines */
void rules_connections(struct p2t_summary *s); /* churn */
void rules_handshakes(struct p2t_summary *s);  /* TLS */
void rules_streams(struct p2t_summary *s);     /* HTTP/2 and gRPC */
void rules_turns(struct p2t_summary *s);       /* Nagle, 100 Continue */

/* The name that a call asked for, or one that its resolver's search list made of it. */
bool is_name_of(const struct word *question, const struct word *called);

/* Calls that wait for a lookup of somebody else's, or whose client remembers a failed one, leave no packet: calls to the name
 * left steadily before since_ns, and none from there until until_ns. calls: those to the name that sent a request, by start;
 * pace_ns: how often one did. */
struct keyed;
bool calls_ceased(const struct p2t_summary *s, const struct keyed *calls, size_t n, int64_t since_ns,
                  int64_t until_ns, int64_t *pace_ns);

#endif
