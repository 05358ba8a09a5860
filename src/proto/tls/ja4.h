/* JA4: a TLS client's fingerprint, from what its ClientHello offers. */
#ifndef P2T_PROTO_TLS_JA4_H
#define P2T_PROTO_TLS_JA4_H

#include "proto/tls/handshake.h"

struct tls_ja4; /* the digest's state, kept between calls */

/* NULL when memory ran out. */
struct tls_ja4 *tls_ja4_new(void);
void tls_ja4_free(struct tls_ja4 *j);
/* Writes hello->ja4; leaves it empty for a hello that is not whole, and when memory ran out. */
void tls_ja4_of(struct tls_ja4 *j, struct tls_client_hello *hello);

#endif
