/* Tells an exchange by its packets: what each of them is, and what it proves. */
#ifndef P2T_EXPLAIN_EXPLAIN_H
#define P2T_EXPLAIN_EXPLAIN_H

#include "base/buf.h"
#include "extract/subject.h"
#include "pcap2trace/summary.h"
#include "trace/redact.h"

enum explain_format { EXPLAIN_TEXT, EXPLAIN_JSON };

struct explain_config {
    const struct p2t_config *session; /* where the packets are */
    const struct subjects *subjects;
    const struct p2t_summary *summary; /* finished: the causes that the exchanges belong to */
    enum explain_format format;
    bool no_captures; /* the subjects are what batch wrote, and their packets cannot be read */
    bool (*stop)(void *ctx);
    void *ctx;
};

/* Appends what is told of all subjects: their packets, or, without captures, their hooks with the numbers of those that each rests
 * on. 0 or a negative p2t_status, as pick_frames(). */
int explain_run(const struct explain_config *config, struct buf *out);

#endif
