/* Text in a CSV cell. */
#ifndef P2T_WRITE_CSV_CELL_H
#define P2T_WRITE_CSV_CELL_H

#include "base/buf.h"
#include "pcap2trace/exchange.h"

/* Controls are escaped as in the text format, formulas disarmed by a leading apostrophe; quoted where it must be. */
void csv_text(struct buf *b, struct p2t_text s);

#endif
