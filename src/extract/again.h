/* Reads what was chosen as if it were a capture, to see whether the same is told. */
#ifndef P2T_EXTRACT_AGAIN_H
#define P2T_EXTRACT_AGAIN_H

#include "extract/extract.h"
#include "extract/spool.h"

/* Sets result->same, odd_id and odd. secrets: those that the captures brought along. 0 or a negative p2t_status. */
int again_compare(const struct extract_config *config, const struct spool *spool, struct slice secrets,
                  struct extract_result *result);

#endif
