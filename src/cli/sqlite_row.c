#include "cli/sqlite_row.h"

#include <string.h>

#include "base/utf8.h"

void sqlite_put_int(struct sqlite_row *r, int64_t v)
{
    (void)sqlite3_bind_int64(r->stmt, r->at++, v);
}

void sqlite_put_int_or_null(struct sqlite_row *r, bool known, int64_t v)
{
    if (known)
        sqlite_put_int(r, v);
    else
        (void)sqlite3_bind_null(r->stmt, r->at++);
}

void sqlite_put_us(struct sqlite_row *r, int64_t ns)
{
    if (ns >= 0)
        (void)sqlite3_bind_double(r->stmt, r->at++, (double)ns / 1000);
    else
        (void)sqlite3_bind_null(r->stmt, r->at++);
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
static void put_mended(struct sqlite_row *r, struct p2t_text t)
{
    struct buf *b = r->text;

    buf_reset(b);
    for (size_t i = 0; i < t.n;) {
        size_t n = t.p[i] != '\0' ? utf8_sequence(slice_of(t.p + i, t.n - i)) : 0;
        if (n > 0)
            buf_put(b, t.p + i, n);
        else
            buf_lit(b, "\xef\xbf\xbd");
        i += n > 0 ? n : 1;
    }
    if (b->failed)
        (void)sqlite3_bind_null(r->stmt, r->at++);
    else
        (void)sqlite3_bind_text64(r->stmt, r->at++, b->n > 0 ? (const char *)b->p : "", b->n, SQLITE_TRANSIENT,
                                  SQLITE_UTF8);
}

void sqlite_put_text(struct sqlite_row *r, struct p2t_text t)
{
    if (t.p == NULL)
        (void)sqlite3_bind_null(r->stmt, r->at++);
    else if (is_plain(t))
        (void)sqlite3_bind_text64(r->stmt, r->at++, t.p, t.n, SQLITE_STATIC, SQLITE_UTF8);
    else
        put_mended(r, t);
}

void sqlite_put_json(struct sqlite_row *r, const struct buf *json)
{
    if (json->failed)
        (void)sqlite3_bind_null(r->stmt, r->at++);
    else
        (void)sqlite3_bind_text64(r->stmt, r->at++, (const char *)json->p, json->n, SQLITE_STATIC, SQLITE_UTF8);
}

void sqlite_put_str(struct sqlite_row *r, const char *s)
{
    sqlite_put_text(r, (struct p2t_text){s, s != NULL ? strlen(s) : 0});
}

void sqlite_put_name(struct sqlite_row *r, const char *s)
{
    (void)sqlite3_bind_text(r->stmt, r->at++, s, -1, SQLITE_STATIC);
}

void sqlite_put_id(struct sqlite_row *r, uint64_t id)
{
    char text[16];

    for (size_t i = sizeof text; i > 0; id >>= 4)
        text[--i] = "0123456789abcdef"[id & 15];
    (void)sqlite3_bind_text(r->stmt, r->at++, text, sizeof text, SQLITE_TRANSIENT);
}
