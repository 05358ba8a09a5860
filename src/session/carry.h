/* What a session keeps so that it can be saved and rebuilt: for each live connection, the places in its life from which it
 * can be rebuilt without the packets before. correlate saves its own state. */
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

/* Duplicates arrive within this window. Omit a packet or connection earlier and a late duplicate would pass for new. */
static const int64_t CARRY_DUPLICATES_NS = 1000000000;

#define CARRY_NO_NUMBER UINT32_MAX

/* A moment in a connection's life to which a new connection can be moved directly. */
struct carry_place {
    struct packet_ref ref; /* the first packet after it */
    int64_t ts_ns;         /* that packet's time */
    uint32_t number;       /* of the exchange that begins there, on its connection; CARRY_NO_NUMBER: none does */
    struct flow_place flow;
};

struct carry_conn {
    struct hmap_node node;
    struct packet_ref first;   /* the packet that opened the connection: its name */
    struct flow_conn *flow;    /* NULL: saved by another session, and none of its packets was fed yet */
    struct packet_ref from;    /* packets before this one are left out; number 0: none is */
    struct packet_ref head_to; /* the last packet needed to know what the connection is: handshake, protocol */
    /* Places, each NULL until there is one: at the latest idle moment; at the latest usable request, still too recent;
     * at one that is old enough; and the one that the current pass uses. */
    struct carry_place *idle, *next, *ready, *used;
    int64_t last_ns;       /* time of its last packet in the session that saved it; 0: unknown */
    uint32_t out_of_order; /* flow's count when it was looked at last */
    uint32_t unanswered;   /* requests without a whole response */
    bool is_idle;          /* `idle` is valid: all requests are answered */
    bool protocol_known;
    bool undecoded; /* no decoder looks at its bytes */
    bool no_places; /* not plain HTTP/1 requests and responses in turn: no place is usable */
    bool placed;    /* its place was written in the current pass */
};

struct carry {
    struct hmap conns; /* struct carry_conn, by first packet */
    struct slab conn_slab, place_slab;
    int64_t last_ns;    /* the packet clock */
    uint32_t last_file; /* the highest number of the frames fed */
    struct packet_ref last_frame;
    bool disordered; /* a file's frames do not come in the order of their numbers: no place says what is before it */
    struct buf secrets;                   /* that captures brought: the text of a key log */
    bool failed;                          /* memory ran out */
    bool loading;                         /* carried frames are being fed */
    int64_t loaded_to_ns, loaded_flow_ns; /* the saved session's packet clock and flow clock */
    uint32_t loaded_file;                 /* and its last_file */
};

/* What is held counts in budget. NULL when memory ran out. */
struct carry *carry_new(struct budget *budget);
/* NULL is allowed. */
void carry_free(struct carry *c);

/* Facts about connections; call these after correlate took the fact. */
void carry_conn_opened(struct carry *c, struct flow_conn *conn);
void carry_conn_closed(struct carry *c, const struct flow_conn *conn);
void carry_fact(struct carry *c, const struct fact *fact); /* carry_place.c */
/* This frame is next. */
void carry_clock(struct carry *c, int64_t now_ns, struct packet_ref frame);
/* Keeps TLS secrets that a capture brought, within a limit. */
void carry_secrets(struct carry *c, const struct input_secrets *secrets);

/* NULL: not known. */
struct carry_conn *carry_find(const struct carry *c, struct packet_ref first);
/* Finds or adds it. NULL when memory ran out. */
struct carry_conn *carry_make(struct carry *c, struct packet_ref first);
/* Removes and frees it. */
void carry_forget(struct carry *c, struct carry_conn *cc);

/* carry_state.c */

/* Appends the TLS secrets of live connections, as lines of a key log. */
void carry_save_secrets(const struct carry *c, struct buf *out);
/* Appends the state; flow_ns: the flow table's clock. As session_carry_save(). */
void carry_save(const struct carry *c, int64_t flow_ns, struct buf *out, session_uses_fn *uses, void *ctx);
/* Takes what carry_save() wrote from the front of `saved`. 0, P2T_ERR_MEMORY or P2T_ERR_USAGE. */
int carry_load(struct carry *c, struct reader *saved);
/* The carried frames were fed: forgets connections that they did not bring back. */
void carry_loaded(struct carry *c);

/* carry_sent.c: parts of a place; reading, what makes no sense fails the reader. */
void carry_put_mark(struct buf *out, const struct packet_mark *m);
struct packet_mark carry_get_mark(struct reader *r);
void carry_put_sent(struct buf *out, const struct flow_sent *s);
void carry_get_sent(struct reader *r, struct flow_sent *s);
void carry_put_ring(struct buf *out, const struct flow_ring *r);
void carry_get_ring(struct reader *in, struct flow_ring *r);

/* carry_place.c */

/* Sets cc->used to the place that this pass moves the connection to; NULL: all of its packets are needed. */
void carry_place_choose(struct carry *c, struct carry_conn *cc);
/* Appends cc->used as bytes. */
void carry_place_save(const struct carry_conn *cc, struct buf *out);
/* Calls uses() for the files that cc->used refers to. */
void carry_place_uses(const struct carry_conn *cc, session_uses_fn *uses, void *ctx);
/* Both read what carry_place_save() wrote, and return false if it is malformed. The first gives the name of its
 * connection; the second sets that connection's `used`, and *whose: NULL if the connection is not known. */
bool carry_place_whose(struct slice saved, struct packet_ref *first);
bool carry_place_load(struct carry *c, struct slice saved, struct carry_conn **whose);

/* A packet's name as 12 bytes. */
static inline void carry_put_ref(struct buf *b, struct packet_ref ref)
{
    buf_le32(b, (uint32_t)ref.file);
    buf_le64(b, ref.number);
}

static inline struct packet_ref carry_get_ref(struct reader *r)
{
    uint32_t file = reader_le32(r);

    return packet_ref_of(reader_le64(r), file);
}

/* What a carry pass needs of the session. */
struct carry_source {
    struct carry *carry;
    const struct flow_table *flows;
};
struct p2t_session;
struct carry_source session_carry_source(struct p2t_session *s);

/* a is an earlier packet: in an earlier file, or before b in the same one. */
static inline bool ref_before(struct packet_ref a, struct packet_ref b)
{
    return a.file != b.file ? a.file < b.file : a.number < b.number;
}

#endif
