#include "write/csv/cell.h"

#include <string.h>

#include "write/escape.h"

/* Spreadsheets take a cell that begins with one of these for a formula, also in its full-width form. */
static bool begins_formula(struct slice s)
{
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};

    if (s.n > 0 && memchr("=+-@\t\r", s.p[0], 6) != NULL)
        return true;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (slice_starts(s, slice_str(wide[i])))
            return true;
    return false;
}

static void put_quoted(struct buf *b, struct slice s)
{
    buf_putc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_putc(b, '"');
        buf_putc(b, (char)s.p[i]);
    }
    buf_putc(b, '"');
}

static bool needs_quotes(struct slice s)
{
    static const char special[] = "\",;' ";

    for (size_t i = 0; i < s.n; i++)
        if (memchr(special, s.p[i], sizeof special - 1) != NULL)
            return true;
    return false;
}

void csv_text(struct buf *b, struct p2t_text s)
{
    struct buf cell = {0};

    if (s.n > 0 && begins_formula(slice_of(s.p, s.n)))
        buf_putc(&cell, '\'');
    escape_text(&cell, s);
    if (cell.failed)
        b->failed = true;
    else if (needs_quotes(buf_view(&cell)))
        put_quoted(b, buf_view(&cell));
    else
        buf_slice(b, buf_view(&cell));
    buf_fini(&cell);
}
