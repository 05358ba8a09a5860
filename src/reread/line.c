#include "reread/line.h"

enum { ESCAPE_BYTES = 6 }; /* "\ufffd" */

struct scan {
    struct buf *out;
    const uint8_t *p;
    size_t n, i, depth, values;
};

static bool is_escape_of(const struct scan *s, const char *code)
{
    return s->n - s->i >= ESCAPE_BYTES && slice_ieq(slice_of(s->p + s->i, ESCAPE_BYTES), slice_str(code));
}

/* At a backslash. */
static void put_escape(struct scan *s)
{
    size_t taken = s->n - s->i < 2 ? 1 : 2;

    if (is_escape_of(s, "\\u0000")) {
        buf_putc(s->out, (char)LINE_NUL);
        taken = ESCAPE_BYTES;
    } else if (is_escape_of(s, "\\ufffd")) {
        buf_putc(s->out, (char)LINE_UNKNOWN);
        taken = ESCAPE_BYTES;
    } else {
        buf_put(s->out, s->p + s->i, taken);
    }
    s->i += taken;
}

/* From the opening quote to behind the closing one. */
static const char *put_string(struct scan *s)
{
    buf_putc(s->out, (char)s->p[s->i++]);
    while (s->i < s->n && s->p[s->i] != '"') {
        size_t from = s->i;
        while (s->i < s->n && s->p[s->i] != '"' && s->p[s->i] != '\\' && s->p[s->i] < LINE_NUMBER)
            s->i++;
        buf_put(s->out, s->p + from, s->i - from);
        if (s->i < s->n && s->p[s->i] == '\\')
            put_escape(s);
        else if (s->i < s->n && s->p[s->i] != '"')
            return "is not UTF-8";
    }
    if (s->i == s->n)
        return "is cut inside a string";
    buf_putc(s->out, (char)s->p[s->i++]);
    return NULL;
}

static bool is_of_number(uint8_t c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static void put_number(struct scan *s)
{
    enum { DOUBLE_DIGITS = 15 };
    size_t from = s->i;

    while (s->i < s->n && is_of_number(s->p[s->i]))
        s->i++;
    bool is_long = s->i - from > DOUBLE_DIGITS;
    if (is_long) {
        buf_putc(s->out, '"');
        buf_putc(s->out, (char)LINE_NUMBER);
    }
    buf_put(s->out, s->p + from, s->i - from);
    if (is_long)
        buf_putc(s->out, '"');
}

static const char *put_mark(struct scan *s, uint8_t c)
{
    if (c >= LINE_NUMBER)
        return "is not UTF-8";
    if (c == '{' || c == '[')
        s->depth++;
    if ((c == '}' || c == ']') && s->depth > 0)
        s->depth--;
    s->values += c == ',' || c == '{' || c == '[';
    buf_putc(s->out, (char)c);
    s->i++;
    if (s->depth > LINE_DEPTH_MAX)
        return "is nested deeper than any exchange";
    return s->values > LINE_VALUES_MAX ? "has more values than any exchange" : NULL;
}

const char *line_prepare(struct buf *out, struct slice line)
{
    struct scan s = {.out = out, .p = line.p, .n = line.n};
    const char *why = NULL;

    while (why == NULL && s.i < s.n) {
        uint8_t c = s.p[s.i];
        if (c == '"')
            why = put_string(&s);
        else if (c == '-' || (c >= '0' && c <= '9'))
            put_number(&s);
        else
            why = put_mark(&s, c);
    }
    return why;
}
