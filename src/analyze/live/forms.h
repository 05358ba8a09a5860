/* Shared by the readers of the forms of live traces. */
#ifndef P2T_ANALYZE_LIVE_FORMS_H
#define P2T_ANALYZE_LIVE_FORMS_H

#include <cjson/cJSON.h>

#include "analyze/live/live.h"

enum { ALL_HOOKS = (1 << P2T_HOOK_COUNT) - 1 };

struct reread;
struct span;

/* The state of a scan for the end of a JSON value. */
struct live_scan {
    uint64_t values;
    size_t depth;
    bool in_string, escaped;
};

struct live_text {
    struct buf line, value;
    struct live_scan scan; /* of the value that is open */
    uint64_t line_number, value_line;
    bool too_long;   /* the current line is, and is skipped */
    bool in_value;   /* a value that began on an earlier line is open */
    bool lines_only; /* such a value never ended: from now on each line stands by itself */
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
    uint64_t line; /* number of the current line, from 1 */
    struct live_text text;
    struct span *spans; /* OTLP: all spans of the file */
    size_t span_count, span_cap;
    struct reread *reread; /* of compact exchanges; NULL: there was none yet */
};

/* Reports a problem at the current line. */
void live_complain(struct live *l, const char *why);
/* Ends the draft: each attempt in it becomes a record. recorded: a bit for each hook that this trace would record if it
 * fired. */
void live_keep(struct live *l, enum live_form form, uint32_t recorded);

/* Each takes the object if it has its form, by filling l->draft and calling live_keep(); false: it has another form. */
bool live_take_hooks(struct live *l, const cJSON *object);
bool live_take_result(struct live *l, const cJSON *object);
bool live_take_otlp(struct live *l, const cJSON *object);
bool live_take_har(struct live *l, const cJSON *object);
bool live_take_curl(struct live *l, const cJSON *object);
/* compact.c: an exchange of the compact form, which is known by its schema, and read from its text. */
bool live_is_compact(const cJSON *object);
void live_take_compact(struct live *l, struct slice text);
/* Makes OTLP traces at the end of the file: spans may be far from their parents. */
void live_end_otlp(struct live *l);

/* json.c: a member by its name, ignoring case; NULL: there is none. */
const cJSON *live_member(const cJSON *object, const char *name);
/* p == NULL when the item is missing or no string. */
struct slice live_string(const cJSON *item);
struct slice live_string_member(const cJSON *object, const char *name);
/* A string, or an error object's "message", "msg", "error". */
struct slice live_error(const cJSON *item);
/* Reads a time, as text or number, in nanoseconds since 1970. False for null, zero, and what is no time. */
bool live_time(const cJSON *item, int64_t *ns);
/* A number of units of unit_ns nanoseconds. False if it is not finite, negative, or over 30 years. */
bool live_duration(const cJSON *item, double unit_ns, int64_t *ns);
/* "GotConn", as httptrace spells it. False: no hook has that name. */
bool live_hook_by_name(struct slice name, enum p2t_hook *hook);
/* The addresses in a list of strings or of objects with an "IP", sorted and joined by commas. p == NULL: it is no list. */
struct slice live_addresses(struct live *l, const cJSON *list);

#endif
