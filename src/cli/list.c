#include "cli/list.h"

#include <stdio.h>
#include <string.h>

#include "cli/counters.h"
#include "cli/fields.h"
#include "pcap2trace/finding.h"
#include "pcap2trace/session.h"
#include "pcap2trace/summary.h"
#include "trace/redact.h"
#include "write/json/json.h"
#include "write/writer.h"

static void put_member(struct buf *b, const char *key, const char *text)
{
    buf_str(b, key);
    json_text(b, (struct p2t_text){text, strlen(text)});
}

static bool is_finding(const char *code)
{
    for (int i = 0; i < P2T_FINDING_COUNT; i++)
        if (strcmp(p2t_finding_info((enum p2t_finding_code)i)->code, code) == 0)
            return true;
    return false;
}

static bool is_cause(const char *code)
{
    for (int i = 0; i < P2T_CAUSE_COUNT; i++)
        if (strcmp(p2t_cause_name((enum p2t_cause_code)i), code) == 0)
            return true;
    return false;
}

/* Of one exchange, of many, or of either. */
static void put_told_as(struct buf *b, const char *code)
{
    put_member(b, ",\"told_as\":", !is_cause(code) ? "finding" : !is_finding(code) ? "cause" : "both");
}

static void list_findings(struct buf *b)
{
    for (int i = 0; i < P2T_FINDING_COUNT; i++) {
        const struct p2t_finding_info *f = p2t_finding_info((enum p2t_finding_code)i);
        put_member(b, "{\"code\":", f->code);
        put_member(b, ",\"severity\":", p2t_severity_name(f->severity));
        put_member(b, ",\"side\":", p2t_side_name(f->side));
        put_told_as(b, f->code);
        put_member(b, ",\"text\":", f->text);
        buf_lit(b, "}\n");
    }
}

static void list_causes(struct buf *b)
{
    for (int i = 0; i < P2T_CAUSE_COUNT; i++) {
        put_member(b, "{\"code\":", p2t_cause_name((enum p2t_cause_code)i));
        put_told_as(b, p2t_cause_name((enum p2t_cause_code)i));
        put_member(b, ",\"text\":", p2t_cause_text((enum p2t_cause_code)i));
        buf_lit(b, "}\n");
    }
}

static void list_args(struct buf *b, enum p2t_hook hook)
{
    static const char *const kinds[] = {"null", "bool", "int", "text", "list", "object"};

    for (int i = 0; i < P2T_ARG_COUNT; i++) {
        const struct p2t_hook_arg_info *a = &p2t_hook_args[i];
        if (a->hook != hook)
            continue;
        put_member(b, a->index > 0 ? ",{\"name\":" : "{\"name\":", a->name);
        put_member(b, ",\"type\":", kinds[a->kind]);
        put_member(b, ",\"of\":", a->ours ? "pcap2trace" : "go");
        buf_putc(b, '}');
    }
}

static void list_hooks(struct buf *b)
{
    for (int i = 0; i < P2T_HOOK_COUNT; i++) {
        put_member(b, "{\"hook\":", p2t_hook_name((enum p2t_hook)i));
        buf_lit(b, ",\"args\":[");
        list_args(b, (enum p2t_hook)i);
        buf_lit(b, "]}\n");
    }
}

static void list_formats(struct buf *b)
{
    for (int i = 0; i < OUT_FORMAT_COUNT; i++) {
        put_member(b, "{\"format\":", out_format_name((enum out_format)i));
        buf_lit(b, "}\n");
    }
}

static void put_counter(struct buf *b, const char *name, const char *text)
{
    put_member(b, "{\"counter\":", name);
    put_member(b, ",\"text\":", text);
    buf_lit(b, "}\n");
}

/* The reasons are the session's: one that reads nothing names them. */
static void list_reasons(struct buf *b)
{
    const struct p2t_config nothing = {0};
    struct p2t_session *session;
    struct p2t_reason reason;

    if (p2t_session_open(&session, &nothing, NULL) != P2T_OK) {
        b->failed = true;
        return;
    }
    for (size_t i = 0; p2t_session_reason(session, i, &reason); i++)
        put_counter(b, reason.key, reason.text);
    p2t_session_free(session);
}

static void list_counters(struct buf *b)
{
#define X(member, text) put_counter(b, #member, text);
    CLI_COUNTER_LIST(X)
#undef X
    list_reasons(b);
}

static void list_redaction(struct buf *b)
{
    struct redact_pattern p;
    const char *shape;

    for (size_t i = 0; redact_pattern_nth(i, &p); i++) {
        put_member(b, p.keep ? "{\"keep\":" : "{\"redact\":", p.pattern);
        put_member(b, ",\"of\":", p.of);
        buf_lit(b, "}\n");
    }
    for (size_t i = 0; (shape = redact_shape_nth(i)) != NULL; i++) {
        put_member(b, "{\"redact\":null,\"of\":\"values\",\"text\":", shape);
        buf_lit(b, "}\n");
    }
}

static void list_fields(struct buf *b)
{
    static const struct {
        const char *path, *type, *text;
    } fields[] = {
#define X(path, type, text) {path, type, text},
        CLI_FIELD_LIST(X)
#undef X
    };

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        put_member(b, "{\"field\":", fields[i].path);
        put_member(b, ",\"type\":", fields[i].type);
        put_member(b, ",\"text\":", fields[i].text);
        buf_lit(b, "}\n");
    }
}

static void (*const lists[CLI_LIST_COUNT])(struct buf *b) = {
    [CLI_LIST_FINDINGS] = list_findings, [CLI_LIST_CAUSES] = list_causes,     [CLI_LIST_HOOKS] = list_hooks,
    [CLI_LIST_FORMATS] = list_formats,   [CLI_LIST_COUNTERS] = list_counters, [CLI_LIST_REDACTION] = list_redaction,
    [CLI_LIST_FIELDS] = list_fields,
};

void list_to(struct buf *b, enum cli_list list)
{
    lists[list](b);
}

int run_list(enum cli_list list)
{
    struct buf b = {0};

    list_to(&b, list);
    bool written = !b.failed && fwrite(b.p, 1, b.n, stdout) == b.n && fflush(stdout) == 0;
    buf_fini(&b);
    return written ? 0 : 1;
}
