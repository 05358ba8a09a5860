/* Findings: what a person should know about an exchange beside its timeline. pcap2trace/finding.h lists them. */
#ifndef P2T_JUDGE_FINDINGS_FINDINGS_H
#define P2T_JUDGE_FINDINGS_FINDINGS_H

#include "correlate/exchange.h"

/* Appends to e->findings, which it then sorts: most severe first, else in the order in which they were added. The outcome
 * must be known. At most FINDINGS_MAX are kept. */
void findings_fill(struct exchange *e);

#endif
