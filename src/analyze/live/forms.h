/* What the readers of the forms share. */
#ifndef P2T_ANALYZE_LIVE_FORMS_H
#define P2T_ANALYZE_LIVE_FORMS_H

#include <cjson/cJSON.h>

#include "analyze/live/live.h"

enum { ALL_HOOKS = (1 << P2T_HOOK_COUNT) - 1 };

struct span;

/* Lines, and values that stretch over several of them. */
struct live_scan {
    uint64_t values;
    size_t depth;
    bool in_string, escaped;
};

struct live_text {
    struct buf line, value;
    struct live_scan scan; /* of the value that is open */
    uint64_t line_number, value_line;
    bool too_long;   /* the line: its bytes are passed over */
    bool in_value;   /* a value began on an earlier line */
    bool lines_only; /* one such value never ended */
};

struct live {
    struct live_config config;
    struct redact *redact;
    struct buf shown; /* of one text at a time */
    struct record_draft draft;
    struct live_source *sources;
    size_t source_count, source_cap, file_first_source;
    struct live_counters counters;
    struct slice file;
    uint64_t line; /* of what is being read, from 1 */
    struct live_text text;
    struct span *spans; /* OTLP: of the whole file */
    size_t span_count, span_cap;
};

void live_complain(struct live *l, const char *why);
/* The draft is whole: each attempt in it becomes a record. `recorded`: a bit for each hook that this trace would tell
 * of. */
void live_keep(struct live *l, enum live_form form, uint32_t recorded);

/* Each takes an object if it has its form. */
bool live_take_hooks(struct live *l, const cJSON *object);
bool live_take_result(struct live *l, const cJSON *object);
bool live_take_otlp(struct live *l, const cJSON *object);
bool live_take_har(struct live *l, const cJSON *object);
bool live_take_curl(struct live *l, const cJSON *object);
/* Spans come apart from their parents: traces are made at the end of the file. */
void live_end_otlp(struct live *l);

/* live_json.c: members by name, in any case. */
const cJSON *live_member(const cJSON *object, const char *name);
/* p == NULL when there is none or it is no string. */
struct slice live_string(const cJSON *item);
struct slice live_string_member(const cJSON *object, const char *name);
/* A string, or an error object's "message", "msg", "error". */
struct slice live_error(const cJSON *item);
/* A time as text or number. False for null, zero, and what is no time. */
bool live_time(const cJSON *item, int64_t *ns);
/* Seconds times `unit_ns`; false for what is no finite number, negative or over 30 years. */
bool live_duration(const cJSON *item, double unit_ns, int64_t *ns);
bool live_hook_by_name(struct slice name, enum p2t_hook *hook);
/* Names or addresses of a list, sorted; of strings, or objects with an "IP". p == NULL when it is no list. */
struct slice live_addresses(struct live *l, const cJSON *list);

#endif
