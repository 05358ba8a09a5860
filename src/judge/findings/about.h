/* What the families of findings share. Each about_...() adds what its family finds in a settled exchange whose outcome is
 * known; none reads what another one added. */
#ifndef P2T_JUDGE_FINDINGS_ABOUT_H
#define P2T_JUDGE_FINDINGS_ABOUT_H

#include "correlate/exchange.h"

/* Adds a finding with the severity that the list gives its code. Its evidence is those of `a` and `b` that are set; both
 * may be NULL. The text is cut at 511 bytes and lives in e->arena. Beyond FINDINGS_MAX nothing is added. */
void finding_add(struct exchange *e, enum p2t_finding_code code, const struct packet_mark *a,
                 const struct packet_mark *b, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The same for a code whose severity depends. */
void finding_add_as(struct exchange *e, enum p2t_finding_code code, enum p2t_severity severity,
                    const struct packet_mark *a, const struct packet_mark *b, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* One more packet for the finding added last, if it has this code: each once, up to P2T_FINDING_EVIDENCE_MAX; the rest is
 * counted. */
void finding_prove(struct exchange *e, enum p2t_finding_code code, const struct packet_mark *m);

/* Nanoseconds in milliseconds, for a text. */
static inline double ms(int64_t ns)
{
    return (double)ns / 1e6;
}

/* "s" behind a noun, unless there is one. */
static inline const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* dns.c; e->lookup must not be NULL */
void about_lookup(struct exchange *e);
/* conn.c: the attempts of its dial, what closed the connection, and how it was reused */
void about_attempts(struct exchange *e);
void about_closing(struct exchange *e);
void about_reuse(struct exchange *e);
/* http.c: the messages; HTTP/2's stream, with gRPC's status; a WebSocket */
void about_messages(struct exchange *e);
void about_stream(struct exchange *e);
void about_websocket(struct exchange *e);
/* capture.c: what is missing, and limits */
void about_capture(struct exchange *e);
/* tcp.c: what the network and the ends of the connection did with its bytes */
void about_transport(struct exchange *e);
/* tls.c: handshake, certificates and decryption; none without TLS */
void about_tls(struct exchange *e);

#endif
