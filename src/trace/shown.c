/* What of an exchange's texts is shown: each of them passes here before it is handed out. */
#include "trace/build.h"

/* In the arena, where it differs from what came in. */
static struct slice kept(struct trace *t, struct slice from, struct slice shown)
{
    if (shown.p == from.p)
        return from;
    t->failed |= t->scratch.failed;
    return arena_copy(&t->arena, shown);
}

struct slice shown_at_length(struct trace *t, enum redact_as as, struct slice s)
{
    return kept(t, s, redact_text(t->redact, as, s, &t->scratch));
}

struct slice shown_value(struct trace *t, struct redact_field field, struct slice value)
{
    if (field.rule != REDACT_RULE_AS) {
        buf_reset(&t->scratch);
        return kept(t, value, redact_by_rule(t->redact, field.rule, value, &t->scratch));
    }
    bool host = value.p == t->e->request.host.p && value.n == t->e->request.host.n && field.as == REDACT_HOST;
    return host ? t->host : shown(t, field.as, value);
}
