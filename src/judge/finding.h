/* Findings: what a person should know about an exchange beside its timeline. */
#ifndef P2T_JUDGE_FINDING_H
#define P2T_JUDGE_FINDING_H

#include "correlate/exchange.h"

/* Fills e->findings, most severe first. The outcome must be known. */
void finding_all(struct exchange *e);

#endif
