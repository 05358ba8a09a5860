/* What is said on standard error. */
#ifndef P2T_CLI_REPORT_H
#define P2T_CLI_REPORT_H

#include "pcap2trace/session.h"

/* "pcap2trace: SUBJECT: TEXT"; the subject is escaped, and left out when NULL. */
void report_line(const char *subject, const char *text);
/* -v: every counter, and every reason that occurred. */
void report_counters(const struct p2t_session *s);
/* Nothing was written: what was seen instead. */
void report_nothing(const struct p2t_session *s, bool filtered);
/* A signal ended the reading. */
void report_interrupted(const struct p2t_session *s);

#endif
