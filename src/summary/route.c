#include "summary/route.h"

static struct slice path_of(struct slice url)
{
    size_t colon = slice_find(url, ':');
    size_t question;

    if (slice_starts(slice_from(url, colon), SLICE_LIT("://"))) {
        url = slice_from(url, colon + 3);
        url = slice_from(url, slice_find(url, '/'));
    }
    question = slice_find(url, '?');
    url.n = question < url.n ? question : url.n;
    return url;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-';
}

static bool is_token(uint8_t c)
{
    return is_hex(c) || (c >= 'g' && c <= 'z') || (c >= 'G' && c <= 'Z') || c == '_';
}

/* "v1", "api2": versions are no ids. */
static bool is_version(struct slice part)
{
    return part.n <= 3 && part.n >= 2 && (part.p[0] == 'v' || part.p[0] == 'V') && is_digit(part.p[1]);
}

static bool is_id(struct slice part)
{
    bool digit = false, hex = part.n >= 8, token = part.n >= 20;

    if (is_version(part))
        return false;
    for (size_t i = 0; i < part.n; i++) {
        digit |= is_digit(part.p[i]);
        hex &= is_hex(part.p[i]);
        token &= is_token(part.p[i]);
    }
    return digit || hex || token;
}

void route_of(struct buf *out, struct slice url)
{
    enum { PARTS_MAX = 12, PART_MAX = 64 };
    struct slice path = path_of(url);

    for (int parts = 0; path.p != NULL && path.n > 0; parts++) {
        size_t slash = path.p[0] == '/', n = slice_find(slice_from(path, slash), '/');
        struct slice part = slice_of(path.p + slash, n);
        if (parts == PARTS_MAX) {
            buf_lit(out, "/...");
            return;
        }
        buf_putc(out, '/');
        if (is_id(part) || part.n > PART_MAX)
            buf_putc(out, '*');
        else
            buf_slice(out, part);
        path = slice_from(path, slash + n);
    }
}
