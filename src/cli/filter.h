/* Decides which exchanges are wanted: --host, --method, --status, --slower-than, --failed, --id. */
#ifndef P2T_CLI_FILTER_H
#define P2T_CLI_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap2trace/exchange.h"

/* An exchange must match one value of each option given: any of the hosts, and any of the methods, and so on. */
struct filter {
    const char **hosts, **methods;
    size_t host_count, method_count;
    struct filter_status {
        int first, last;
    } * statuses;
    size_t status_count;
    struct filter_id {
        uint64_t first, last;
    } * ids;
    size_t id_count;
    int64_t slower_than_ns; /* 0: any duration */
    bool failed;            /* only those whose outcome is not ok */
};

/* Each adds one option's argument. 0, P2T_ERR_MEMORY, or P2T_ERR_USAGE: malformed. Texts must outlive the filter. */
int filter_add_host(struct filter *f, const char *glob);
int filter_add_method(struct filter *f, const char *method);
int filter_add_status(struct filter *f, const char *list);          /* "404", "5xx", "404,5xx" */
int filter_add_id(struct filter *f, const char *id);                /* 16 hex digits, or the first few of them */
int filter_set_slower_than(struct filter *f, const char *duration); /* "250ms", "1.5s", "800us" */
/* Parses "250ms" to nanoseconds. 0 or P2T_ERR_USAGE. */
int filter_duration(const char *duration, int64_t *ns);
void filter_free(struct filter *f);

/* True if it keeps every exchange. */
bool filter_is_empty(const struct filter *f);
/* The exchange is wanted. */
bool filter_keeps(const struct filter *f, const struct p2t_exchange *x);

#endif
