/* What records can be found by: ids, addresses, URLs, hosts; those with the same one, in the order of time. */
#ifndef P2T_ANALYZE_COMPARE_JOIN_INDEX_H
#define P2T_ANALYZE_COMPARE_JOIN_INDEX_H

#include "analyze/compare/join.h"

/* hash: of the text, the same in every run. Two texts with one hash only make one more candidate. */
struct join_entry {
    uint64_t hash;
    int64_t time_ns;
    uint32_t record;
    uint8_t by;
};

struct join_index {
    struct join_entry *entries; /* sorted */
    size_t n;
};

/* The entries of one key. */
struct join_group {
    const struct join_entry *entries;
    size_t n;
};

enum { JOIN_KEYS_MAX = RECORD_IDS_MAX + 8 };

/* 0 or P2T_ERR_MEMORY. */
int join_index_make(struct join_index *x, const struct record_list *list);
void join_index_fini(struct join_index *x);
/* The keys of one record; how many. */
size_t join_keys(const struct record *r, uint32_t record, struct join_entry out[JOIN_KEYS_MAX]);
struct join_group join_find(const struct join_index *x, const struct join_entry *key);
/* The group that begins at `from`. */
struct join_group join_group_at(const struct join_index *x, size_t from);
/* When it happened, by the best-timed hook it has. */
int64_t join_time(const struct record *r);

#endif
