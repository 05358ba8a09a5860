/* An index of records by their keys: ids, addresses, URLs, hosts. Records with the same key are in the order of time. */
#ifndef P2T_ANALYZE_COMPARE_JOIN_INDEX_H
#define P2T_ANALYZE_COMPARE_JOIN_INDEX_H

#include "analyze/compare/join.h"

/* hash: of the key's text, the same in every run. Two texts with the same hash only cause a needless candidate. */
struct join_entry {
    uint64_t hash;
    int64_t time_ns;
    uint32_t record;
    uint8_t by; /* enum join_by */
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

/* Indexes the list, which must outlive the index. 0 or P2T_ERR_MEMORY. */
int join_index_make(struct join_index *x, const struct record_list *list);
void join_index_fini(struct join_index *x);
/* Writes the keys of one record to out, and returns how many. */
size_t join_keys(const struct record *r, uint32_t record, struct join_entry out[JOIN_KEYS_MAX]);
/* The entries with the same kind and hash as `key`. */
struct join_group join_find(const struct join_index *x, const struct join_entry *key);
/* The group that begins at `from`. */
struct join_group join_group_at(const struct join_index *x, size_t from);
/* The time of the record's best-timed hook. */
int64_t join_time(const struct record *r);

#endif
