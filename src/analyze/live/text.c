/* Splits files into lines and finds JSON values in them. A value may begin anywhere in a log line; one that spans several
 * lines begins on a line of its own. */
#include <stdio.h>
#include <stdlib.h>

#include "analyze/live/forms.h"

enum { TRIES_PER_LINE = 8, WALK_DEPTH = 4 };

/* ---- where a value ends ---- */

/* Continues the scan of a value that began with { or [. Returns the number of bytes up to its end; all if it does not end. */
static size_t scan_value(struct live_scan *s, struct slice t)
{
    for (size_t i = 0; i < t.n; i++) {
        uint8_t c = t.p[i];
        if (s->escaped)
            s->escaped = false;
        else if (s->in_string) {
            s->escaped = c == '\\';
            s->in_string = c != '"';
        } else if (c == '"')
            s->in_string = true;
        else if (c == '{' || c == '[') {
            s->depth++;
            s->values++;
        } else if (c == ',')
            s->values++;
        else if ((c == '}' || c == ']') && --s->depth == 0)
            return i + 1;
    }
    return t.n;
}

/* ---- values ---- */

static bool take_object(struct live *l, const cJSON *object)
{
    return live_take_hooks(l, object) || live_take_otlp(l, object) || live_take_har(l, object) ||
           live_take_curl(l, object);
}

/* The next object or list in the tree, depth first; the path to it is kept in stack. */
struct walk {
    const cJSON *stack[WALK_DEPTH];
    size_t depth;
};

static const cJSON *walk_next(struct walk *w, const cJSON *at)
{
    const cJSON *next = at->child;

    if (next != NULL && w->depth < WALK_DEPTH) {
        w->stack[w->depth++] = at;
        return next;
    }
    while (at->next == NULL && w->depth > 0)
        at = w->stack[--w->depth];
    return w->depth > 0 ? at->next : NULL;
}

/* Takes an object of a known form near the top of the tree: loggers wrap what they log. */
static bool take_tree(struct live *l, const cJSON *root)
{
    struct walk w = {0};

    if (take_object(l, root))
        return true;
    for (const cJSON *at = walk_next(&w, root); at != NULL; at = walk_next(&w, at))
        if (cJSON_IsObject(at) && take_object(l, at))
            return true;
    return live_take_result(l, root);
}

static bool take_text_within(struct live *l, const cJSON *root)
{
    struct walk w = {0};

    for (const cJSON *at = walk_next(&w, root); at != NULL; at = walk_next(&w, at)) {
        const char *open = cJSON_IsString(at) ? strchr(at->valuestring, '{') : NULL;
        cJSON *inner = open != NULL ? cJSON_ParseWithOpts(open, NULL, 0) : NULL;
        bool taken = inner != NULL && take_tree(l, inner);
        cJSON_Delete(inner);
        if (taken)
            return true;
    }
    return false;
}

static bool take_root(struct live *l, const cJSON *root)
{
    bool taken = false;
    const cJSON *item;

    if (!cJSON_IsArray(root))
        return take_tree(l, root) || take_text_within(l, root);
    cJSON_ArrayForEach(item, root)
    {
        if (cJSON_IsObject(item))
            taken |= take_tree(l, item);
    }
    return taken;
}

enum taken { TAKEN, NOT_OURS, MALFORMED, TOO_MUCH };

/* Takes the value at the start of text, which has *n bytes and then a NUL, because cJSON may read one byte more. Sets *n to
 * the value's length. */
static enum taken take_value(struct live *l, const char *text, size_t *n)
{
    struct live_scan scan = {0};
    cJSON *root;

    size_t length = scan_value(&scan, slice_of(text, *n));
    if (scan.values > LIVE_VALUES_MAX)
        return TOO_MUCH;
    if (scan.depth > 0 || (root = cJSON_ParseWithLengthOpts(text, length, NULL, 0)) == NULL)
        return MALFORMED;
    *n = length;
    bool compact = live_is_compact(root), taken = compact || take_root(l, root);
    cJSON_Delete(root);
    if (compact)
        live_take_compact(l, slice_of(text, length));
    return taken ? TAKEN : NOT_OURS;
}

static void say_what_was_wrong(struct live *l, enum taken how)
{
    char text[96];

    if (how == MALFORMED)
        live_complain(l, "JSON that is cut or malformed");
    snprintf(text, sizeof text, "JSON of more than %d values", LIVE_VALUES_MAX);
    if (how == TOO_MUCH)
        live_complain(l, text);
}

/* ---- lines ---- */

/* Where the next value may begin: a brace, or the bracket before it. */
static size_t next_value(const char *text, size_t at, size_t n)
{
    struct slice rest = slice_of(text + at, n - at);
    size_t brace = slice_find(rest, '{');
    bool in_list = brace > 0 && brace < rest.n && rest.p[brace - 1] == '[';

    return at + (in_list ? brace - 1 : brace);
}

static bool looks_like_json(const char *text, size_t n)
{
    return n > 1 && (text[0] == '[' || text[1] == '"');
}

