/* What the files that decrypt share. */
#ifndef P2T_PROTO_TLS_KEYS_H
#define P2T_PROTO_TLS_KEYS_H

#include "base/buf.h"
#include "proto/tls/state.h"

/* RFC 8446 7.1: secrets follow each other. What a client sends early comes before the server chose the cipher. */
enum tls_phase { TLS_PHASE_EARLY, TLS_PHASE_HANDSHAKE, TLS_PHASE_DATA, TLS_PHASES };

struct tls_side {
    enum tls_phase phase; /* TLS 1.3 */
    struct tls_key key;
    struct tls_key next;      /* up to TLS 1.2: derived with its peer's, for this direction's ChangeCipherSpec */
    struct tls_secret secret; /* TLS 1.3: of the key, once it is made */
    bool lost;                /* nothing can be opened any more */
    uint64_t offset;          /* of the next plain byte */
};

struct tls_keys {
    struct tls_side side[2];
    bool decrypted; /* application data came out */
    /* TLS 1.3: what was read of the server's flight, all of it so far. */
    enum tls_flight { TLS_FLIGHT_UNKNOWN, TLS_FLIGHT_BEGUN, TLS_FLIGHT_ASKS, TLS_FLIGHT_OVER } flight;
    enum tls_early { TLS_EARLY_UNDECIDED, TLS_EARLY_ACCEPTED, TLS_EARLY_REJECTED } early;
    struct buf early_held; /* early data that nobody has accepted yet */
    size_t early_bytes;    /* of it, as counted in env */
};

/* decrypt.c */
const struct tls_secret *tls_secret_of(const struct tls *t, enum tls_label label);
/* Makes what decryption needs. False: memory ran out. */
bool tls_decrypt_room(struct tls *t);
/* Keys proved wrong: treat the connection as undecryptable. */
void tls_give_up(struct tls *t);
/* last: secrets that are not here by now come too late. False: there are none. */
bool tls_look_again(struct tls *t, const struct tls_record *r, bool last);
/* Also after a gap that lost some records. */
bool tls_open_next(struct tls *t, struct tls_key *key, const struct tls_record *r, struct slice *plain);
bool tls_open_record(struct tls *t, struct tls_key *key, const struct tls_record *r, struct slice *plain);
/* A record that is not all there still counts; one that is there and does not open ends it for its direction. */
void tls_not_opened(struct tls *t, struct tls_side *side, const struct tls_record *r);
/* Once per direction. */
void tls_report_loss(struct tls *t, enum flow_dir dir, const struct packet_mark *mark, enum fact_tls_loss why);
void tls_lose(struct tls *t, struct tls_side *side, const struct tls_record *r, enum fact_tls_loss why);

/* deliver.c: hands out a hole for a record that cannot be opened. Its length is all that is known of it, which is enough
 * where it lies inside an HTTP body. */
void tls_deliver_hole(struct tls *t, const struct tls_record *r);
/* The same for `missing` records that a gap before this one swallowed. */
void tls_deliver_missing(struct tls *t, const struct tls_record *r, uint64_t missing);

/* early.c */
void tls_early_data(struct tls *t, const struct tls_record *plain);
/* What was held is handed out, or dropped. The first verdict counts. */
void tls_early_decide(struct tls *t, enum tls_early verdict);

#endif
