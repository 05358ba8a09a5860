/* What of the wire may not be shown: decided here, once, for every output and every message.
 *
 * A name (of a header field or of a query key) says that its value is secret; some values say so by their shape. What
 * is secret becomes "[redacted]", all else stays as it is. */
#ifndef P2T_TRACE_REDACT_H
#define P2T_TRACE_REDACT_H

#include "base/buf.h"

struct redact_options {
    bool show_secrets; /* nothing is redacted */
    /* Shell patterns (* and ?) of names that are secret, too, and of names that are not: the latter win. Copied. */
    const char *const *redact;
    size_t redact_count;
    const char *const *keep;
    size_t keep_count;
};

/* Remembers what it has decided, and is for one thread at a time. */
struct redact;

/* NULL when memory ran out. To be freed with redact_free(). */
struct redact *redact_new(const struct redact_options *options);
/* NULL is allowed. */
void redact_free(struct redact *r);

enum redact_as {
    REDACT_WORD, /* a short token, as methods and schemes are: a long one is taken for a text */
    REDACT_TEXT, /* prose, which may quote URLs, fields and messages: errors, findings, values of most fields */
    REDACT_URL,  /* all of it is one URL, or a request's target */
    REDACT_HOST  /* an authority: host, port, and user information that should not be there */
};

/* Too short for a secret, as far as that tells without a look at it. */
static inline bool redact_is_plain(enum redact_as as, struct slice s)
{
    enum { WORD_BYTES = 16 };

    return s.n == 0 || (as == REDACT_WORD && s.n <= WORD_BYTES);
}

/* What may be shown of s: s itself where nothing in it is secret, else what was written to b, valid until b changes. b is
 * emptied first; b->failed when memory ran out. */
struct slice redact_text(struct redact *r, enum redact_as as, struct slice s, struct buf *b);

/* How a header field's values are to be taken, by its name. */
enum redact_rule {
    REDACT_RULE_AS,     /* as `as` says */
    REDACT_RULE_TARGET, /* a proxy's copy of a URL: what does not look like one is not shown */
    REDACT_RULE_SECRET,
    REDACT_RULE_KEPT
};

struct redact_field {
    enum redact_rule rule;
    enum redact_as as;
    bool odd_name; /* the name has a secret in itself: redact_text() is for it, too */
};

struct redact_field redact_field_of(struct redact *r, struct slice name);
/* As redact_text(), of one value of a field whose rule is not REDACT_RULE_AS. */
struct slice redact_by_rule(struct redact *r, enum redact_rule rule, struct slice value, struct buf *b);

/* Bytes of a text: from `from` up to, without, `to`. */
struct redact_range {
    size_t from, to;
};

/* Where the secrets are that redact_text() would replace: appends them to b, in order, a struct redact_range each. */
void redact_ranges(struct redact *r, enum redact_as as, struct slice s, struct buf *b);
/* The same of one value of a field. */
void redact_field_ranges(struct redact *r, struct redact_field field, struct slice value, struct buf *b);

/* The n-th pattern of names that is known without being told; false when there are no more. */
struct redact_pattern {
    const char *pattern; /* lower case; '-' stands for '_', '.' and brackets, too */
    const char *of;      /* "names": of fields and query keys; "fields"; "keys" */
    bool keep;           /* such names are not secret, although another pattern says so */
};
bool redact_pattern_nth(size_t n, struct redact_pattern *p);
/* The n-th kind of value that is secret by its shape, or by where it stands, in words; NULL when there are no more. */
const char *redact_shape_nth(size_t n);

#endif
