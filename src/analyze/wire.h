/* Rebuilt exchanges as records. */
#ifndef P2T_ANALYZE_WIRE_H
#define P2T_ANALYZE_WIRE_H

#include "analyze/record.h"

/* Fills the draft: subject, ids, and events with their basis and bounds. */
void wire_draft(struct record_draft *draft, struct record_pool *p, const struct p2t_exchange *x);
/* draft: memory to gather in. */
void wire_keep(struct record_list *list, struct record_pool *p, struct record_draft *draft,
               const struct p2t_exchange *x);

#endif
