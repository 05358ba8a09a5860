/* The summary as text and as JSON. */
#ifndef P2T_SUMMARY_TELL_H
#define P2T_SUMMARY_TELL_H

#include "summary/model.h"

/* json.c: one object of the schema pcap2trace.summary/1, and a newline. */
void tell_json(const struct p2t_summary *s, struct buf *out);
/* text.c: the verdict in the first five lines, then causes, services and what the capture can show. */
void tell_text(const struct p2t_summary *s, struct buf *out);

/* text.c: what the capture holds, and the last part of the summary: what it cannot show. */
void tell_doctor(const struct p2t_summary *s, struct buf *out);

/* services.c */

/* What calls to one server:port had, dials and lookups that failed among them. Durations in nanoseconds. */
struct service_row {
    const struct word *server, *server_ip; /* server: the name, where only lookups of it are known */
    size_t calls, failed;
    size_t requests; /* those of `calls` that sent one: what follows is of them */
    size_t connections, reused;
    int64_t p50, p90, p99, max;
    const char *phase; /* the one that takes most of the time, NULL of no request ... */
    int64_t phase_p50, phase_p99;
};

struct service_rows {
    struct service_row *row; /* those with most failed calls first, then with most calls */
    size_t n;
    bool failed;
};

struct service_rows services_of(const struct p2t_summary *s);

/* limits.c */

/* What the capture cannot show, and a command that would have. */
struct capture_limit {
    const char *code, *text, *command; /* static */
};
enum { CAPTURE_LIMITS_MAX = 12 };
/* Those that apply; returns how many. */
size_t capture_limits(const struct p2t_summary *s, struct capture_limit out[CAPTURE_LIMITS_MAX]);

#endif
