#include "trace/redact/scan.h"

#include "base/system.h"
#include "trace/redact/shape.h"
#include "trace/redact/unit.h"

const struct slice redact_mark = SLICE_INIT("[redacted]");

enum unit_kind { UNIT_OTHER, UNIT_BREAK, UNIT_DELIMITER, UNIT_SLASH, UNIT_HASH, UNIT_EQUALS, UNIT_COLON };

struct scan {
    const struct names *names;
    struct slice s;
    struct buf *b;
    bool ranges;                /* what goes into b: where the secrets are, not what is left */
    bool url;                   /* all of it is one */
    bool in_url, in_query;      /* here */
    bool nested;                /* a URL began inside the value at hand */
    bool any;                   /* something was hidden */
    size_t copied;              /* of s, into b */
    size_t key;                 /* where the name of a value would begin */
    struct redact_range word;   /* the word before: in a text, its name may stand before " :" */
    struct redact_range quoted; /* what stood in quotes just before */
    size_t no_at;               /* up to there, no '@' follows */
    size_t run;                 /* up to there, the shape of the run of letters is known */
    struct redact_range line;   /* a line of a message that an error quotes */
    size_t unquoted;            /* behind the last quote */
    bool begins;                /* no letter or digit stands before */
    bool looked_around;         /* the next three are known: they decide about `code` and `sv` */
    bool login, state, sig;
};

static enum unit_kind kind_of(uint8_t c)
{
    switch (c) {
    case '"':
    case '\'':
    case '<':
    case '>':
    case 0x7f:
        return UNIT_BREAK;
    case '?':
    case '&':
    case ';':
    case ',':
    case '{':
    case '}':
    case '(':
    case ')':
    case '|':
        return UNIT_DELIMITER;
    case '/':
        return UNIT_SLASH;
    case '#':
        return UNIT_HASH;
    case '=':
        return UNIT_EQUALS;
    case ':':
        return UNIT_COLON;
    default:
        return c <= ' ' ? UNIT_BREAK : UNIT_OTHER;
    }
}

