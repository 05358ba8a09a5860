/* Secrets on the wire are not for logs. Most fields and URLs hold none, and the same ones come again and again: a look
 * at which bytes there are, or a copy of what was found harmless, decides about those. */
#include "trace/redact.h"

#include <stdlib.h>

#include "base/sixteen.h"
#include "trace/redact/names.h"
#include "trace/redact/plain.h"
#include "trace/redact/scan.h"
#include "trace/redact/shape.h"

enum {
    PLACE_BITS = 6,
    PLACES = 1 << PLACE_BITS,
    PER_PLACE = 2,
    KNOWN_NAME_BYTES = 32,
    KNOWN_TEXT_BYTES = 255,
    KNOWN_LEAST = 8
};

struct known_name {
    uint8_t name[KNOWN_NAME_BYTES];
    uint8_t n; /* 0: free */
    struct redact_field field;
};

struct known_text {
    uint8_t text[KNOWN_TEXT_BYTES];
    uint8_t n; /* 0: free */
    uint8_t as;
};

struct redact {
    bool show_secrets;
    struct names *names;
    struct known_name known_names[PLACES][PER_PLACE]; /* the newest of a place first */
    struct known_text known_texts[PLACES][PER_PLACE];
    struct plain plain;
};

struct redact *redact_new(const struct redact_options *options)
{
    struct redact *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    r->show_secrets = options->show_secrets;
    r->names = names_new(options);
    if (r->names != NULL)
        return r;
    free(r);
    return NULL;
}

void redact_free(struct redact *r)
{
    if (r == NULL)
        return;
    names_free(r->names);
    free(r);
}

const char *redact_shape_nth(size_t n)
{
    static const char *const shapes[] = {
        "user information before the @ of an authority",
        "the fragment of a URL",
        "the value of code beside state or grant_type, on a login or callback path, or of 16 bytes and more",
        "the value of sv beside sig",
        "what follows Bearer, Basic, Digest, NTLM, Negotiate, Token or ApiKey",
        "JSON Web Tokens: eyJ...",
        "keys that AWS, Google, GitHub, GitLab, Slack, Stripe, Vault and npm issue, by their beginnings",
        "PEM blocks",
        "40 bytes and more of random letters and digits; 256 and more of hexadecimal digits",
    };

    return n < sizeof shapes / sizeof *shapes ? shapes[n] : NULL;
}

/* Where what was decided about s is remembered; s.n > 0. Its ends and its length tell most texts apart. */
static size_t place_of(struct slice s)
{
    uint64_t first = s.p[0], last = s.p[s.n - 1];

    if (s.n >= sizeof first) {
        memcpy(&first, s.p, sizeof first);
        memcpy(&last, s.p + s.n - sizeof last, sizeof last);
    }
    return (((first ^ s.n) * 0x9e3779b97f4a7c15u) ^ (last * 0xa0761d6478bd642fu)) >> (64 - PLACE_BITS);
}

/* ---- fields ---- */

