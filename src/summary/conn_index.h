/* Connections by id. */
#ifndef P2T_SUMMARY_CONN_INDEX_H
#define P2T_SUMMARY_CONN_INDEX_H

#include "summary/model.h"

struct conn_index {
    struct conn **by_id;
    size_t *from; /* by the first `bits` bits of an id: where those that begin so are; one more at the end */
    unsigned bits;
};

/* 0, or -1 when memory ran out; conn_index_fini() in any case. */
int conn_index_init(struct conn_index *x, struct conn *conns, size_t n);
/* NULL: there is none with that id. */
struct conn *conn_index_find(const struct conn_index *x, uint64_t id);
void conn_index_fini(struct conn_index *x);

#endif
