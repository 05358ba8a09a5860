/* The state of correlate as bytes: one function for each kind of thing, which writes it or reads it back.
 *
 * Numbers have variable lengths; links between things are indices, 0 for none. What is read was written by the same
 * version on the same kind of machine, or forged: each number is checked against what it stands for, each link is of the
 * right kind and in a list once, and check.c holds the whole against the rules that correlate keeps. */
#ifndef P2T_CORRELATE_IMAGE_IMAGE_H
#define P2T_CORRELATE_IMAGE_IMAGE_H

#include "base/buf.h"
#include "base/reader.h"
#include "correlate/dial/dial.h"
#include "correlate/lookup/lookup.h"
#include "correlate/outbox.h"
#include "correlate/pool/pool.h"

enum image_kind { IMAGE_POOL, IMAGE_CONN, IMAGE_LOOKUP, IMAGE_DIAL, IMAGE_EXCHANGE, IMAGE_KINDS };

/* All things of a kind; a link to items[i] is i + 1. */
struct image_set {
    void **items;
    uint8_t *places; /* reading: the lists that each is in, a bit of enum image_place for each */
    size_t n, cap;
};

/* Lists that a thing may be in once. */
enum image_place {
    IMAGE_OPEN = 1,
    IMAGE_SETTLING = 2,
    IMAGE_UNPLACED = 4,
    IMAGE_WAITING = 8,
    IMAGE_OF_LOOKUP = 16,
    IMAGE_IDLE = 32,
    IMAGE_UNUSED = 64
};

struct image {
    struct correlate *correlate;
    struct buf *out; /* NULL: reading */
    struct reader in;
    struct arena *arena; /* reading: where strings go */
    bool failed;         /* memory ran out */
    struct image_set sets[IMAGE_KINDS];
    struct hmap known; /* writing: what is in the sets */
    struct arena nodes;
    correlate_evidence *evidence; /* writing: called for each packet that is referred to */
    void *ctx;
};

/* ---- image.c ---- */
/* An integer or an enum of that size. */
void image_number(struct image *m, void *p, size_t bytes);
#define IMAGE(m, field) image_number((m), &(field), sizeof(field))
/* An enum; `last` is its greatest. */
void image_enum(struct image *m, unsigned *value, unsigned last);
#define IMAGE_ENUM(m, field, last)                                                                                   \
    do {                                                                                                             \
        unsigned image_value_ = (unsigned)(field);                                                                   \
        image_enum((m), &image_value_, (unsigned)(last));                                                            \
        (field) = image_value_;                                                                                      \
    } while (0)
/* A moment, and a duration, in nanoseconds. What is read is clamped, so that sums and differences do not overflow. */
void image_ns(struct image *m, int64_t *ns);
void image_duration(struct image *m, int64_t *ns);
/* Any value but 0 is read as true. */
void image_bool(struct image *m, bool *b);
/* The same as *here when writing; when reading, what was. */
bool image_present(struct image *m, bool here);
/* How many things of at least a byte follow; not more than max. */
size_t image_count(struct image *m, size_t n, size_t max);
/* A packet: writing, its file is reported as evidence. */
void image_mark(struct image *m, struct packet_mark *mark);
/* A family that is none fails the reader. */
void image_ip(struct image *m, struct ip_addr *ip);
void image_endpoint(struct image *m, struct endpoint *e);
/* NULL stays NULL; what is read has a NUL behind it. */
void image_slice(struct image *m, struct slice *s);
/* *items: of `bytes` each, at least `least` when written; zeroed when reading. Returns how many there are room for. */
size_t image_array(struct image *m, void *items, size_t n, size_t bytes, size_t least);
/* Writing: one more of its kind, if it is not known yet. */
void image_add(struct image *m, enum image_kind kind, void *thing);
/* *link: a pointer to a thing of that kind. */
void image_link(struct image *m, enum image_kind kind, void *link);
/* The same for a member of a list: never NULL, and there once; false: it was neither. */
bool image_member(struct image *m, enum image_kind kind, void *link, enum image_place place);
/* A list of things of that kind, whose links are at `offset` in them. Returns how many it holds. */
size_t image_list(struct image *m, struct list_link *list, enum image_kind kind, size_t offset,
                  enum image_place place);
/* Whether it runs, and until when; what is read runs again. The kind is the owner's. */
void image_timer(struct image *m, struct timer *t);
/* Nothing failed so far. After a failure, what is read is zero. */
bool image_ok(const struct image *m);

/* ---- check.c ---- */
/* All was read, and nothing of it is followed yet: fails what could not have been written. */
void image_check(struct image *m);

/* ---- image_exchange.c ---- */
/* Each writes or reads all members of a thing that was made zeroed; links to other things may be read before those
 * are. */
void image_exchange(struct image *m, struct exchange *e);
void image_conn_view(struct image *m, struct exchange_conn *v);
void image_tls(struct image *m, struct exchange_tls *t);
void image_attempt(struct image *m, struct exchange_attempt *a);
void image_stall(struct image *m, struct flow_stall *x);
void image_lookup_info(struct image *m, struct exchange_lookup *l);

/* ---- image_parts.c ---- */
/* The same for what stands around exchanges. */
void image_pool(struct image *m, struct pool *p);
void image_conn(struct image *m, struct cconn *cc);
void image_lookup(struct image *m, struct lookup *l);
void image_dial(struct image *m, struct dial *d);

/* ---- image_index.c ---- */
/* Questions and addresses by which lookups are found, in the order in which they were indexed; _get_ indexes them
 * again. */
void image_put_index(struct image *m);
void image_get_index(struct image *m);

/* Where a struct has this size, each of its members has its line: a new member changes it, and needs a line, too. */
#if UINTPTR_MAX == UINT64_MAX
#define IMAGE_COVERS(type, bytes)                                                                                    \
    _Static_assert(sizeof(type) == (bytes), "a member without its line here, and CHECKPOINT_VERSION")
#else
#define IMAGE_COVERS(type, bytes) _Static_assert(sizeof(type) > 0, "")
#endif

#endif
