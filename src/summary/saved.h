/* More of saved summaries than p2t_summary_load() tells: for commands that read what batch wrote. */
#ifndef P2T_SUMMARY_SAVED_H
#define P2T_SUMMARY_SAVED_H

#include "base/slice.h"
#include "pcap2trace/summary.h"

/* What only the summary knows of an exchange. */
struct summary_seen {
    uint64_t id;
    bool quiet, by_go;
};

/* Which exchanges of a saved summary are added; questions and connections are in any case. */
struct summary_choice {
    void *ctx;
    bool (*call)(void *ctx, const struct summary_seen *seen);
    uint64_t calls, failed; /* how many there are, those among them that the summary thinned out */
};

/* As p2t_summary_load(), but not all exchanges. choice: NULL for all. */
int summary_load_chosen(struct p2t_summary *s, struct slice bytes, const struct summary_choice *choice);

/* Quiet ones, which lists leave out and no service has, are no calls. */
static inline bool summary_counts(const struct p2t_exchange *x)
{
    return !x->quiet || p2t_exchange_failed(x);
}

/* Before anything is added: thins out beyond so many records of a kind, rather than the usual number. */
void summary_keep_at_most(struct p2t_summary *s, size_t records);
/* Calls that were added so far, and those of them that failed. */
uint64_t summary_calls(const struct p2t_summary *s, uint64_t *failed);
/* Where and how most of those failed, of the calls that were kept: the host, or where none was asked for, the server; the
 * outcome, or the status that makes it a failure. False: none did. Texts stay until p2t_summary_free(). */
bool summary_worst(struct p2t_summary *s, const char **how, const char **where);

/* Before p2t_summary_finish(): calls one() with each connection that was kept, as far as it is: without stalls and files; a
 * moment that happened has packet 1. Ends where that does not return 0, and returns that. */
int summary_connections(const struct p2t_summary *s, int (*one)(void *ctx, const struct p2t_connection_record *r),
                        void *ctx);
/* When the first packet of the connection came, or 0: it was not kept. */
int64_t summary_connection_start(const struct p2t_summary *s, uint64_t id);
/* After p2t_summary_finish(): what the states and the session said of packets. */
const struct p2t_counters *summary_counters(const struct p2t_summary *s);

#endif