static bool is_break(const struct scan *n, struct unit u)
{
    return !n->url && u.level == 0 && kind_of(u.c) == UNIT_BREAK;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_quote(uint8_t c)
{
    return c == '"' || c == '\'';
}

/* As ports and statuses are; in "socks connect tcp 10.0.0.1:1080->tokens:5432" it is no secret that follows. */
static bool is_number(struct slice s)
{
    size_t digits = 0;

    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
        digits++;
    return digits > 0 && digits <= 5 && (digits == s.n || s.p[digits] == ':' || is_space(s.p[digits]));
}

/* ---- names ---- */

static enum name_verdict judge(const struct scan *n, struct redact_range r, unsigned scope)
{
    uint8_t name[NAME_BYTES_MAX + 1];
    size_t len = 0;

    for (size_t i = r.from; i < r.to && len < sizeof name;) {
        struct unit u = unit_at(n->s, i);
        name[len++] = u.c;
        i += u.n;
    }
    return names_judge(n->names, slice_of(name, len), scope);
}

static bool range_is(const struct scan *n, struct redact_range r, struct slice word)
{
    return slice_ieq(slice_of(n->s.p + r.from, r.to - r.from), word);
}

static bool holds(struct slice s, struct slice w)
{
    for (size_t i = 0; i + w.n <= s.n; i++)
        if (((s.p[i] ^ w.p[0]) & 0xdf) == 0 && slice_istarts(slice_from(s, i), w))
            return true;
    return false;
}

/* The values of `code` and `sv` are secret in some company only. */
static void look_around(struct scan *n)
{
    static const struct slice login[] = {SLICE_INIT("callback"), SLICE_INIT("login"), SLICE_INIT("signin"),
                                         SLICE_INIT("oauth"),    SLICE_INIT("/auth"), SLICE_INIT("/sso"),
                                         SLICE_INIT("/cb"),      SLICE_INIT("2Fcb")};

    if (n->looked_around)
        return;
    n->looked_around = true;
    for (size_t i = 0; i < sizeof login / sizeof *login; i++)
        n->login |= holds(n->s, login[i]);
    n->state =
        holds(n->s, SLICE_LIT("state=")) || holds(n->s, SLICE_LIT("state%")) || holds(n->s, SLICE_LIT("grant_type"));
    n->sig = holds(n->s, SLICE_LIT("sig=")) || holds(n->s, SLICE_LIT("sig%"));
}

/* ---- where values end ---- */

static size_t skip_spaces(const struct scan *n, size_t i)
{
    while (i < n->s.n && (is_space(n->s.p[i]) || n->s.p[i] == '\\'))
        i++;
    return i;
}

static size_t quoted_end(const struct scan *n, size_t from, struct unit quote)
{
    size_t i = from + quote.n;

    while (i < n->s.n) {
        struct unit u = unit_at(n->s, i);
        if (u.c == quote.c && u.level == quote.level)
            return i;
        i += u.n;
    }
    return i;
}

/* In a text, a comma or semicolon ends a value only with a space behind it. */
static bool ends_value(const struct scan *n, size_t i, struct unit u, size_t level)
{
    if (is_break(n, u))
        return true;
    if (u.level > level)
        return false;
    if (u.c == '&')
        return true;
    if (n->url || n->in_url)
        return u.c == '?' && !n->in_query;
    return (u.c == ',' || u.c == ';') && i + u.n < n->s.n && is_space(n->s.p[i + u.n]);
}

/* Of a value whose '=' or ':' was encoded `level` times; not much behind `limit`. */
static size_t value_end_before(const struct scan *n, size_t from, size_t level, size_t limit)
{
    size_t i = from;

    while (i < n->s.n && i < limit) {
        struct unit u = unit_at(n->s, i);
        if (i == from && is_quote(u.c))
            return quoted_end(n, from, u);
        if (ends_value(n, i, u, level))
            return i;
        i += u.n;
    }
    return i;
}

static size_t value_end(const struct scan *n, size_t from, size_t level)
{
    return value_end_before(n, from, level, SIZE_MAX);
}

/* A secret may begin inside of another, and end behind it: "token=-----BEGIN ...", "token: Bearer abc", "token: key: abc".
 * What [from, to) is to be for that. */
static size_t widened(const struct scan *n, size_t from, size_t to)
{
    static const char pem[] = "-----BEGIN";

    for (size_t next = to; from < to; to = next) {
        const uint8_t *mark = memmem(n->s.p + from, to - from, pem, sizeof pem - 1);
        size_t credentials, scheme = n->url ? 0 : shape_scheme(n->s, from, &credentials);
        size_t at = mark != NULL ? (size_t)(mark - n->s.p) : 0;
        if (mark != NULL && at + shape_known(n->s, at) > to)
            next = at + shape_known(n->s, at);
        else if (scheme > 0 && from + scheme > to)
            next = from + scheme + credentials;
        else if (!n->url && n->s.p[to - 1] == ':')
            next = value_end(n, skip_spaces(n, to), 0);
        from = skip_spaces(n, to);
    }
    return to;
}

/* Hides [from, to), and what goes on behind it; where it is empty, there is nothing to hide. Gives the end. */
static size_t hide(struct scan *n, size_t from, size_t to)
{
    if (from >= to)
        return to;
    to = widened(n, from, to);
    if (n->ranges) {
        buf_put(n->b, &(struct redact_range){from, to}, sizeof(struct redact_range));
    } else {
        buf_put(n->b, n->s.p + n->copied, from - n->copied);
        buf_slice(n->b, redact_mark);
    }
    n->copied = n->key = to;
    n->any = true;
    return to;
}

/* Behind the quote that a value begins with, encoded or not. */
static size_t inside_quote(const struct scan *n, size_t i)
{
    struct unit u = i < n->s.n ? unit_at(n->s, i) : (struct unit){0, 0, 0};

    return is_quote(u.c) ? i + u.n : i;
}

static size_t hide_value(struct scan *n, size_t from, size_t level)
{
    size_t end = value_end(n, from, level);

    return hide(n, inside_quote(n, from), end);
}

/* ---- user information ---- */

/* What may be user information: [from, end), and where its '@' is. */
struct user {
    size_t at, end; /* at: SIZE_MAX when there is none */
    bool named;     /* before the '@' stands a '=': it may as well be a secret's name and value */
    bool colon;     /* there is one, before the '@' if that is there */
};

/* Up to what ends an authority. An encoded '@' counts, too: what would be shown otherwise is a password. */
static struct user find_user(const struct scan *n, size_t i, size_t level, bool bare)
{
    struct user user = {.at = SIZE_MAX};
    bool named = false, colon = false;

    while (i < n->s.n) {
        struct unit u = unit_at(n->s, i);
        if ((u.level <= level && (u.c == '/' || u.c == '?' || u.c == '#')) || is_break(n, u) || (bare && u.c == '&'))
            break;
        named |= u.c == '=';
        colon |= u.c == ':';
        if (u.c == '@') {
            user.at = i;
            user.named = named;
            user.colon = colon;
        }
        i += u.n;
    }
    user.end = i;
    user.colon = user.at == SIZE_MAX ? colon : user.colon;
    return user;
}

static size_t hide_user(struct scan *n, size_t from, size_t level, const struct user *user)
{
    return hide(n, from, user->named ? value_end(n, user->at, level) : user->at);
}

/* A finding quotes the beginning of long texts: "//user:passw", where that ends, has lost its '@'. */
static bool is_cut(const struct scan *n, size_t from, const struct user *user)
{
    struct slice all = slice_of(n->s.p + from, user->end - from);
    size_t colon = slice_find(all, ':');

    return user->end == n->s.n && user->colon && all.p[0] != '[' && !is_number(slice_from(all, colon + 1));
}

/* "//user:password@host" */
static size_t slash(struct scan *n, size_t i, struct unit u)
{
    size_t next = i + u.n;
    struct unit second = next < n->s.n ? unit_at(n->s, next) : (struct unit){0, 0, 1};

    if (second.c != '/') {
        n->in_url |= n->begins;
        return next;
    }
    next += second.n;
    n->nested |= n->in_url;
    n->in_url = true;
    struct user user = find_user(n, next, second.level, false);
    if (user.at != SIZE_MAX)
        return hide_user(n, next, second.level, &user);
    return is_cut(n, next, &user) ? hide(n, next, user.end) : next;
}

/* "user:password@host" without a scheme: in CONNECT, Host and the errors about them. Addresses of mail have no ':'. */
static size_t bare_authority(struct scan *n, size_t i)
{
    if (i < n->no_at)
        return i;
    struct user user = find_user(n, i, SIZE_MAX, true);
    n->no_at = user.end;
    size_t colon = i + slice_find(slice_of(n->s.p + i, user.end - i), ':');
    user.named |=
        user.at != SIZE_MAX && judge(n, (struct redact_range){i, colon}, NAME_FIELD | NAME_KEY) == NAME_SECRET;
    return user.at != SIZE_MAX && user.colon ? hide_user(n, i, 0, &user) : i;
}

/* ---- values with names ---- */

/* Whether it is an authorization code, and not that of a status. */
static bool is_secret_code(struct scan *n, size_t from, size_t level)
{
    enum { CODE_BYTES_LEAST = 16 };
    size_t end = value_end_before(n, from, level, from + CODE_BYTES_LEAST);
    bool cut = !n->url && end == n->s.n && !is_number(slice_from(n->s, from));

    look_around(n);
    return n->state || n->login || end - from >= CODE_BYTES_LEAST || cut;
}

static size_t equals(struct scan *n, size_t i, struct unit u)
{
    struct redact_range key = {n->key, i};
    size_t next = i + u.n;

    if (key.from >= key.to)
        return next;
    enum name_verdict v = judge(n, key, NAME_FIELD | NAME_KEY);
    bool secret = v == NAME_SECRET;
    if (v == NAME_ORDINARY && range_is(n, key, SLICE_LIT("code")))
        secret = is_secret_code(n, next, u.level);
    if (v == NAME_ORDINARY && range_is(n, key, SLICE_LIT("sv"))) {
        look_around(n);
        secret = n->sig;
    }
    return secret ? hide_value(n, next, u.level) : next;
}

/* {"token": "..."}, also with its quotes escaped. */
static size_t json_colon(struct scan *n, size_t next, struct unit u)
{
    struct redact_range key = n->quoted;

    while (key.to > key.from && n->s.p[key.to - 1] == '\\')
        key.to--;
    if (judge(n, key, NAME_FIELD | NAME_KEY) != NAME_SECRET)
        return next;
    return hide_value(n, skip_spaces(n, next), u.level);
}

static size_t line_end(const struct scan *n, size_t i)
{
    while (i < n->s.n && n->s.p[i] != '"' && n->s.p[i] != '\n' && n->s.p[i] != '\r')
        i++;
    return i;
}

/* Credentials and cookies are of several words. */
static bool takes_line(const struct scan *n, struct redact_range key)
{
    struct slice name = slice_of(n->s.p + key.from, key.to - key.from);

    return holds(name, SLICE_LIT("authorization")) || holds(name, SLICE_LIT("cookie"));
}

/* "Authorization: Basic ..." in a text. After "lookup" stands a host, whatever its name. */
static size_t text_colon(struct scan *n, size_t i, struct unit u)
{
    struct redact_range key = n->key < i ? (struct redact_range){n->key, i} : n->word;
    size_t next = i + u.n, value = skip_spaces(n, next), credentials;
    bool of_host = n->key < i ? range_is(n, n->word, SLICE_LIT("lookup")) : false;

    if (key.from == key.to || of_host || is_number(slice_from(n->s, next)) ||
        judge(n, key, NAME_FIELD | NAME_KEY) != NAME_SECRET)
        return next;
    if (takes_line(n, key))
        return hide(n, value, line_end(n, value));
    size_t scheme = shape_scheme(n->s, value, &credentials);
    return scheme > 0 ? hide(n, value, value + scheme + credentials) : hide_value(n, value, u.level);
}

static size_t colon(struct scan *n, size_t i, struct unit u)
{
    size_t before = i;

    while (before > 0 && is_space(n->s.p[before - 1]))
        before--;
    if (n->quoted.to > n->quoted.from && n->key >= before)
        return json_colon(n, i + u.n, u);
    return n->url || n->in_url ? i + u.n : text_colon(n, i, u);
}

/* Tokens come back in fragments (RFC 6749 4.2.2). */
static size_t hash(struct scan *n, size_t i, struct unit u)
{
    size_t end = i + u.n;

    if (!n->in_url || (u.level > 0 && !n->nested))
        return end;
    while (end < n->s.n) {
        struct unit v = unit_at(n->s, end);
        if (is_break(n, v) || (v.level < u.level && v.c == '&'))
            break;
        end += v.n;
    }
    return hide(n, i + u.n, end);
}

/* ---- values by their looks ---- */

/* i: where a word may begin. */
static size_t other(struct scan *n, size_t i, struct unit u)
{
    size_t bytes, credentials;

    if (u.level > 0 || !n->begins)
        return i + u.n;
    bytes = n->s.n - i >= SHAPE_BYTES_LEAST ? shape_known(n->s, i) : 0;
    if (bytes == 0 && i >= n->run)
        bytes = shape_random(n->s, i, n->url || n->in_url, &n->run);
    if (bytes > 0)
        return hide(n, i, i + bytes);
    if (!n->url && !n->in_url && (bytes = shape_scheme(n->s, i, &credentials)) > 0)
        return hide(n, i + bytes, i + bytes + credentials);
    return i + u.n;
}

/* ---- the text ---- */

/* A URL ends with white space, quotes and angle brackets, where it stands in a text. */
static void end_word(struct scan *n, size_t i, struct unit u)
{
    if (is_quote(u.c)) {
        n->quoted = n->key == n->unquoted ? (struct redact_range){n->key, i} : (struct redact_range){0};
        n->unquoted = i + u.n;
        n->word = (struct redact_range){0};
    } else if (n->key < i) {
        n->quoted = (struct redact_range){0};
        n->word = (struct redact_range){n->key, i};
    }
    if (is_break(n, u))
        n->in_url = n->in_query = n->nested = false;
}

/* The line that an error quotes because something is wrong with it: of a secret field, only the name is shown, and
 * nothing of one that goes on with the line before. */
static size_t quoted_line(struct scan *n)
{
    struct redact_range name = {n->line.from, n->line.from};

    while (name.to < n->line.to && !is_space(n->s.p[name.to]))
        name.to++;
    if (name.from < n->line.to && is_space(n->s.p[name.from]))
        return hide(n, n->line.from, n->line.to);
    if (name.to == n->line.to || judge(n, name, NAME_FIELD | NAME_KEY) != NAME_SECRET)
        return n->line.from;
    return hide(n, skip_spaces(n, name.to), n->line.to);
}

static size_t step(struct scan *n, size_t i, struct unit u)
{
    size_t next = i + u.n;

    switch (kind_of(u.c)) {
    case UNIT_BREAK:
        end_word(n, i, u);
        break;
    case UNIT_DELIMITER:
        n->in_query |= u.c == '?' && u.level == 0;
        n->nested &= u.level > 0;
        break;
    case UNIT_SLASH:
        next = slash(n, i, u);
        break;
    case UNIT_HASH:
        next = hash(n, i, u);
        break;
    case UNIT_EQUALS:
        next = equals(n, i, u);
        break;
    case UNIT_COLON:
        next = colon(n, i, u);
        break;
    case UNIT_OTHER:
        return other(n, i, u);
    }
    n->key = next;
    return next;
}

/* "malformed MIME header: missing colon: "LINE"", with whatever the line has in it. */
static void find_line(struct scan *n)
{
    static const char words[] = "malformed ";
    const uint8_t *hit = memmem(n->s.p, n->s.n, words, sizeof words - 1);

    if (hit == NULL)
        return;
    size_t from = (size_t)(hit - n->s.p);
    from += slice_find(slice_from(n->s, from), '"') + 1;
    const uint8_t *last = memrchr(n->s.p, '"', n->s.n);
    if (from < n->s.n && last != NULL)
        n->line = (struct redact_range){from, last >= n->s.p + from ? (size_t)(last - n->s.p) : n->s.n};
}

/* All before the last '@' of a host is no host. */
static size_t skip_user(struct scan *n)
{
    size_t at = 0;

    for (size_t i = 0; i < n->s.n;) {
        struct unit u = unit_at(n->s, i);
        at = u.c == '@' ? i : at;
        i += u.n;
    }
    return hide(n, 0, at);
}

/* What may begin at i, whatever the byte is; i: nothing does. */
static size_t step_over(struct scan *n, size_t i, bool word)
{
    if (i > 0 && i == n->line.from) {
        size_t next = quoted_line(n);
        n->line = (struct redact_range){0};
        if (next != i)
            return next;
    }
    return word ? bare_authority(n, i) : i;
}

static void scan_from(struct scan *n, size_t i)
{
    bool word = true;

    while (i < n->s.n) {
        size_t next = step_over(n, i, word);
        struct unit u = unit_at(n->s, i);
        enum unit_kind kind = kind_of(u.c);
        bool over = next != i;
        i = over ? next : step(n, i, u);
        word = !over && kind != UNIT_OTHER && kind != UNIT_COLON && kind != UNIT_SLASH;
        n->begins = over || u.level > 0 || !is_alnum(u.c);
    }
}

static void scan(struct scan *n, enum redact_as as)
{
    size_t from = 0;

    n->begins = true;
    n->url = as > REDACT_TEXT;
    n->in_url = as == REDACT_URL;
    n->unquoted = SIZE_MAX;
    if (as == REDACT_HOST)
        from = skip_user(n);
    else if (!n->url)
        find_line(n);
    scan_from(n, from);
}

bool scan_text(const struct names *names, enum redact_as as, struct slice s, struct buf *b)
{
    struct scan n = {.names = names, .s = s, .b = b};

    scan(&n, as);
    if (n.any)
        buf_put(b, s.p + n.copied, s.n - n.copied);
    return n.any;
}

bool scan_ranges(const struct names *names, enum redact_as as, struct slice s, struct buf *b)
{
    struct scan n = {.names = names, .s = s, .b = b, .ranges = true};

    scan(&n, as);
    return n.any;
}
