#include "cli/sqlite_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static const struct sqlite_cell null_cell;

static void put(struct sqlite_rows *r, struct sqlite_cell cell)
{
    if (r->count == r->cap) {
        size_t cap = r->cap > 0 ? r->cap * 2 : 1024;
        struct sqlite_cell *all = reallocarray(r->cell, cap, sizeof *all);
        if (all == NULL) {
            r->failed = true;
            return;
        }
        r->cell = all;
        r->cap = cap;
    }
    r->cell[r->count++] = cell;
}

void sqlite_put_int(struct sqlite_rows *r, int64_t v)
{
    put(r, (struct sqlite_cell){.kind = SQLITE_CELL_INT, .is.number = v});
}

void sqlite_put_int_or_null(struct sqlite_rows *r, bool known, int64_t v)
{
    if (known)
        sqlite_put_int(r, v);
    else
        put(r, null_cell);
}

void sqlite_put_us(struct sqlite_rows *r, int64_t ns)
{
    put(r, ns >= 0 ? (struct sqlite_cell){.kind = SQLITE_CELL_REAL, .is.real = (double)ns / 1000} : null_cell);
}

/* A text's begin is known when it is put, its end when it is whole. */
struct buf *sqlite_begin_json(struct sqlite_rows *r)
{
    put(r, (struct sqlite_cell){.kind = SQLITE_CELL_TEXT, .is.at = r->text.n});
    return &r->text;
}

void sqlite_end_json(struct sqlite_rows *r)
{
    r->failed |= r->text.failed;
    if (r->failed)
        return;
    struct sqlite_cell *cell = &r->cell[r->count - 1];
    size_t n = r->text.n - cell->is.at;
    r->failed = n > INT32_MAX;
    cell->n = (uint32_t)n;
}

/* Printable ASCII, as nearly all of it is. */
static bool is_plain(struct p2t_text t)
{
    uint8_t odd = 0;

    for (size_t i = 0; i < t.n; i++)
        odd |= (uint8_t)((uint8_t)t.p[i] - 0x20) > 0x5e;
    return !odd;
}

/* SQLite takes UTF-8, and its tools end a text at a NUL: what is neither becomes U+FFFD. */
static void put_mended(struct buf *b, struct p2t_text t)
{
    for (size_t i = 0; i < t.n;) {
        size_t n = t.p[i] != '\0' ? utf8_sequence(slice_of(t.p + i, t.n - i)) : 0;
        if (n > 0)
            buf_put(b, t.p + i, n);
        else
            buf_lit(b, "\xef\xbf\xbd");
        i += n > 0 ? n : 1;
    }
}

void sqlite_put_text(struct sqlite_rows *r, struct p2t_text t)
{
    if (t.p == NULL) {
        put(r, null_cell);
        return;
    }
    struct buf *b = sqlite_begin_json(r);
    if (is_plain(t))
        buf_put(b, t.p, t.n);
    else
        put_mended(b, t);
    sqlite_end_json(r);
}

void sqlite_put_str(struct sqlite_rows *r, const char *s)
{
    sqlite_put_text(r, (struct p2t_text){s, s != NULL ? strlen(s) : 0});
}

void sqlite_put_name(struct sqlite_rows *r, const char *s)
{
    put(r, (struct sqlite_cell){.kind = SQLITE_CELL_NAME, .n = (uint32_t)strlen(s), .is.name = s});
}

void sqlite_put_id(struct sqlite_rows *r, uint64_t id)
{
    char text[16];

    for (size_t i = sizeof text; i > 0; id >>= 4)
        text[--i] = "0123456789abcdef"[id & 15];
    buf_put(sqlite_begin_json(r), text, sizeof text);
    sqlite_end_json(r);
}

void sqlite_rows_reset(struct sqlite_rows *r)
{
    r->count = 0;
    r->failed = false;
    buf_reset(&r->text);
}

void sqlite_rows_fini(struct sqlite_rows *r)
{
    free(r->cell);
    buf_fini(&r->text);
    *r = (struct sqlite_rows){0};
}
