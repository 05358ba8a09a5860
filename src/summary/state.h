/* A summary's records as bytes, to be added to another summary: p2t_summary_save() and p2t_summary_load(). Integers as
 * LEB128, signed ones in zigzag, times as differences, texts once each. */
#ifndef P2T_SUMMARY_STATE_H
#define P2T_SUMMARY_STATE_H

#include "base/reader.h"
#include "summary/model.h"

/* Writes to `out`, or reads from `in`: each function below does either, so that both have one order. */
struct state_io {
    struct buf *out; /* NULL: reading */
    struct reader in;
    struct p2t_summary *s;
    const struct word **text; /* those that have come by */
    size_t texts, cap;
    int64_t base_ns; /* that times are differences to */
    bool failed;     /* memory ran out */
};

void state_u64(struct state_io *io, uint64_t *v);
void state_i64(struct state_io *io, int64_t *v);
/* A time; 0 stays 0. */
void state_time(struct state_io *io, int64_t *v);
void state_text(struct state_io *io, const struct word **w);
void state_proof(struct state_io *io, struct proof *p);
/* Smaller integers, bools among them; a value that does not fit fails the reader. */
void state_uint(struct state_io *io, void *v, size_t bytes);
void state_sint(struct state_io *io, void *v, size_t bytes);
#define STATE_UINT(io, v) state_uint((io), &(v), sizeof(v))
#define STATE_SINT(io, v) state_sint((io), &(v), sizeof(v))
/* An enum with this many values. */
#define STATE_ENUM(io, v, count)                                                                                     \
    do {                                                                                                             \
        unsigned value_ = (unsigned)(v);                                                                             \
        state_enum((io), &value_, (unsigned)(count));                                                                \
        (v) = value_;                                                                                                \
    } while (0)
void state_enum(struct state_io *io, unsigned *value, unsigned count);
/* Fails the reader, and makes it 0, where the number is not below. */
void state_below(struct state_io *io, uint64_t *number, uint64_t limit);

/* A record has this size, or a member lacks its line in state_records.c. */
#define STATE_COVERS(type, bytes)                                                                                    \
    _Static_assert(sizeof(type) == (bytes), "a member without its line here, and STATE_VERSION")

/* Sums that stop where they would overflow, the earliest and the latest time. */
void state_add_counters(struct p2t_counters *to, const struct p2t_counters *k);

void state_call(struct state_io *io, struct call *c);
void state_question(struct state_io *io, struct question *q);
void state_conn(struct state_io *io, struct conn *k);
void state_counters(struct state_io *io, struct p2t_counters *k);

#endif
