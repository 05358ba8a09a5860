/* Members of a JSON object, as the kinds of values that an exchange has. The first one that is wrong is remembered, and all
 * that follows is zero or unknown: one check at the end. */
#ifndef P2T_REREAD_FIELDS_H
#define P2T_REREAD_FIELDS_H

#include <cjson/cJSON.h>

#include "base/arena.h"
#include "pcap2trace/exchange.h"

struct fields {
    struct arena arena; /* of what an exchange points to */
    const char *wrong;  /* member that is not as it should be; NULL: none */
    bool failed;        /* memory ran out */
};

void fields_wrong(struct fields *f, const char *member);
/* n zeroed items of `size` bytes, at least one; NULL when memory ran out. */
void *fields_list(struct fields *f, size_t n, size_t size);

/* The member by its name; NULL: there is none, or it is null. */
const cJSON *fields_get(const cJSON *object, const char *name);
/* The same, an object or list; anything else is wrong. */
const cJSON *fields_object(struct fields *f, const cJSON *object, const char *name);
const cJSON *fields_array(struct fields *f, const cJSON *object, const char *name);

/* p == NULL where it is null or missing. Valid as long as the tree. */
struct p2t_text fields_text(struct fields *f, const cJSON *object, const char *name);
struct p2t_text fields_string(struct fields *f, const cJSON *item, const char *name);
/* The name under which the item stands in its object. */
struct p2t_text fields_key(const cJSON *item);
/* `missing` where it is null or missing; a number outside of the bounds is wrong. */
int64_t fields_int(struct fields *f, const cJSON *object, const char *name, int64_t min, int64_t max,
                   int64_t missing);
int64_t fields_integer(struct fields *f, const cJSON *item, const char *name, int64_t min, int64_t max);
/* A count; 0 where it is missing. */
uint32_t fields_count(struct fields *f, const cJSON *object, const char *name);
/* False where it is missing. */
bool fields_bool(struct fields *f, const cJSON *object, const char *name);
/* 1, 0, or -1 for null. */
int fields_tristate(struct fields *f, const cJSON *object, const char *name);
/* Microseconds with decimals to nanoseconds. */
int64_t fields_us(struct fields *f, const cJSON *item, const char *name);
/* 16 hexadecimal digits. */
uint64_t fields_id(struct fields *f, const cJSON *object, const char *name);
/* RFC 3339. */
int64_t fields_time(struct fields *f, const cJSON *object, const char *name);
/* [[file, packet], ...]; max: room in e. Returns how many. */
uint8_t fields_evidence(struct fields *f, const cJSON *object, struct p2t_evidence *e, size_t max);
/* The index of a name among `count` that name() gives; wrong where it is none of them. */
int fields_name(struct fields *f, const cJSON *object, const char *member, int count, const char *(*name)(int index));
/* The same of a value that stands in no object, of which NULL is none; `name` is what is wrong where it is none. */
uint64_t fields_id_of(struct fields *f, const cJSON *item, const char *name);
int fields_name_of(struct fields *f, const cJSON *item, const char *member, int count,
                   const char *(*name)(int index));
/* How one exchange follows from another: letters and underscores. "" where it is anything else, which is wrong. */
const char *fields_relation(struct fields *f, struct p2t_text text);

/* events.c, messages.c, transport.c: a part of the exchange each. */
void reread_events(struct fields *f, const cJSON *root, struct p2t_exchange *x);
void reread_messages(struct fields *f, const cJSON *root, struct p2t_exchange *x);
void reread_transport(struct fields *f, const cJSON *root, struct p2t_exchange *x);
/* events.c: the event's arguments, in their order; ev->hook is known. */
void reread_arg_list(struct fields *f, const cJSON *list, struct p2t_event *ev);
/* compact.c: what stands otherwise in the compact form; x->start_ns is known. */
void reread_compact(struct fields *f, const cJSON *root, struct p2t_exchange *x);

#endif
