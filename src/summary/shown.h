/* How the text of a summary is shown. */
#ifndef P2T_SUMMARY_SHOWN_H
#define P2T_SUMMARY_SHOWN_H

#include "write/writer.h"

struct p2t_summary;

/* Its times, before it is written; UTC unless this is called. JSON stays UTC. */
void summary_show_times(struct p2t_summary *s, enum out_time time);

#endif
