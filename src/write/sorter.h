/* Puts written exchanges in the order of their starts, within so many bytes; more of them come as several sorted runs. */
#ifndef P2T_WRITE_SORTER_H
#define P2T_WRITE_SORTER_H

#include "base/buf.h"
#include "base/heap.h"

struct sorter {
    size_t limit, bytes; /* that may be held, that are */
    struct heap run;     /* held for the run under way ... */
    struct heap next;    /* ... and too early for it */
    uint64_t runs;
    struct heap_node last; /* key and tie of the last one that left */
    struct buf text;       /* it */
};

/* A zeroed sorter with a limit is ready. */

/* Copies the text of an exchange. 0 or P2T_ERR_MEMORY. */
int sorter_put(struct sorter *s, int64_t start_ns, uint64_t id, struct slice text);
/* True: more is held than the limit allows. */
bool sorter_is_full(const struct sorter *s);
/* The first in order leaves; *text is valid until the next one does. False: none is held, or memory ran out, which
 * s->text.failed tells. */
bool sorter_take(struct sorter *s, struct slice *text);
/* Drops what is held. */
void sorter_fini(struct sorter *s);

#endif
