#include "extract/scrub/text.h"

#include "pcap2trace/status.h"

int scrub_text_init(struct scrub_text *t, const struct redact_options *options)
{
    *t = (struct scrub_text){.redact = redact_new(options)};
    return t->redact != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

void scrub_text_fini(struct scrub_text *t)
{
    redact_free(t->redact);
    buf_fini(&t->ranges);
    buf_fini(&t->before);
    buf_fini(&t->after);
    buf_fini(&t->original);
}

void scrub_text_all(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != '\r' && p[i] != '\n')
            p[i] = 'x';
}

/* ---- fillers ---- */

/* What is secret by its looks is to look secret afterwards, too, so that the same is told of it: first it is filled with
 * one letter, then with what looks random, then with that behind the issuer's beginning. */
enum filler { FILL_PLAIN, FILL_RANDOM, FILL_BEHIND_MARK, FILLERS };

static void fill_random(uint8_t *p, size_t n, size_t keep)
{
    static const char random[] = "x1Xy2Yz3Zq4Qw5Wv6Vu7Ut8Ts9Sr0R";

    for (size_t i = keep; i < n; i++)
        if (p[i] != '\r' && p[i] != '\n' && p[i] != '.' && p[i] != '=')
            p[i] = (uint8_t)random[i % (sizeof random - 1)];
}

static void fill(uint8_t *p, size_t n, enum filler how)
{
    enum { MARK_BYTES = 4, LEAST_BYTES = 20 };

    if (how == FILL_PLAIN || n < LEAST_BYTES)
        scrub_text_all(p, n);
    else
        fill_random(p, n, how == FILL_BEHIND_MARK ? MARK_BYTES : 0);
}

static void fill_ranges(const struct buf *ranges, uint8_t *p, enum filler how)
{
    for (size_t at = 0; at + sizeof(struct redact_range) <= ranges->n; at += sizeof(struct redact_range)) {
        struct redact_range r;
        memcpy(&r, ranges->p + at, sizeof r);
        fill(p + r.from, r.to - r.from, how);
    }
}

/* Tells what is shown of a text, or of a value of a field. */
struct rule {
    bool is_field;
    enum redact_as as;
    struct redact_field field;
};

static struct slice told(struct scrub_text *t, const struct rule *rule, struct slice s, struct buf *b)
{
    if (rule->is_field && rule->field.rule != REDACT_RULE_AS)
        return redact_by_rule(t->redact, rule->field.rule, s, b);
    return redact_text(t->redact, rule->is_field ? rule->field.as : rule->as, s, b);
}

static void scrub(struct scrub_text *t, const struct rule *rule, uint8_t *p, size_t n)
{
    buf_reset(&t->ranges);
    if (rule->is_field)
        redact_field_ranges(t->redact, rule->field, slice_of(p, n), &t->ranges);
    else
        redact_ranges(t->redact, rule->as, slice_of(p, n), &t->ranges);
    if (t->ranges.n == 0 && !t->ranges.failed)
        return;
    buf_reset(&t->original);
    buf_put(&t->original, p, n);
    struct slice before = told(t, rule, slice_of(p, n), &t->before);
    buf_put(&t->before, NULL, 0);
    if (t->ranges.failed || t->original.failed || t->before.failed) {
        scrub_text_all(p, n);
        return;
    }
    /* What was told stands in t->before, or is the mark: neither changes with p. */
    for (int how = FILL_PLAIN; how < FILLERS; how++) {
        memcpy(p, t->original.p, n);
        fill_ranges(&t->ranges, p, (enum filler)how);
        if (slice_eq(before, told(t, rule, slice_of(p, n), &t->after)))
            return;
    }
    memcpy(p, t->original.p, n);
    fill_ranges(&t->ranges, p, FILL_PLAIN);
}

void scrub_text(struct scrub_text *t, enum redact_as as, uint8_t *p, size_t n)
{
    if (n > 0)
        scrub(t, &(struct rule){.as = as}, p, n);
}

void scrub_text_field(struct scrub_text *t, struct redact_field field, uint8_t *p, size_t n)
{
    if (n > 0 && field.rule != REDACT_RULE_KEPT)
        scrub(t, &(struct rule){.is_field = true, .field = field}, p, n);
}

/* ---- lines ---- */

static size_t line_bytes(const uint8_t *p, size_t n)
{
    const uint8_t *end = memchr(p, '\n', n);

    return end != NULL ? (size_t)(end - p) + 1 : n;
}

static bool goes_on(const uint8_t *p, size_t n)
{
    return n > 0 && (p[0] == ' ' || p[0] == '\t');
}

static struct slice without_end(const uint8_t *p, size_t n)
{
    while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == '\n'))
        n--;
    return slice_of(p, n);
}

/* A value over several lines is told as one: nothing of it is kept where there is a secret in that. */
static void scrub_folded(struct scrub_text *t, struct redact_field field, uint8_t *p, size_t n)
{
    buf_reset(&t->original);
    for (size_t i = 0; i < n; i++)
        if (p[i] != '\r' && p[i] != '\n' && p[i] != ' ' && p[i] != '\t')
            buf_putc(&t->original, (char)p[i]);
    buf_reset(&t->ranges);
    redact_field_ranges(t->redact, field, buf_view(&t->original), &t->ranges);
    bool secret = t->ranges.n > 0 || t->ranges.failed || t->original.failed;
    buf_reset(&t->ranges);
    redact_field_ranges(t->redact, field, slice_of(p, n), &t->ranges);
    if (secret || t->ranges.n > 0)
        scrub_text_all(p, n);
}

/* One field with the lines that go on with it; folded: there are such. */
static void scrub_field(struct scrub_text *t, uint8_t *p, size_t n, bool folded)
{
    struct slice text = without_end(p, n);
    size_t colon = slice_find(text, ':');

    if (colon == text.n) {
        if (folded)
            scrub_text_all(p, n);
        else
            scrub_text(t, REDACT_TEXT, p, text.n);
        return;
    }
    struct slice name = slice_trim(slice_of(p, colon));
    struct slice value = slice_trim(slice_from(text, colon + 1));
    struct redact_field field = redact_field_of(t->redact, name);
    /* Of a value that the capture cut, who knows what it would have been. */
    if (value.n > 0 && text.n == n && field.rule != REDACT_RULE_KEPT)
        scrub_text_all(p + (value.p - p), value.n);
    else if (value.n > 0 && folded)
        scrub_folded(t, field, p + (value.p - p), value.n);
    else if (value.n > 0)
        scrub_text_field(t, field, p + (value.p - p), value.n);
    if (field.odd_name)
        scrub_text(t, REDACT_TEXT, p + (name.p - p), name.n);
}

void scrub_text_fields(struct scrub_text *t, uint8_t *p, size_t n)
{
    while (n > 0) {
        size_t bytes = line_bytes(p, n);
        bool folded = false;
        while (goes_on(p + bytes, n - bytes)) {
            bytes += line_bytes(p + bytes, n - bytes);
            folded = true;
        }
        scrub_field(t, p, bytes, folded);
        p += bytes;
        n -= bytes;
    }
}
