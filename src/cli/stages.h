/* How long each stage took, and what more cores would bring: --stats stages. */
#ifndef P2T_CLI_STAGES_H
#define P2T_CLI_STAGES_H

#include "base/buf.h"
#include "pcap2trace/session.h"

/* Appends a table and the projection, several lines. */
void stages_tell(struct buf *b, const struct p2t_spent *spent);

#endif
