/* Rows that are to be inserted into a table of a SQLite database: each call puts the next value of the last row. */
#ifndef P2T_CLI_SQLITE_ROWS_H
#define P2T_CLI_SQLITE_ROWS_H

#include <stdbool.h>

#include "base/buf.h"
#include "pcap2trace/exchange.h"

enum sqlite_kind { SQLITE_CELL_NULL, SQLITE_CELL_INT, SQLITE_CELL_REAL, SQLITE_CELL_TEXT, SQLITE_CELL_NAME };

struct sqlite_cell {
    enum sqlite_kind kind;
    uint32_t n; /* bytes of a text */
    union {
        int64_t number;
        double real;
        size_t at;        /* of a text, in `text` */
        const char *name; /* a constant */
    } is;
};

/* A zeroed one is empty and ready. Rows have as many cells as their table has columns, one row behind another. */
struct sqlite_rows {
    struct sqlite_cell *cell;
    size_t count, cap; /* cells */
    struct buf text;
    bool failed; /* memory ran out */
};

void sqlite_put_int(struct sqlite_rows *r, int64_t v);
void sqlite_put_int_or_null(struct sqlite_rows *r, bool known, int64_t v);
/* Nanoseconds, as microseconds; below 0: NULL. */
void sqlite_put_us(struct sqlite_rows *r, int64_t ns);
/* Text of the wire: what is no UTF-8, or NUL, becomes U+FFFD. NULL where t.p is. */
void sqlite_put_text(struct sqlite_rows *r, struct p2t_text t);
void sqlite_put_str(struct sqlite_rows *r, const char *s);
/* A constant. */
void sqlite_put_name(struct sqlite_rows *r, const char *s);
/* 16 hexadecimal digits. */
void sqlite_put_id(struct sqlite_rows *r, uint64_t id);
/* For JSON of our own, which is UTF-8 without a NUL whatever it tells: what is appended to the buffer between the two calls
 * is the value. */
struct buf *sqlite_begin_json(struct sqlite_rows *r);
void sqlite_end_json(struct sqlite_rows *r);

/* Empty again; keeps its memory. */
void sqlite_rows_reset(struct sqlite_rows *r);
void sqlite_rows_fini(struct sqlite_rows *r);

#endif