static struct redact_field field_named(struct slice name)
{
    static const struct {
        struct slice pattern;
        enum redact_rule rule;
        enum redact_as as;
    } kinds[] = {
        {SLICE_INIT("*-url"), REDACT_RULE_TARGET, REDACT_URL},
        {SLICE_INIT("*-uri"), REDACT_RULE_TARGET, REDACT_URL},
        {SLICE_INIT("*-path"), REDACT_RULE_AS, REDACT_URL},
        {SLICE_INIT(":path"), REDACT_RULE_AS, REDACT_URL},
        {SLICE_INIT("*location"), REDACT_RULE_AS, REDACT_URL},
        {SLICE_INIT("*referer"), REDACT_RULE_AS, REDACT_URL},
        {SLICE_INIT("*referrer"), REDACT_RULE_AS, REDACT_URL},
        {SLICE_INIT("*origin"), REDACT_RULE_AS, REDACT_URL},
        {SLICE_INIT("destination"), REDACT_RULE_AS, REDACT_URL},
        {SLICE_INIT("host"), REDACT_RULE_AS, REDACT_HOST},
        {SLICE_INIT("*-host"), REDACT_RULE_AS, REDACT_HOST},
        {SLICE_INIT(":authority"), REDACT_RULE_AS, REDACT_HOST},
        {SLICE_INIT("*-authority"), REDACT_RULE_AS, REDACT_HOST},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (name_matches(kinds[i].pattern, name))
            return (struct redact_field){kinds[i].rule, kinds[i].as, false};
    return (struct redact_field){REDACT_RULE_AS, REDACT_TEXT, false};
}

static bool is_odd(struct redact *r, struct slice name)
{
    struct buf b = {0};
    bool odd = redact_text(r, REDACT_TEXT, name, &b).p != name.p;

    buf_fini(&b);
    return odd;
}

static struct redact_field judge_field(struct redact *r, struct slice name)
{
    static const enum redact_rule rules[] = {[NAME_SECRET] = REDACT_RULE_SECRET, [NAME_KEPT] = REDACT_RULE_KEPT};
    uint8_t text[NAME_BYTES_MAX];
    struct redact_field field = field_named(name_normal(name, text));
    enum name_verdict v = names_judge(r->names, name, NAME_FIELD);

