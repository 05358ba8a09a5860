/* Spans of OTLP's JSON mapping (opentelemetry-proto 1.x), where 64-bit integers are strings. Written with a pen: what is said
 * of its room holds here, too (write/json/pen.h). */
#ifndef P2T_WRITE_JSON_OTLP_SPAN_H
#define P2T_WRITE_JSON_OTLP_SPAN_H

#include "write/json/pen.h"

enum { OTLP_TRACE_ID_TEXT = 32 };

/* What is being written. */
struct otlp {
    struct buf *b;
    const struct p2t_exchange *x;
    const struct p2t_event *first[P2T_HOOK_COUNT]; /* of each hook; NULL: none */
    int64_t end_ns;                                /* of the call and of all that is under it */
    uint64_t call, get_conn;                       /* span ids */
    uint64_t id_seed;
    char trace_id[OTLP_TRACE_ID_TEXT];
    struct {
        int64_t ns;
        size_t n; /* 0: none was written */
        char text[24];
    } last_time;
};

struct otlp_span {
    struct p2t_text name;
    uint64_t id, parent; /* parent 0: none */
    int64_t start_ns, end_ns;
    bool failed;
    struct p2t_text error; /* what it says of why; p == NULL: nothing */
};

/* Ids, the first event of each hook, and the end. */
struct otlp otlp_begin(struct buf *b, const struct p2t_exchange *x);
/* The same for the same exchange in every run; never 0, which OTLP takes for none. */
uint64_t otlp_derived_id(const struct otlp *o, struct p2t_text what, unsigned n);

/* Quoted; OTLP has none before 1970, where an estimate may lie when a capture's clock was never set. Many that stand beside
 * each other are the same. */
char *otlp_time(struct otlp *o, char *w, int64_t ns);

/* A span is otlp_span_begin(), attributes, otlp_list_end(), perhaps other members, otlp_span_end() and a comma. */
char *otlp_span_begin(struct otlp *o, char *w, const struct otlp_span *s);
char *otlp_span_end(struct otlp *o, char *w, const struct otlp_span *s);

/* A list whose members each end with a comma. */
static inline char *otlp_list_end(const struct otlp *o, char *w)
{
    if (o->b->failed) /* nothing may be before w */
        return w;
    w -= w[-1] == ',';
    *w++ = ']';
    return w;
}

/* ---- attributes, each with a comma behind it: OTLP_KEY() of a literal, then the value ---- */

#define OTLP_KEY(key)    "{\"key\":\"" key "\",\"value\":{"
#define OTLP_TEXT(key)   OTLP_KEY(key) "\"stringValue\":"
#define OTLP_INT(key)    OTLP_KEY(key) "\"intValue\":\""
#define OTLP_DOUBLE(key) OTLP_KEY(key) "\"doubleValue\":"

/* Nothing where the text is unknown. key: OTLP_TEXT() */
static inline __attribute__((always_inline)) char *otlp_text(struct otlp *o, char *w, const char *key,
                                                             struct p2t_text s)
{
    if (s.p == NULL)
        return w;
    w = pen_string(o->b, pen_literal(w, key), s);
    return PEN_PUT(w, "}},");
}

/* Appends Go's strings.Join(values, ","), "undefined" for none. */
void otlp_join(struct buf *joined, const struct p2t_value *v);
/* The same, quoted. */
char *otlp_joined(struct otlp *o, char *w, const struct p2t_value *v);

/* hooks.c: the spans that otelhttptrace makes of the hooks, each with a comma behind it. */
char *otlp_hooks(struct otlp *o, char *w);
/* call.c: the call's own span. */
char *otlp_call(struct otlp *o, char *w);

#endif
