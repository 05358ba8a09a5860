/* Key material made before it is asked for: a thread that sees packets earlier than the one that handles them looks for
 * hellos, and makes what their connections are going to need. That it did, or not, changes nothing but the time. */
#ifndef P2T_PROTO_TLS_KEYS_AHEAD_H
#define P2T_PROTO_TLS_KEYS_AHEAD_H

#include "proto/tls/keys/material.h"

struct tls_ahead;

/* log: its owner may add to it meanwhile. NULL when memory ran out. */
struct tls_ahead *tls_ahead_new(struct tls_keylog *log);
/* Wipes what it held. NULL is allowed. */
void tls_ahead_free(struct tls_ahead *a);

/* The payload may begin with a hello. */
bool tls_ahead_worth(struct slice payload);
/* The other thread's. connection: a hash of its endpoints, the same in both directions. */
void tls_ahead_look(struct tls_ahead *a, uint64_t connection, struct slice payload);
/* The owner's: takes what was made of the session, as tls_material() would. 0: nothing was. */
size_t tls_ahead_take(struct tls_ahead *a, const struct tls_session *s, uint8_t out[TLS_MATERIAL_MAX]);

#endif
