/* A row that is inserted into a SQLite database: each call binds the next parameter of its statement. A text must stay where it is
 * until the row is inserted. */
#ifndef P2T_CLI_SQLITE_ROW_H
#define P2T_CLI_SQLITE_ROW_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/buf.h"
#include "pcap2trace/exchange.h"

struct sqlite_row {
    sqlite3_stmt *stmt;
    struct buf *text; /* the caller's, for one value */
    int at;           /* from 1 */
};

void sqlite_put_int(struct sqlite_row *r, int64_t v);
void sqlite_put_int_or_null(struct sqlite_row *r, bool known, int64_t v);
/* Nanoseconds, as microseconds; below 0: NULL. */
void sqlite_put_us(struct sqlite_row *r, int64_t ns);
/* Text of the wire: what is no UTF-8, or NUL, becomes U+FFFD. NULL where t.p is. */
void sqlite_put_text(struct sqlite_row *r, struct p2t_text t);
/* JSON of our own, which is UTF-8 without a NUL whatever it tells; NULL where memory ran out. */
void sqlite_put_json(struct sqlite_row *r, const struct buf *json);
void sqlite_put_str(struct sqlite_row *r, const char *s);
/* A constant. */
void sqlite_put_name(struct sqlite_row *r, const char *s);
/* 16 hexadecimal digits. */
void sqlite_put_id(struct sqlite_row *r, uint64_t id);

#endif