    if (v != NAME_ORDINARY)
        field.rule = rules[v];
    field.odd_name = is_odd(r, name);
    return field;
}

static __attribute__((noinline)) struct redact_field learn_field(struct redact *r, struct slice name)
{
    struct redact_field field = judge_field(r, name);
    struct known_name *k = r->known_names[place_of(name)];

    if (name.n > KNOWN_NAME_BYTES)
        return field;
    k[1] = k[0];
    memcpy(k->name, name.p, name.n);
    k->n = (uint8_t)name.n;
    k->field = field;
    return field;
}

static bool is_named(const struct known_name *k, struct slice name)
{
    return k->n == name.n && sixteen_same(k->name, name.p, name.n);
}

struct redact_field redact_field_of(struct redact *r, struct slice name)
{
    if (r->show_secrets || name.n == 0)
        return (struct redact_field){r->show_secrets ? REDACT_RULE_KEPT : REDACT_RULE_AS, REDACT_TEXT, false};
    const struct known_name *k = r->known_names[place_of(name)];
    if (is_named(&k[0], name))
        return k[0].field;
    return is_named(&k[1], name) ? k[1].field : learn_field(r, name);
}

/* A path begins with '/', and a URL has one. */
static bool is_target(struct slice value)
{
    return slice_find(value, '/') < value.n || slice_eq(value, SLICE_LIT("*"));
}

struct slice redact_by_rule(struct redact *r, enum redact_rule rule, struct slice value, struct buf *b)
{
    if (rule == REDACT_RULE_KEPT)
        return value;
    if (rule == REDACT_RULE_SECRET || (value.n > 0 && !is_target(value)))
        return redact_mark;
    return redact_text(r, REDACT_URL, value, b);
}

/* ---- the first look ---- */

enum { BYTE_MARK = 1, BYTE_COLON = 2, BYTE_UPPER = 4, BYTE_DIGIT_OR_DASH = 8, BYTE_SPACE = 16 };

static const uint8_t byte_kinds[256] = {
    ['='] = BYTE_MARK,          ['%'] = BYTE_MARK,
    ['@'] = BYTE_MARK,          ['#'] = BYTE_MARK,
    [':'] = BYTE_COLON,         [' '] = BYTE_SPACE,
    ['\t'] = BYTE_SPACE,        ['\\'] = BYTE_COLON,
    ['A' ... 'Z'] = BYTE_UPPER, ['0' ... '9'] = BYTE_DIGIT_OR_DASH,
    ['-'] = BYTE_DIGIT_OR_DASH,
};

static bool begins_with_scheme(struct slice s)
{
    size_t credentials;
    return shape_scheme(s, 0, &credentials) > 0;
}

/* Some of these sixteen bytes are of a kind that can make a text worth a scan; a few others are taken for such, too. */
static inline sixteen any_kind(sixteen v)
{
    return sixteen_between(v, '@', 'Z') | sixteen_between(v, '\t', '%') | sixteen_equal(v, '=') |
           sixteen_equal(v, ':') | sixteen_equal(v, '\\');
}

/* False for most texts that are names, types and versions. */
static bool may_be_worth_a_scan(struct slice s)
{
    uint64_t first, last;

    if (s.n < sizeof first)
        return true;
    if (s.n < SIXTEEN) {
        memcpy(&first, s.p, sizeof first);
        memcpy(&last, s.p + s.n - sizeof last, sizeof last);
        return sixteen_any(any_kind(sixteen_of(first, last)));
    }
    sixteen any = any_kind(sixteen_at(s.p + s.n - SIXTEEN));
    for (size_t i = 0; i < s.n - SIXTEEN; i += SIXTEEN)
        any |= any_kind(sixteen_at(s.p + i));
    return sixteen_any(any);
}

/* Whether these bytes can make a secret at all. */
static bool worth_a_scan(enum redact_as as, struct slice s)
{
    unsigned kinds = 0;

    if (!may_be_worth_a_scan(s))
        return false;
    for (size_t i = 0; i < s.n; i++)
        kinds |= byte_kinds[s.p[i]];
    if ((kinds & BYTE_MARK) != 0)
        return true;
    if (as <= REDACT_TEXT && ((kinds & BYTE_COLON) != 0 ||
                              ((kinds & BYTE_SPACE) != 0 && ((kinds & BYTE_UPPER) != 0 || begins_with_scheme(s)))))
        return true;
    return s.n >= SHAPE_BYTES_LEAST && (kinds & BYTE_DIGIT_OR_DASH) != 0 && (kinds & BYTE_UPPER) != 0;
}

static bool is_text(const struct known_text *k, enum redact_as as, struct slice s)
{
    return k->n == s.n && k->as == as && sixteen_same(k->text, s.p, s.n);
}

static bool is_known(struct redact *r, enum redact_as as, struct slice s)
{
    const struct known_text *k = r->known_texts[place_of(s)];

    return is_text(&k[0], as, s) || is_text(&k[1], as, s);
}

static void remember(struct redact *r, enum redact_as as, struct slice s)
{
    struct known_text *k = r->known_texts[place_of(s)];

    if (s.n > KNOWN_TEXT_BYTES)
        return;
    k[1] = k[0];
    memcpy(k->text, s.p, s.n);
    k->n = (uint8_t)s.n;
    k->as = (uint8_t)as;
}

void redact_ranges(struct redact *r, enum redact_as as, struct slice s, struct buf *b)
{
    if (!r->show_secrets && !redact_is_plain(as, s) && worth_a_scan(as, s))
        (void)scan_ranges(r->names, as, s, b);
}

void redact_field_ranges(struct redact *r, struct redact_field field, struct slice value, struct buf *b)
{
    if (field.rule == REDACT_RULE_KEPT || value.n == 0)
        return;
    if (field.rule == REDACT_RULE_SECRET || (field.rule == REDACT_RULE_TARGET && !is_target(value)))
        buf_put(b, &(struct redact_range){0, value.n}, sizeof(struct redact_range));
    else
        redact_ranges(r, field.rule == REDACT_RULE_TARGET ? REDACT_URL : field.as, value, b);
}

static __attribute__((noinline)) struct slice scanned(struct redact *r, enum redact_as as, struct slice s,
                                                      struct buf *b)
{
    if (s.n >= KNOWN_LEAST && is_known(r, as, s))
        return s;
    buf_reset(b);
    if (worth_a_scan(as, s) && scan_text(r->names, as, s, b))
        return buf_view(b);
    if (s.n >= KNOWN_LEAST)
        remember(r, as, s);
    return s;
}

struct slice redact_text(struct redact *r, enum redact_as as, struct slice s, struct buf *b)
{
    if (r->show_secrets || redact_is_plain(as, s))
        return s;
    if (as == REDACT_URL && plain_url(&r->plain, r->names, s))
        return s;
    return may_be_worth_a_scan(s) ? scanned(r, as, s, b) : s;
}
