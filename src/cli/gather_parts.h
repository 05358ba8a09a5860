/* What the files of gather.h share. */
#ifndef P2T_CLI_GATHER_PARTS_H
#define P2T_CLI_GATHER_PARTS_H

#include "cli/gather.h"

/* One of the exchanges that were asked for was found. */
void gather_note_found(struct gather *g, const struct p2t_exchange *x);
/* gather_run() where the operands are folders that batch wrote to. */
int gather_written(struct gather *g);

#endif
