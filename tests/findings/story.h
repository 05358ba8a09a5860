/* Captures that have a finding, and the same but for the one condition that counts. Each is written packet by packet, by a
 * function in captures/ that says what happens. */
#ifndef P2T_TESTS_FINDINGS_STORY_H
#define P2T_TESTS_FINDINGS_STORY_H

#include <stdbool.h>

#include "support/wire.h"

enum { CLIENT = 0x0a000001, RESOLVER = 0x0a000035, RESOLVER_2 = 0x0a000036, SERVER = 0x0a010001 };

struct story {
    struct wire wire;
    FILE *keys;  /* TLS secrets */
    bool nearly; /* leave out, or change, what makes the finding */
    struct talk dns, http;
};

struct finding_capture {
    const char *code;
    void (*tell)(struct story *s);
    bool with_keys;       /* the program gets the secrets */
    const char *recorded; /* below tests/: a capture of real programs that has it, too, or NULL */
};

/* One table for each family; all end with a code of NULL. */
extern const struct finding_capture dns_captures[], conn_captures[], tls_captures[], http_captures[],
    stream_captures[], capture_captures[], tcp_captures[];

/* ---- story.c: what happens in many of them ---- */

void wait_ms(struct story *s, unsigned ms);
/* The capture goes on, with a packet about nobody: until then, nothing comes. */
void goes_on(struct story *s, unsigned ms);
/* a.test is 10.1.0.1, as its resolver says after 1 ms. */
void resolve(struct story *s);
/* The three segments of the handshake, 1 ms apart, and each of them alone; the first two may be repeated. */
void dial(struct story *s);
void syn(struct story *s);
void syn_ack(struct story *s);
void established(struct story *s);
/* A segment without payload, after 1 ms. */
void sends(struct story *s, int dir, unsigned flags);
/* Text, after 1 ms, which the other side acknowledges. */
void says(struct story *s, int dir, const char *text);
/* A request as Go's client writes it, after 1 ms or at once, and a response that leaves the connection open. */
void ask(struct story *s);
void ask_at_once(struct story *s);
void answer(struct story *s);
/* The client's FIN, the server's, and the last ACK. */
void hang_up(struct story *s);

#endif
