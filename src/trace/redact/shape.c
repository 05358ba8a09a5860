#include "trace/redact/shape.h"

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool in_run(uint8_t c, bool path)
{
    return is_upper(c) || is_lower(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == '~' || c == '+' ||
           (c == '/' && !path);
}

static size_t run_end(struct slice s, size_t i, bool path)
{
    while (i < s.n && in_run(s.p[i], path))
        i++;
    return i;
}

/* ---- what begins as its issuer has it begin ---- */

static const struct {
    struct slice begins;
    size_t least; /* bytes with the beginning */
} issued[] = {
    {SLICE_INIT("eyJ"), 20},         /* a JSON Web Token's header, RFC 7519 */
    {SLICE_INIT("AKIA"), 20},        /* AWS access key ids */
    {SLICE_INIT("ASIA"), 20},        /* ... of sessions */
    {SLICE_INIT("AIza"), 30},        /* Google API keys */
    {SLICE_INIT("ya29."), 20},       /* Google OAuth */
    {SLICE_INIT("GOOG1"), 20},       /* Google HMAC keys */
    {SLICE_INIT("ghp_"), 20},        /* GitHub */
    {SLICE_INIT("gho_"), 20},        /* */
    {SLICE_INIT("ghu_"), 20},        /* */
    {SLICE_INIT("ghs_"), 20},        /* */
    {SLICE_INIT("ghr_"), 20},        /* */
    {SLICE_INIT("github_pat_"), 20}, /* */
    {SLICE_INIT("glpat-"), 20},      /* GitLab */
    {SLICE_INIT("xoxb-"), 20},       /* Slack */
    {SLICE_INIT("xoxp-"), 20},       /* */
    {SLICE_INIT("xoxa-"), 20},       /* */
    {SLICE_INIT("xoxs-"), 20},       /* */
    {SLICE_INIT("sk_live_"), 20},    /* Stripe */
    {SLICE_INIT("rk_live_"), 20},    /* */
    {SLICE_INIT("hvs."), 20},        /* Vault */
    {SLICE_INIT("npm_"), 30},        /* npm */
};

/* RFC 7468. Without its end: all there is. */
static size_t pem_bytes(struct slice s, size_t i)
{
    static const char end[] = "-----END";
    struct slice rest = slice_from(s, i);

    if (!slice_starts(rest, SLICE_LIT("-----BEGIN")))
        return 0;
    const uint8_t *mark = rest.n > 0 ? memmem(rest.p, rest.n, end, sizeof end - 1) : NULL;
    if (mark == NULL)
        return rest.n;
    struct slice tail = slice_from(rest, (size_t)(mark - rest.p) + sizeof end - 1);
    const uint8_t *dashes = tail.n > 0 ? memmem(tail.p, tail.n, "-----", 5) : NULL;
    return dashes == NULL ? rest.n : (size_t)(dashes - rest.p) + 5;
}

size_t shape_known(struct slice s, size_t i)
{
    struct slice rest = slice_from(s, i);

    if (s.p[i] == '-')
        return pem_bytes(s, i);
    if (strchr("eAyGgxsrhn", s.p[i]) == NULL)
        return 0;
    for (size_t k = 0; k < sizeof issued / sizeof *issued; k++) {
        if (issued[k].begins.p[0] != s.p[i] || !slice_starts(rest, issued[k].begins))
            continue;
        size_t n = run_end(s, i, true) - i;
        return n >= issued[k].least ? n : 0;
    }
    return 0;
}

/* ---- what looks random ---- */

/* Random base64 changes between capitals, small letters and digits at two places of three; words hardly ever do. As hexadecimal,
 * only what is longer than a digest counts: Google's signatures have 512 digits. */
static bool is_random(struct slice run)
{
    enum { RANDOM_BYTES_LEAST = 40, RANDOM_HEX_LEAST = 256, OF_EACH_LEAST = 3 };
    size_t upper = 0, lower = 0, digits = 0, changes = 0;
    int before = 0;

    for (size_t i = 0; i < run.n; i++) {
        uint8_t c = run.p[i];
        int kind = is_upper(c) ? 1 : is_lower(c) ? 2 : is_digit(c) ? 3 : 0;
        upper += kind == 1;
        lower += kind == 2;
        digits += kind == 3;
        changes += kind != before;
        before = kind;
    }
    if (run.n >= RANDOM_HEX_LEAST && digits * 4 > run.n && digits + lower + upper == run.n)
        return true;
    return run.n >= RANDOM_BYTES_LEAST && upper >= OF_EACH_LEAST && lower >= OF_EACH_LEAST &&
           digits >= OF_EACH_LEAST && changes * 3 >= run.n;
}

size_t shape_random(struct slice s, size_t i, bool path, size_t *end)
{
    *end = run_end(s, i, path);
    if (!is_random(slice_of(s.p + i, *end - i)))
        return 0;
    while (*end < s.n && s.p[*end] == '=') /* base64's padding */
        (*end)++;
    return *end - i;
}

/* ---- what follows the name of a scheme (RFC 9110 11.4) ---- */

/* Words are in small letters; credentials are not, or have digits, or are long. */
static bool is_credentials(struct slice s)
{
    for (size_t i = 1; i < s.n; i++)
        if (is_upper(s.p[i]) || is_digit(s.p[i]))
            return true;
    return s.n >= SHAPE_BYTES_LEAST;
}

static size_t word_bytes(struct slice s, size_t i)
{
    size_t n = 0;

    while (i + n < s.n && s.p[i + n] > ' ' && s.p[i + n] != '"' && s.p[i + n] != '\'' && s.p[i + n] != '<' &&
           s.p[i + n] != '>' && s.p[i + n] != ',')
        n++;
    return n;
}

size_t shape_scheme(struct slice s, size_t i, size_t *credentials)
{
    static const struct slice schemes[] = {SLICE_INIT("bearer"), SLICE_INIT("basic"),     SLICE_INIT("digest"),
                                           SLICE_INIT("ntlm"),   SLICE_INIT("negotiate"), SLICE_INIT("token"),
                                           SLICE_INIT("apikey")};
    struct slice rest = slice_from(s, i);

    for (size_t k = 0; k < sizeof schemes / sizeof *schemes; k++) {
        size_t n = schemes[k].n;
        if ((schemes[k].p[0] ^ s.p[i]) & 0xdf || !slice_istarts(rest, schemes[k]) || n >= rest.n ||
            (rest.p[n] != ' ' && rest.p[n] != '\t'))
            continue;
        while (n < rest.n && (rest.p[n] == ' ' || rest.p[n] == '\t'))
            n++;
        *credentials = word_bytes(rest, n);
        return is_credentials(slice_of(rest.p + n, *credentials)) ? n : 0;
    }
    return 0;
}
