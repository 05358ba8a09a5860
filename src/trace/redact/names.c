#include "trace/redact/names.h"

#include <stdlib.h>

enum { NAME_BOTH = NAME_FIELD | NAME_KEY };

/* Scope, pattern. */
#define SECRET_NAME_LIST(X)                                                                                          \
    X(BOTH, "*token*")                                                                                               \
    X(BOTH, "*secret*")                                                                                              \
    X(BOTH, "*passw*")                                                                                               \
    X(BOTH, "*passphrase*")                                                                                          \
    X(BOTH, "*passcode*")                                                                                            \
    X(BOTH, "*credential*")                                                                                          \
    X(BOTH, "*authorization*")                                                                                       \
    X(BOTH, "*oauth*")                                                                                               \
    X(BOTH, "auth")                                                                                                  \
    X(BOTH, "auth-*")                                                                                                \
    X(BOTH, "*-auth")                                                                                                \
    X(BOTH, "*-auth-*")                                                                                              \
    X(BOTH, "*cookie*")                                                                                              \
    X(BOTH, "*session*")                                                                                             \
    X(BOTH, "*sessid*")                                                                                              \
    X(BOTH, "*signature*")                                                                                           \
    X(BOTH, "*hmac*")                                                                                                \
    X(BOTH, "*jwt*")                                                                                                 \
    X(BOTH, "*saml*")                                                                                                \
    X(BOTH, "*assertion*")                                                                                           \
    X(BOTH, "*csrf*")                                                                                                \
    X(BOTH, "*xsrf*")                                                                                                \
    X(BOTH, "*api-key*")                                                                                             \
    X(BOTH, "*apikey*")                                                                                              \
    X(BOTH, "*access-key*")                                                                                          \
    X(BOTH, "*accesskey*")                                                                                           \
    X(BOTH, "*account-key*")                                                                                         \
    X(BOTH, "*encryption-key*")                                                                                      \
    X(BOTH, "*functions-key*")                                                                                       \
    X(BOTH, "*license-key*")                                                                                         \
    X(BOTH, "*master-key*")                                                                                          \
    X(BOTH, "*private-key*")                                                                                         \
    X(BOTH, "*privatekey*")                                                                                          \
    X(BOTH, "*shared-key*")                                                                                          \
    X(BOTH, "*signing-key*")                                                                                         \
    X(BOTH, "*subscription-key*")                                                                                    \
    X(FIELD, "x-amzn-oidc-*")                                                                                        \
    X(FIELD, "sec-websocket-protocol")                                                                               \
    X(FIELD, "*-bin")                                                                                                \
    X(KEY, "key")                                                                                                    \
    X(KEY, "sig")                                                                                                    \
    X(KEY, "*-sig")                                                                                                  \
    X(KEY, "sas")                                                                                                    \
    X(KEY, "pwd")                                                                                                    \
    X(KEY, "*-pwd")                                                                                                  \
    X(KEY, "pass")                                                                                                   \
    X(KEY, "*-pass")                                                                                                 \
    X(KEY, "sid")                                                                                                    \
    X(KEY, "*-sid")                                                                                                  \
    X(KEY, "pin")                                                                                                    \
    X(KEY, "*-pin")                                                                                                  \
    X(KEY, "otp")                                                                                                    \
    X(KEY, "*-otp")                                                                                                  \
    X(KEY, "ticket")                                                                                                 \
    X(KEY, "code-verifier")

/* Cross-origin rules, limits of language models, trace contexts: no secrets, and wanted. */
#define KEPT_NAME_LIST(X)                                                                                            \
    X(FIELD, "access-control-allow-credentials")                                                                     \
    X(FIELD, "grpc-trace-bin")                                                                                       \
    X(KEY, "max-tokens")

struct rule {
    struct slice pattern; /* normal */
    uint32_t letters;     /* that a name must have to match */
    unsigned scope;
};

struct rules {
    struct rule *rules;
    size_t n;
};

struct names {
    struct rules secret, kept;
    char *text; /* of the user's patterns */
};

#define COUNT_ONE(scope, pattern) +1
enum { SECRET_NAMES = 0 SECRET_NAME_LIST(COUNT_ONE), KEPT_NAMES = 0 KEPT_NAME_LIST(COUNT_ONE) };
#undef COUNT_ONE

#define ROW(scope, pattern) {pattern, NAME_##scope},
static const struct known {
    const char *pattern;
    unsigned scope;
} secret_names[] = {SECRET_NAME_LIST(ROW)}, kept_names[] = {KEPT_NAME_LIST(ROW)};
#undef ROW

