/* Text in a CSV cell. */
#ifndef P2T_WRITE_CSV_CELL_H
#define P2T_WRITE_CSV_CELL_H

#include "base/buf.h"
#include "pcap2trace/exchange.h"

/* Appends s as a cell: controls are escaped as in the text format, an apostrophe before a formula disarms it, and the cell
 * is quoted where RFC 4180 demands it. Nothing where s.p is NULL. */
void csv_text(struct buf *b, struct p2t_text s);

#endif
