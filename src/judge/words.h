/* What the files of this module share: the judgements by kind of exchange, and the texts that several of them use.
 * Each takes a settled exchange and fills `outcome` and `error`; texts live in the exchange's arena. */
#ifndef P2T_JUDGE_WORDS_H
#define P2T_JUDGE_WORDS_H

#include "correlate/exchange.h"

/* words.c */
/* Sets e->outcome and e->error, which is borrowed: it must live as long as the exchange. */
void outcome_fail(struct exchange *e, enum p2t_outcome outcome, struct slice error);
/* "read tcp CLIENT->SERVER: read: connection reset by peer", in e->arena; empty when memory ran out. */
struct slice outcome_reset_text(struct exchange *e);
/* Why the client closed the connection first, where the wire says it: its kernel had given the server up, or the server
 * had reset its stream. Else outcome_gone; in e->arena. */
struct slice outcome_left_text(struct exchange *e);
/* The wire does not say why. */
extern const struct slice outcome_gone;

/* dial.c */
/* Of kind lookup. */
void judge_lookup(struct exchange *e);
/* Of kind connect, without a request: by its attempts, and by what ended a connection that nothing was sent over. */
void judge_dial(struct exchange *e);

/* http.c */
/* With a request or a response, whatever its kind. */
void judge_request(struct exchange *e);

/* refusal.c */
/* What Go says before the fault of a head. */
#define REFUSAL_BROKEN "net/http: HTTP/1.x transport connection broken: "
/* As Go's %q writes it, in the arena. */
struct slice refusal_quote(struct arena *a, struct slice s);
/* Why Go's client refused the response: e->response.bad is set. In e->arena. */
struct slice refusal_text(struct exchange *e);

/* Why it refused what an HTTP/2 server began with: e->conn.refused is set. Static. */
struct slice refused_frame_text(const struct exchange *e);

/* tls.c */
/* Whose handshake failed: e->tls->failure is set. Fills e->tls->error, too, the error that TLSHandshakeDone got. */
void judge_handshake(struct exchange *e);
/* The text of the server's alert after the handshake; of an encrypted one, what it most likely was. In e->arena. */
struct slice outcome_alert_text(struct exchange *e);
/* True when the server broke off with an alert instead of an answer; close_notify is none. */
bool outcome_alerted_by_server(const struct exchange *e);

#endif
