/* What a session remembers so that it can be rebuilt from a part of its frames: which connections live, and which
 * exchanges were handed over that would come out again. */
#ifndef P2T_SESSION_CARRY_H
#define P2T_SESSION_CARRY_H

#include "base/buf.h"
#include "base/reader.h"
#include "base/slab.h"
#include "correlate/correlate.h"
#include "flow/key.h"
#include "flow/table.h"
#include "input/input.h"
#include "proto/fact.h"

/* How long a connection that was cut short, by another on its endpoints or by a limit, is still told of: what follows
 * from its last exchange may come five seconds later. */
static const int64_t CARRY_CLOSED_NS = 6000000000;

#define CARRY_NO_POSITION UINT32_MAX

/* What an exchange says may rest on others of its client this much earlier, a redirect or a dial: since then, all of every
 * connection is carried. */
static const int64_t CARRY_CONTEXT_NS = 10000000000;

struct carry_written {
    uint64_t id;
    uint32_t position; /* on its connection; CARRY_NO_POSITION: the dial's own */
};

/* A place in a connection's life that it can be taken to without the packets before. */
struct carry_place {
    struct packet_ref ref; /* the first packet behind it */
    int64_t ts_ns;
    uint32_t position; /* of the exchange that begins there; CARRY_NO_POSITION: of none */
    bool told;         /* that exchange was handed over */
    struct flow_place flow;
};

struct carry_conn {
    struct hmap_node node;
    struct packet_ref first; /* the packet that opened it: names it */
    struct flow_tcp *flow;   /* NULL once it is closed */
    struct carry_written *written;
    size_t written_n, written_cap;
    struct budget *budget;                          /* where it counts, or NULL */
    struct packet_ref from;                         /* carried from here on; number 0: from the first packet */
    struct packet_ref head_to;                      /* up to here are the packets that tell what it is */
    struct carry_place *idle, *next, *ready, *used; /* carry_place.c */
    char *host;                                     /* that it was dialled for */
    uint32_t out_of_order;
    bool forget_dial; /* it was over long before the session was carried over */
    bool is_idle;     /* `idle` is set: all that was asked is answered */
    bool told;        /* what it speaks */
    bool other;       /* its bytes are of no protocol that is looked into */
    bool needed;      /* in this pass: by an exchange of another connection */
    bool placed;      /* in this pass: its place was written */
    /* Closed, and not forgotten yet. */
    struct endpoint client, server;
    uint32_t path;
    int64_t closed_ns;
    struct carry_conn *closed_next;
};

/* Of a session that is rebuilt: an id that was handed over, or the first packet of something that was undecided. */
struct carry_known {
    struct hmap_node node;
    uint64_t id;
    struct packet_ref first;
};

struct carry {
    struct hmap conns;
    struct slab conn_slab, place_slab, known_slab;
    struct carry_conn *closed_first, *closed_last;
    int64_t last_ns;    /* the packet clock */
    uint32_t last_file; /* of the frames fed */
    struct buf secrets;
    bool failed; /* memory ran out */
    /* Of the session that was carried over. */
    bool loaded, loading;
    int64_t loaded_to_ns;
    uint32_t loaded_file;
    struct hmap ids, undecided; /* ids handed over; first packets of what was undecided ... */
    struct hmap pending;        /* ... and ids of it */
};

/* What is held counts in budget. */
struct carry *carry_new(struct budget *budget);
void carry_free(struct carry *c);
/* Facts about connections, after correlate took them. */
void carry_conn_opened(struct carry *c, struct flow_tcp *conn);
void carry_conn_closed(struct carry *c, const struct flow_tcp *conn, enum flow_end why);
void carry_clock(struct carry *c, int64_t now_ns, uint32_t file);
/* False: it was handed over before. Else it is noted, to be handed over now. */
bool carry_admits(struct carry *c, const struct exchange *e);
uint64_t carry_hash(struct packet_ref first);
struct carry_conn *carry_find(const struct carry *c, struct packet_ref first);
struct carry_conn *carry_make(struct carry *c, struct packet_ref first);
void carry_forget(struct carry *c, struct carry_conn *cc);
int carry_note(struct carry_conn *cc, struct carry_written written);
void carry_secrets(struct carry *c, const struct input_secrets *secrets);
/* carry_state.c */
void carry_save(const struct carry *c, const struct correlate *correlate, struct buf *out);
int carry_load(struct carry *c, struct slice saved);
void carry_loaded(struct carry *c);
/* It was handed over before this session began, and not all that stood around it is carried. */
bool carry_is_old(void *ctx, uint64_t id, int64_t start_ns);
/* carry_place.c */
/* After correlate took it. */
void carry_fact(struct carry *c, const struct correlate *correlate, const struct fact *fact);
/* While a session is rebuilt: the fact began a dial that was over when the session was carried over. */
bool carry_forgets_dial(const struct carry *c, const struct fact *fact);
void carry_told(struct carry_conn *cc, const struct exchange *e);
/* Sets cc->used: where to take the connection to in this pass; NULL: all of its packets are wanted. */
void carry_place_choose(struct carry *c, struct carry_conn *cc);
void carry_place_save(const struct carry_conn *cc, struct buf *out);
/* Both take what carry_place_save() made; false: it makes no sense. */
bool carry_place_whose(struct slice saved, struct packet_ref *first);
bool carry_place_load(struct carry *c, struct slice saved, struct carry_conn **whose);
void carry_places_free(struct carry *c, struct carry_conn *cc);
/* Numbers, little-endian. */
void carry_put32(struct buf *b, uint32_t v);
void carry_put64(struct buf *b, uint64_t v);
uint64_t carry_get64(struct reader *r);
void carry_put_ref(struct buf *b, struct packet_ref ref);
struct packet_ref carry_get_ref(struct reader *r);

/* What carry_pass.c asks of the session. */
struct carry_source {
    struct carry *carry;
    const struct flow_table *flows;
    const struct correlate *correlate;
};
struct p2t_session;
struct carry_source session_carry_source(struct p2t_session *s);

static inline bool ref_before(struct packet_ref a, struct packet_ref b)
{
    return a.file != b.file ? a.file < b.file : a.number < b.number;
}

#endif
