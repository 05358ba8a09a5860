/* What a session remembers so that it can be rebuilt from a part of its frames: which connections live, and which
 * exchanges were handed over that would come out again. */
#ifndef P2T_SESSION_CARRY_H
#define P2T_SESSION_CARRY_H

#include "base/buf.h"
#include "base/slab.h"
#include "correlate/correlate.h"
#include "flow/key.h"
#include "flow/table.h"
#include "input/input.h"

/* How long a connection that was cut short, by another on its endpoints or by a limit, is still told of: what follows
 * from its last exchange may come five seconds later. */
static const int64_t CARRY_CLOSED_NS = 6000000000;

struct carry_written {
    uint64_t id;
    int64_t end_ns;
};

struct carry_conn {
    struct hmap_node node;
    struct packet_ref first; /* the packet that opened it: names it */
    bool live;
    struct carry_written *written;
    size_t written_n, written_cap;
    struct packet_ref from; /* carried from here on; number 0: from the first packet */
    /* Closed, and not forgotten yet. */
    struct endpoint client, server;
    uint32_t path;
    int64_t closed_ns;
    struct carry_conn *closed_next;
};

struct carry_past {
    struct hmap_node node;
    uint64_t id;
};

struct carry {
    struct hmap conns;
    struct slab conn_slab, past_slab;
    struct carry_conn *closed_first, *closed_last;
    struct hmap past; /* ids handed over before this session began */
    bool loading;     /* carried frames are being fed */
    bool loaded;
    int64_t loaded_to_ns;        /* where the session that was carried over stood */
    int64_t last_ns;             /* the packet clock */
    int64_t high_ns;             /* the latest end handed over ... */
    uint64_t high_id;            /* ... and of these the highest id */
    bool any;                    /* something was handed over */
    int64_t old_high_ns;         /* the same, of the session that was carried over */
    uint64_t old_high_id;
    bool old_any;
    struct buf secrets;
    bool failed; /* memory ran out */
};

struct carry *carry_new(void);
void carry_free(struct carry *c);
/* Facts about connections, after correlate took them. */
void carry_conn_opened(struct carry *c, const struct flow_tcp *conn);
void carry_conn_closed(struct carry *c, const struct flow_tcp *conn, enum flow_end why);
void carry_clock(struct carry *c, int64_t now_ns);
/* False: it was handed over before. Else it is noted, to be handed over now. */
bool carry_admits(struct carry *c, const struct exchange *e);
struct carry_conn *carry_find(const struct carry *c, struct packet_ref first);
struct carry_conn *carry_make(struct carry *c, struct packet_ref first);
void carry_forget(struct carry *c, struct carry_conn *cc);
int carry_note(struct carry_conn *cc, struct carry_written written);
void carry_secrets(struct carry *c, const struct input_secrets *secrets);
/* carry_state.c */
void carry_save(const struct carry *c, struct buf *out);
int carry_load(struct carry *c, struct slice saved);
void carry_loaded(struct carry *c);

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
