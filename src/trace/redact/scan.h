/* Looks through one text for secrets. */
#ifndef P2T_TRACE_REDACT_SCAN_H
#define P2T_TRACE_REDACT_SCAN_H

#include "trace/redact.h"
#include "trace/redact/names.h"

/* What stands for a secret. */
extern const struct slice redact_mark;

/* Appends the ranges of s that hold secrets, in order, to b: a struct redact_range each. False: there are none. */
bool scan_ranges(const struct names *names, enum redact_as as, struct slice s, struct buf *b);

/* Appends s without its secrets to b; false, and nothing is appended, where it has none. */
bool scan_text(const struct names *names, enum redact_as as, struct slice s, struct buf *b);

#endif
