#include "unit/trace/built.h"

#include <string.h>

#include "judge/judge.h"

static const char *path(void *ctx, uint32_t file)
{
    (void)ctx;
    (void)file;
    return "made.pcap";
}

/* Its arguments are the first of the hook's in the list, each null or of its kind. */
static void assert_listed(const struct p2t_event *ev)
{
    for (size_t i = 0, n = 0; i < P2T_ARG_COUNT && n < ev->arg_count; i++) {
        const struct p2t_hook_arg_info *info = &p2t_hook_args[i];
        if (info->hook != ev->hook)
            continue;
        assert_int_equal(info->index, n);
        const struct p2t_arg *a = &ev->args[n++];
        assert_int_equal(a->name.n, info->name_bytes);
        assert_memory_equal(a->name.p, info->name, info->name_bytes);
        assert_true(a->value.kind == P2T_VALUE_NULL || a->value.kind == info->kind);
    }
}

void built_of(struct built *b, struct made *m)
{
    const struct trace_options options = {.file_path = path};

    b->trace = trace_new(&options);
    assert_non_null(b->trace);
    exchange_judge(&m->e);
    b->x = trace_build(b->trace, &m->e);
    assert_non_null(b->x);
    for (size_t i = 0; i < b->x->event_count; i++)
        assert_listed(&b->x->events[i]);
}

void built_free(struct built *b, struct made *m)
{
    trace_free(b->trace);
    made_free(m);
}

const struct p2t_event *built_nth(const struct built *b, enum p2t_hook hook, size_t n)
{
    for (size_t i = 0; i < b->x->event_count; i++)
        if (b->x->events[i].hook == hook && n-- == 0)
            return &b->x->events[i];
    return NULL;
}

size_t built_count(const struct built *b, enum p2t_hook hook)
{
    size_t n = 0;

    while (built_nth(b, hook, n) != NULL)
        n++;
    return n;
}

const struct p2t_event *built_only(const struct built *b, enum p2t_hook hook)
{
    if (built_count(b, hook) != 1)
        fail_msg("%zu events %s instead of one", built_count(b, hook), p2t_hook_name(hook));
    return built_nth(b, hook, 0);
}

static void assert_bound(bool has, int64_t ns, int64_t us, const char *which, int line)
{
    if (has != (us != OPEN))
        fail_msg("line %d: %s is %s", line, which, has ? "set" : "open");
    if (has && ns != us * 1000)
        fail_msg("line %d: %s is %lld ns, not %lld us", line, which, (long long)ns, (long long)us);
}

void built_assert(const struct p2t_event *ev, enum p2t_basis basis, int64_t us, int64_t earliest, int64_t latest,
                  const uint64_t *evidence, int line)
{
    if (ev == NULL)
        fail_msg("line %d: there is no such event", line);
    if (ev->time_ns != us * 1000)
        fail_msg("line %d: at %lld ns, not %lld us", line, (long long)ev->time_ns, (long long)us);
    if (ev->basis != basis)
        fail_msg("line %d: %s, not %s", line, p2t_basis_name(ev->basis), p2t_basis_name(basis));
    assert_bound(ev->has_earliest, ev->earliest_ns, earliest, "earliest", line);
    assert_bound(ev->has_latest, ev->latest_ns, latest, "latest", line);
    for (size_t i = 0; i < ev->evidence_count; i++)
        if (ev->evidence[i].packet != evidence[i])
            fail_msg("line %d: evidence %zu is packet %llu, not %llu", line, i,
                     (unsigned long long)ev->evidence[i].packet, (unsigned long long)evidence[i]);
    if (evidence[ev->evidence_count] != 0)
        fail_msg("line %d: packet %llu is missing in the evidence", line,
                 (unsigned long long)evidence[ev->evidence_count]);
}

/* ---- arguments ---- */

void assert_arg_names(const struct p2t_event *ev, const char *names)
{
    char joined[256] = "";

    assert_non_null(ev);
    for (size_t i = 0; i < ev->arg_count; i++) {
        if (i > 0)
            strcat(joined, " ");
        strncat(joined, ev->args[i].name.p, ev->args[i].name.n);
    }
    assert_string_equal(joined, names);
}

static const struct p2t_value *value(const struct p2t_event *ev, const char *name)
{
    assert_non_null(ev);
    for (size_t i = 0; i < ev->arg_count; i++)
        if (ev->args[i].name.n == strlen(name) && memcmp(ev->args[i].name.p, name, strlen(name)) == 0)
            return &ev->args[i].value;
    fail_msg("%s has no argument %s", p2t_hook_name(ev->hook), name);
    return NULL;
}

static void assert_text(const struct p2t_value *v, const char *text)
{
    char copy[256] = "";

    assert_int_equal(v->kind, P2T_VALUE_TEXT);
    assert_true(v->as.text.n < sizeof copy);
    memcpy(copy, v->as.text.p, v->as.text.n);
    assert_string_equal(copy, text);
}

void assert_arg_text(const struct p2t_event *ev, const char *name, const char *text)
{
    if (text == NULL)
        assert_arg_null(ev, name);
    else
        assert_text(value(ev, name), text);
}

void assert_arg_int(const struct p2t_event *ev, const char *name, int64_t v)
{
    assert_int_equal(value(ev, name)->kind, P2T_VALUE_INT);
    assert_int_equal(value(ev, name)->as.integer, v);
}

void assert_arg_bool(const struct p2t_event *ev, const char *name, bool v)
{
    assert_int_equal(value(ev, name)->kind, P2T_VALUE_BOOL);
    assert_int_equal(value(ev, name)->as.boolean, v);
}

void assert_arg_null(const struct p2t_event *ev, const char *name)
{
    assert_int_equal(value(ev, name)->kind, P2T_VALUE_NULL);
}

void assert_arg_list(const struct p2t_event *ev, const char *name, const char *joined)
{
    const struct p2t_value *v = value(ev, name);
    char all[256] = "";

    assert_int_equal(v->kind, P2T_VALUE_LIST);
    for (size_t i = 0; i < v->as.list.n; i++) {
        if (i > 0)
            strcat(all, ",");
        assert_int_equal(v->as.list.items[i].kind, P2T_VALUE_TEXT);
        strncat(all, v->as.list.items[i].as.text.p, v->as.list.items[i].as.text.n);
    }
    assert_string_equal(all, joined);
}
