/* Appends JSON to a buffer directly, without a tree of values. Text from the wire is escaped: the result is valid UTF-8 JSON
 * without control characters, whatever the bytes were. */
#ifndef P2T_WRITE_JSON_JSON_H
#define P2T_WRITE_JSON_JSON_H

#include "base/buf.h"
#include "pcap2trace/exchange.h"

/* A quoted string. Invalid UTF-8 becomes U+FFFD. */
void json_string(struct buf *b, struct p2t_text s);
/* The same, but null where s.p is NULL. */
void json_text(struct buf *b, struct p2t_text s);
/* Nanoseconds as microseconds with three decimals. */
void json_us(struct buf *b, int64_t ns);
enum { JSON_US_MAX = 24 };
/* Same, into memory that has room for JSON_US_MAX; returns where it ends. */
char *json_us_text(char *out, int64_t ns);
/* 16 hex digits, quoted. */
void json_id(struct buf *b, uint64_t id);
/* Nanoseconds since 1970 as RFC 3339, quoted. */
void json_time(struct buf *b, int64_t ts_ns);
/* A list of [file, packet]. */
void json_evidence(struct buf *b, const struct p2t_evidence *e, size_t n);
enum { JSON_PAIR_MAX = 36, JSON_EVIDENCE_MAX = P2T_EVIDENCE_MAX * JSON_PAIR_MAX + 2 };
/* Same, into memory that has room for JSON_EVIDENCE_MAX; returns where it ends. */
static inline char *json_evidence_text(char *w, const struct p2t_evidence *e, size_t n)
{
    *w++ = '[';
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            *w++ = ',';
        *w++ = '[';
        w = u64_text(w, e[i].file);
        *w++ = ',';
        w = u64_text(w, e[i].packet);
        *w++ = ']';
    }
    *w++ = ']';
    return w;
}
/* One [file, packet]. */
void json_evidence_pair(struct buf *b, const struct p2t_evidence *e);
static inline bool json_same_bound(bool has, int64_t ns, bool other_has, int64_t other_ns)
{
    return has == other_has && (!has || ns == other_ns);
}

/* Two events have the same time, basis, bounds and evidence. Most have another time, or nothing differs. */
static inline bool json_same_moment(const struct p2t_event *a, const struct p2t_event *b)
{
    if (a->time_ns != b->time_ns || a->basis != b->basis || a->evidence_count != b->evidence_count ||
        !json_same_bound(a->has_earliest, a->earliest_ns, b->has_earliest, b->earliest_ns) ||
        !json_same_bound(a->has_latest, a->latest_ns, b->has_latest, b->latest_ns))
        return false;
    for (size_t i = 0; i < a->evidence_count; i++)
        if (a->evidence[i].packet != b->evidence[i].packet || a->evidence[i].file != b->evidence[i].file)
            return false;
    return true;
}
/* messages.c: the members "http2", "grpc" and "websocket", each after a comma, where they apply. */
void json_messages(struct buf *b, const struct p2t_exchange *x);
/* transport.c: the member "transport", after a comma. */
void json_transport(struct buf *b, const struct p2t_exchange *x);
void json_value(struct buf *b, const struct p2t_value *v);
/* The object of src/doc/contract.md, "One exchange", without a newline. */
void json_exchange(struct buf *b, const struct p2t_exchange *x);
/* The object of "The compact form" there, without a newline. */
void json_compact(struct buf *b, const struct p2t_exchange *x);
#define JSON_SCHEMA_COMPACT "pcap2trace.exchange/2-compact"

#endif
