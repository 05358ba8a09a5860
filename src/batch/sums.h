/* A window's summary, saved beside its exchanges: NAME.summary.zst beside NAME.ndjson. */
#ifndef P2T_BATCH_SUMS_H
#define P2T_BATCH_SUMS_H

#include "pcap2trace/summary.h"

struct point;

/* What one window adds up. A zeroed one is empty. */
struct sums {
    struct p2t_summary *summary; /* of the current window; NULL: none has begun */
    struct p2t_counters before;  /* of the session, when the window began */
    int64_t first_ns, last_ns;   /* of the window's packets; 0: it has none */
    bool silent;                 /* the session is being rebuilt: what it says was said before */
};

/* A window begins. 0 or P2T_ERR_MEMORY. */
int sums_begin(struct sums *s);
/* The window's session is there, as the window before left it. */
void sums_mark(struct point *p);
/* A packet of the window. */
void sums_packet(struct sums *s, int64_t ts_ns);
/* Callbacks of the session; ctx: the struct point. */
int sums_connection(void *ctx, const struct p2t_connection_record *record);
void sums_question(void *ctx, const struct p2t_question *question);
/* Writes the window's, next to p->output. 0, or a negative p2t_status that was said. */
int sums_save(struct point *p);
void sums_fini(struct sums *s);

#endif
