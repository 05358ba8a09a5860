/* What a session remembers so that another can go on where it stands: correlate's state as it is, and of each
 * connection that lives where its packets can be left out. */
#ifndef P2T_SESSION_CARRY_H
#define P2T_SESSION_CARRY_H

#include "base/buf.h"
#include "base/reader.h"
#include "base/slab.h"
#include "flow/key.h"
#include "flow/table.h"
#include "input/input.h"
#include "proto/fact.h"
#include "session/feed.h"

/* Copies of a packet come no later: where its connection, or it, is left out, nobody would know them for copies. */
static const int64_t CARRY_LATELY_NS = 1000000000;

#define CARRY_NO_NUMBER UINT32_MAX

/* A place in a connection's life that it can be taken to without the packets before. */
struct carry_place {
    struct packet_ref ref; /* the first packet behind it */
    int64_t ts_ns;         /* of that */
    uint32_t number;       /* of the exchange that begins there; CARRY_NO_NUMBER: of none */
    struct flow_place flow;
};

struct carry_conn {
    struct hmap_node node;
    struct packet_ref first;   /* the packet that opened it: names it */
    struct flow_conn *flow;    /* NULL: its packets are still to come, of those that are carried */
    struct packet_ref from;    /* carried from here on; number 0: from the first packet */
    struct packet_ref head_to; /* up to here are the packets that tell what it is */
    struct carry_place *idle, *next, *ready, *used; /* carry_place.c */
    int64_t last_ns;                                /* of its last packet that another session was fed; 0: of none */
    uint32_t out_of_order;
    uint32_t asked; /* requests without a whole response */
    bool is_idle;   /* `idle` is set: all that was asked is answered */
    bool told;      /* what it speaks */
    bool other;     /* its bytes are of no protocol that is looked into */
    bool nested;    /* its bytes are not, or not for ever, HTTP/1 requests and responses in turn */
    bool placed;    /* in this pass: its place was written */
};

struct carry {
    struct hmap conns;
    struct slab conn_slab, place_slab;
    int64_t last_ns;    /* the packet clock */
    uint32_t last_file; /* of the frames fed */
    struct buf secrets;
    bool failed;  /* memory ran out */
    bool loading; /* frames are fed that another session was fed before */
    int64_t loaded_to_ns, loaded_flow_ns;
    uint32_t loaded_file;
};

/* What is held counts in budget. */
struct carry *carry_new(struct budget *budget);
void carry_free(struct carry *c);
/* Facts about connections, after correlate took them. */
void carry_conn_opened(struct carry *c, struct flow_conn *conn);
void carry_conn_closed(struct carry *c, const struct flow_conn *conn);
void carry_fact(struct carry *c, const struct fact *fact); /* carry_place.c */
void carry_clock(struct carry *c, int64_t now_ns, uint32_t file);
struct carry_conn *carry_find(const struct carry *c, struct packet_ref first);
struct carry_conn *carry_make(struct carry *c, struct packet_ref first);
void carry_forget(struct carry *c, struct carry_conn *cc);
void carry_secrets(struct carry *c, const struct input_secrets *secrets);
/* carry_state.c */
/* Of the connections that live. */
void carry_save_secrets(const struct carry *c, struct buf *out);
/* flow_ns: the flow table's clock. */
void carry_save(const struct carry *c, int64_t flow_ns, struct buf *out, session_uses_fn *uses, void *ctx);
/* Takes what carry_save() wrote from the front of it. */
int carry_load(struct carry *c, struct reader *saved);
void carry_loaded(struct carry *c);
/* carry_place.c */
/* Sets cc->used: where to take the connection to in this pass; NULL: all of its packets are wanted. */
void carry_place_choose(struct carry *c, struct carry_conn *cc);
void carry_place_save(const struct carry_conn *cc, struct buf *out);
/* The files that it refers to. */
void carry_place_uses(const struct carry_conn *cc, session_uses_fn *uses, void *ctx);
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
};
struct p2t_session;
struct carry_source session_carry_source(struct p2t_session *s);

static inline bool ref_before(struct packet_ref a, struct packet_ref b)
{
    return a.file != b.file ? a.file < b.file : a.number < b.number;
}

#endif
