/* Secrets of TLS connections as programs log them: the NSS key log format, looked up by a connection's client random.
 * It comes from files and from pcapng's Decryption Secrets Blocks; the latter are as hostile as the capture. */
#ifndef P2T_PROTO_TLS_KEYS_KEYLOG_H
#define P2T_PROTO_TLS_KEYS_KEYLOG_H

#include <stdbool.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/slice.h"

enum tls_label {
    TLS_LABEL_MASTER, /* CLIENT_RANDOM: TLS 1.2 and older */
    TLS_LABEL_CLIENT_EARLY,
    TLS_LABEL_CLIENT_HANDSHAKE,
    TLS_LABEL_SERVER_HANDSHAKE,
    TLS_LABEL_CLIENT_TRAFFIC,
    TLS_LABEL_SERVER_TRAFFIC,
    TLS_LABEL_PREMASTER,     /* PMS_CLIENT_RANDOM */
    TLS_LABEL_RSA_PREMASTER, /* RSA: known by what the client encrypted it to */
    TLS_LABEL_SESSION,       /* no line has it: the master secret of a ticket or session id */
    TLS_LABEL_COUNT
};

enum { TLS_CLIENT_RANDOM_BYTES = 32, TLS_SECRET_MAX = 48, TLS_RSA_ID_BYTES = 8 };

struct tls_secret {
    uint8_t n;
    uint8_t bytes[TLS_SECRET_MAX];
};

struct tls_keylog_counters {
    uint64_t secrets;
    uint64_t premasters; /* of them: TLS 1.2 and older, before the master secret is made */
    uint64_t junk;       /* lines that make no sense, and premaster secrets of more than TLS_SECRET_MAX bytes */
    uint64_t limit_hits; /* secrets beyond the limit */
};

struct tls_keylog;

/* limit: how many secrets are kept. NULL when memory ran out. */
struct tls_keylog *tls_keylog_new(size_t limit, struct budget *budget);
/* Wipes what it held. */
void tls_keylog_free(struct tls_keylog *k);
/* The next bytes of a log; lines may lie in several pieces. 0 or P2T_ERR_MEMORY. */
int tls_keylog_feed(struct tls_keylog *k, struct slice bytes);
/* The log ends here, be it in the middle of a line. */
int tls_keylog_end(struct tls_keylog *k);
/* A secret that follows from others. 0 or P2T_ERR_MEMORY. */
int tls_keylog_add(struct tls_keylog *k, const uint8_t random[TLS_CLIENT_RANDOM_BYTES], enum tls_label label,
                   const struct tls_secret *secret);
/* NULL when there is none. random: for TLS_LABEL_RSA_PREMASTER the first TLS_RSA_ID_BYTES of the encrypted secret, and
 * zeros. */
const struct tls_secret *tls_keylog_find(const struct tls_keylog *k, const uint8_t random[TLS_CLIENT_RANDOM_BYTES],
                                         enum tls_label label);
/* From now on another thread may use it as well, for tls_keylog_copy() alone. */
void tls_keylog_share(struct tls_keylog *k);
/* False: there is none. */
bool tls_keylog_copy(struct tls_keylog *k, const uint8_t random[TLS_CLIENT_RANDOM_BYTES], enum tls_label label,
                     struct tls_secret *secret);
/* Appends what is known of one random, or of sessions that may go on, the latest ones, as far as it fits into max bytes. */
void tls_keylog_save(const struct tls_keylog *k, const uint8_t random[TLS_CLIENT_RANDOM_BYTES], struct buf *out);
void tls_keylog_save_sessions(const struct tls_keylog *k, size_t max, struct buf *out);
/* Takes what both made. 0, P2T_ERR_USAGE: it makes no sense, or P2T_ERR_MEMORY. */
int tls_keylog_load(struct tls_keylog *k, struct slice saved);
/* Counters so far; valid as long as the key log. */
const struct tls_keylog_counters *tls_keylog_counters(const struct tls_keylog *k);

#endif
