/* Messages on standard error. */
#ifndef P2T_CLI_REPORT_H
#define P2T_CLI_REPORT_H

#include "pcap2trace/session.h"

struct buf;

/* Messages go to this buffer instead, a line each; NULL: to standard error again. */
void report_to(struct buf *into);
/* Writes "pcap2trace: SUBJECT: TEXT"; the subject is escaped, and left out if NULL. */
void report_line(const char *subject, const char *text);
/* -v: every counter, and every reason that occurred. */
void report_counters(const struct p2t_session *s);
/* --stats stages. */
void report_stages(const struct p2t_session *s);
/* No exchange was written: says what the captures held instead. */
void report_nothing(const struct p2t_session *s, bool filtered);
/* So many calls were open when the capture ended, and --failed left them out. */
void report_open(uint64_t calls);
/* The output is sorted in so many runs, more than one. */
void report_runs(uint64_t runs);
/* A key log was given as --keylog, could be read, and nothing could be decrypted with it: says so. */
void report_keylog(const struct p2t_session *s, const char *path);
/* A signal ended the run early. */
void report_interrupted(const struct p2t_session *s);

#endif
