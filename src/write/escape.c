#include "write/escape.h"

#include "base/utf8.h"

static const struct {
    uint32_t first, last;
} unseen[] = {
    {0x80, 0x9f},       /* C1 controls */
    {0xad, 0xad},       /* soft hyphen */
    {0x61c, 0x61c},     /* Arabic letter mark */
    {0x180e, 0x180e},   /* Mongolian vowel separator */
    {0x200b, 0x200f},   /* zero width, direction marks */
    {0x2028, 0x202e},   /* line and paragraph separators, embeddings and overrides */
    {0x2060, 0x206f},   /* word joiner, isolates, deprecated formatting */
    {0xfeff, 0xfeff},   /* byte order mark */
    {0xfff9, 0xfffb},   /* interlinear annotation */
    {0xe0000, 0xe0fff}, /* tags and variation selectors */
};

bool escape_is_unseen(uint32_t code)
{
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
        if (code >= unseen[i].first && code <= unseen[i].last)
            return true;
    return false;
}

uint32_t escape_code_point(const uint8_t *p, size_t n)
{
    static const uint8_t lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = p[0] & lead[n];

    for (size_t i = 1; i < n; i++)
        code = code << 6 | (p[i] & 0x3fu);
    return code;
}

static void put_byte(struct buf *b, uint8_t c)
{
    switch (c) {
    case '\n':
        buf_lit(b, "\\n");
        break;
    case '\r':
        buf_lit(b, "\\r");
        break;
    case '\t':
        buf_lit(b, "\\t");
        break;
    case '\\':
        buf_lit(b, "\\\\");
        break;
    default:
        buf_printf(b, "\\x%02x", c);
    }
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '\\';
}

/* One character that is not plain ASCII; returns the bytes it took. */
static size_t put_character(struct buf *b, struct slice rest)
{
    size_t n = utf8_sequence(rest);

    if (n <= 1) {
        put_byte(b, rest.p[0]);
        return 1;
    }
    uint32_t code = escape_code_point(rest.p, n);
    if (escape_is_unseen(code))
        buf_printf(b, code > 0xffff ? "\\U%08x" : "\\u%04x", code);
    else
        buf_put(b, rest.p, n);
    return n;
}

static void escape(struct buf *b, struct p2t_text s, bool escapes_stay)
{
    const uint8_t *p = (const uint8_t *)s.p;
    size_t i = 0;

    while (i < s.n) {
        size_t from = i;
        while (i < s.n && (is_plain(p[i]) || (escapes_stay && p[i] == '\\')))
            i++;
        buf_put(b, p + from, i - from);
        if (i < s.n)
            i += put_character(b, slice_of(p + i, s.n - i));
    }
}

void escape_text(struct buf *b, struct p2t_text s)
{
    escape(b, s, false);
}

void escape_error(struct buf *b, struct p2t_text s)
{
    escape(b, s, true);
}