bool redact_pattern_nth(size_t n, struct redact_pattern *p)
{
    static const char *const of[] = {[NAME_FIELD] = "fields", [NAME_KEY] = "keys", [NAME_BOTH] = "names"};

    if (n >= SECRET_NAMES + KEPT_NAMES)
        return false;
    const struct known *k = n < SECRET_NAMES ? &secret_names[n] : &kept_names[n - SECRET_NAMES];
    *p = (struct redact_pattern){k->pattern, of[k->scope], n >= SECRET_NAMES};
    return true;
}

/* ---- matching ---- */

static uint8_t normal(uint8_t c)
{
    switch (c) {
    case '_':
    case '.':
    case '[':
    case ']':
    case ' ':
        return '-';
    default:
        return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
    }
}

/* Which of the letters there are; other bytes fall on some of them, which only makes a second look needed. */
static uint32_t letters_of(struct slice s)
{
    uint32_t letters = 0;

    for (size_t i = 0; i < s.n; i++)
        letters |= UINT32_C(1) << (s.p[i] & 31);
    return letters;
}

static uint32_t letters_needed(struct slice pattern)
{
    uint32_t letters = 0;

    for (size_t i = 0; i < pattern.n; i++)
        if (pattern.p[i] >= 'a' && pattern.p[i] <= 'z')
            letters |= UINT32_C(1) << (pattern.p[i] & 31);
    return letters;
}

bool name_matches(struct slice pattern, struct slice name)
{
    size_t p = 0, n = 0, star = SIZE_MAX, from = 0;

    while (n < name.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            from = n;
        } else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == name.p[n])) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

struct slice name_normal(struct slice name, uint8_t out[NAME_BYTES_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < name.n && n < NAME_BYTES_MAX; i++)
        out[n++] = normal(name.p[i]);
    while (n > 0 && (out[n - 1] == '-' || out[n - 1] == '\t'))
        n--;
    return slice_of(out, n);
}

static bool any_matches(const struct rules *r, struct slice name, uint32_t letters, unsigned scope)
{
    for (size_t i = 0; i < r->n; i++)
        if ((r->rules[i].letters & ~letters) == 0 && (r->rules[i].scope & scope) != 0 &&
            name_matches(r->rules[i].pattern, name))
            return true;
    return false;
}

enum name_verdict names_judge(const struct names *n, struct slice name, unsigned scope)
{
    uint8_t text[NAME_BYTES_MAX];

    if (name.n > NAME_BYTES_MAX)
        return NAME_SECRET;
    name = name_normal(name, text);
    uint32_t letters = letters_of(name);
    if (any_matches(&n->kept, name, letters, scope))
        return NAME_KEPT;
    return any_matches(&n->secret, name, letters, scope) ? NAME_SECRET : NAME_ORDINARY;
}

/* ---- making the rules ---- */

static void add(struct rules *r, struct slice pattern, unsigned scope)
{
    r->rules[r->n++] = (struct rule){pattern, letters_needed(pattern), scope};
}

/* False when memory ran out. */
static bool add_known(struct rules *r, const struct known *known, size_t n, size_t more)
{
    r->rules = calloc(n + more, sizeof *r->rules);
    for (size_t i = 0; r->rules != NULL && i < n; i++)
        add(r, slice_str(known[i].pattern), known[i].scope);
    return r->rules != NULL;
}

/* In normal form, at `text`; its end is given. */
static uint8_t *add_told(struct rules *r, const char *const *patterns, size_t n, uint8_t *text)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(patterns[i]);
        for (size_t k = 0; k < len; k++)
            text[k] = normal((uint8_t)patterns[i][k]);
        add(r, slice_of(text, len), NAME_BOTH);
        text += len;
    }
    return text;
}

static size_t total(const char *const *patterns, size_t n)
{
    size_t bytes = 0;

    for (size_t i = 0; i < n; i++)
        bytes += strlen(patterns[i]);
    return bytes;
}

struct names *names_new(const struct redact_options *o)
{
    struct names *n = calloc(1, sizeof *n);

    if (n == NULL)
        return NULL;
    n->text = malloc(total(o->redact, o->redact_count) + total(o->keep, o->keep_count) + 1);
    if (n->text == NULL || !add_known(&n->secret, secret_names, SECRET_NAMES, o->redact_count) ||
        !add_known(&n->kept, kept_names, KEPT_NAMES, o->keep_count)) {
        names_free(n);
        return NULL;
    }
    uint8_t *end = add_told(&n->secret, o->redact, o->redact_count, (uint8_t *)n->text);
    (void)add_told(&n->kept, o->keep, o->keep_count, end);
    return n;
}

void names_free(struct names *n)
{
    if (n == NULL)
        return;
    free(n->secret.rules);
    free(n->kept.rules);
    free(n->text);
    free(n);
}