/* One line, or one whole value, followed by a NUL. Log lines may hold other braces before the value, and several values. */
static void take_line(struct live *l, const char *text, size_t n)
{
    enum taken worst = NOT_OURS;
    bool any = false;
    size_t at = next_value(text, 0, n);

    l->counters.lines++;
    for (int tries = 0; tries < TRIES_PER_LINE && at < n; at = next_value(text, at, n)) {
        size_t length = n - at;
        enum taken how = take_value(l, text + at, &length);
        any |= how == TAKEN;
        if (how == TAKEN)
            worst = NOT_OURS;
        else if (how != NOT_OURS && looks_like_json(text + at, n - at))
            worst = how;
        tries += how != TAKEN;
        at += how == TAKEN || how == NOT_OURS ? length : 1;
    }
    l->counters.plain_lines += !any && worst == NOT_OURS;
    say_what_was_wrong(l, worst);
}

static struct slice trimmed(struct slice s)
{
    s = slice_trim(s);
    if (s.n > 0 && s.p[s.n - 1] == '\r')
        s.n--;
    return s;
}

/* True if the line opens a value that spans lines: a brace alone, or any value at the top of the file. */
static bool begins_value(struct live *l, struct slice line)
{
    struct live_text *t = &l->text;
    bool first = t->line_number == 1;

    if (t->lines_only || line.n == 0 || (line.p[0] != '{' && line.p[0] != '['))
        return false;
    if (!first && !slice_eq(line, SLICE_LIT("{")))
        return false;
    t->scan = (struct live_scan){0};
    (void)scan_value(&t->scan, line);
    return t->scan.depth > 0 && !(first && slice_eq(line, SLICE_LIT("[")));
}

static bool is_punctuation(struct slice line)
{
    return line.n == 0 || (line.n <= 2 && strspn((const char *)line.p, "[],") >= line.n);
}

static void take_open_value(struct live *l)
{
    struct buf *value = &l->text.value;

    l->line = l->text.value_line;
    l->text.in_value = false;
    buf_putc(value, '\0');
    if (value->failed)
        l->config.pool->failed = true;
    else
        take_line(l, (const char *)value->p, value->n - 1);
    buf_reset(value);
}

/* Reports a value that never ended, unless its first line does by itself. */
static void say_no_end(struct live *l, const char *line, size_t n)
{
    uint64_t before = l->counters.problems;

    take_line(l, line, n);
    if (l->counters.problems == before)
        live_complain(l, "JSON that begins here has no end");
}

/* A value that never ended: takes its lines one by one, so that one cut value does not hide the rest of the file. */
static void give_value_up(struct live *l)
{
    struct buf value = l->text.value;
    size_t from = 0;

    l->text.value = (struct buf){0};
    l->text.in_value = false;
    l->text.lines_only = true;
    l->line = l->text.value_line;
    while (from < value.n && !value.failed) {
        size_t n = slice_find(slice_of(value.p + from, value.n - from), '\n');
        value.p[from + n] = '\0';
        if (from == 0)
            say_no_end(l, (const char *)value.p, n);
        else if (!is_punctuation(slice_of(value.p + from, n)))
            take_line(l, (const char *)value.p + from, n);
        from += n + 1;
        l->line++;
    }
    buf_fini(&value);
}

static void add_to_value(struct live *l, struct slice line)
{
    buf_slice(&l->text.value, line);
    buf_putc(&l->text.value, '\n');
    if (l->text.value.failed || l->text.value.n > LIVE_VALUE_BYTES_MAX)
        give_value_up(l);
}

static void take_whole_line(struct live *l, struct slice line)
{
    struct live_text *t = &l->text;

    l->line = t->line_number;
    if (t->in_value) {
        (void)scan_value(&t->scan, line);
        bool ended = t->scan.depth == 0;
        add_to_value(l, line);
        if (ended && t->in_value)
            take_open_value(l);
    } else if (begins_value(l, trimmed(line))) {
        t->in_value = true;
        t->value_line = t->line_number;
        add_to_value(l, line);
    } else if (!is_punctuation(trimmed(line)))
        take_line(l, (const char *)line.p, line.n);
}

static void end_line(struct live *l)
{
    struct buf *line = &l->text.line;

    l->text.line_number++;
    buf_putc(line, '\0');
    l->line = l->text.line_number;
    if (l->text.too_long)
        live_complain(l, "a line of more than 64 MB");
    else if (line->failed)
        l->config.pool->failed = true;
    else
        take_whole_line(l, slice_of(line->p, line->n - 1));
    l->text.too_long = false;
    buf_reset(line);
}

static void add_to_line(struct live *l, struct slice part)
{
    if (l->text.too_long || part.n > LIVE_VALUE_BYTES_MAX - l->text.line.n) {
        l->text.too_long = true;
        buf_reset(&l->text.line);
    } else
        buf_slice(&l->text.line, part);
}

/* ---- files ---- */

void live_begin_file(struct live *l, struct slice name)
{
    l->file = record_text(l->config.pool, name);
    l->file_first_source = l->source_count;
    buf_reset(&l->text.line);
    buf_reset(&l->text.value);
    l->text = (struct live_text){.line = l->text.line, .value = l->text.value};
    l->span_count = 0;
}

void live_feed(struct live *l, struct slice piece)
{
    while (piece.n > 0) {
        size_t n = slice_find(piece, '\n');
        add_to_line(l, slice_of(piece.p, n));
        if (n < piece.n)
            end_line(l);
        piece = slice_from(piece, n + 1);
    }
}

void live_end_file(struct live *l)
{
    if (l->text.line.n > 0 || l->text.too_long)
        end_line(l);
    if (l->text.in_value)
        give_value_up(l);
    live_end_otlp(l);
}
