/* The list beside the public captures: where each lies, and what another tool counted in it. */
#ifndef P2T_TESTS_CATALOG_H
#define P2T_TESTS_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Our counter's name, and the column that asks about the same. */
#define CATALOG_COUNT_LIST(X)                                                                                        \
    X(http_requests, "n_http_requests")                                                                              \
    X(http_responses, "n_http_responses")                                                                            \
    X(dns_messages, "n_dns")                                                                                         \
    X(syn_packets, "n_tcp_syn")

enum catalog_count {
#define X(name, column) CATALOG_##name,
    CATALOG_COUNT_LIST(X)
#undef X
        CATALOG_COUNTS
};

extern const char *const catalog_count_names[CATALOG_COUNTS];

struct catalog_entry {
    char *name; /* repository/path */
    char *path;
    uint64_t counts[CATALOG_COUNTS];
    /* Not in the malformed set, nothing that the other tool calls malformed, not cut at its end. */
    bool well_formed;
};

struct catalog {
    struct catalog_entry *entries;
    size_t n;
};

/* Reads folder/catalog.tsv. False when it is not there or lacks a column. */
bool catalog_load(struct catalog *c, const char *folder);
void catalog_free(struct catalog *c);

/* The next field of a line of tab-separated values, terminated in place; *line moves behind it. */
char *tsv_field(char **line);

#endif
