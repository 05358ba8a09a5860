/* Decides which exchanges are wanted. */
#ifndef P2T_CLI_FILTER_H
#define P2T_CLI_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap2trace/exchange.h"

/* Texts of one option, as given. */
struct filter_texts {
    const char **item;
    size_t n;
};

/* A moment: of the clock, of every day, or after the first packet. */
struct filter_time {
    enum { FILTER_NO_TIME, FILTER_AT, FILTER_OF_DAY, FILTER_AFTER_START } kind;
    int64_t ns;
};

enum filter_phase {
    FILTER_TOTAL,
    FILTER_BLOCKED,
    FILTER_DNS,
    FILTER_CONNECT,
    FILTER_TLS,
    FILTER_SEND,
    FILTER_WAIT,
    FILTER_RECEIVE
};

/* An exchange must match one value of each option given: any of the hosts, and any of the methods, and so on. */
struct filter {
    struct filter_texts hosts, methods, paths, trace_ids, clients, servers, ports;
    struct filter_status {
        int first, last;
    } * statuses;
    size_t status_count;
    struct filter_id {
        uint64_t first, last;
        unsigned digits; /* that were given */
    } * ids;
    size_t id_count;
    unsigned kinds; /* bits by enum p2t_kind; 0: any */
    struct filter_time since, until;
    int64_t first_packet_ns; /* that times after the start count from; 0: not known yet, and all is kept */
    enum filter_phase slow_phase;
    int64_t slower_than_ns; /* 0: any duration */
    bool failed;            /* only those that p2t_exchange_failed() */
    bool problems;          /* only those that failed, or have a finding of warning or above */
    bool incomplete;        /* only those whose outcome is incomplete */
};

/* Each adds one option's argument. 0, P2T_ERR_MEMORY, or P2T_ERR_USAGE: malformed. Texts must outlive the filter. */
int filter_add_host(struct filter *f, const char *glob);
int filter_add_method(struct filter *f, const char *method);
int filter_add_path(struct filter *f, const char *glob); /* of the URL, without its query */
int filter_add_trace_id(struct filter *f, const char *id);
int filter_add_client(struct filter *f, const char *glob); /* of its IP address */
int filter_add_server(struct filter *f, const char *glob);
int filter_add_port(struct filter *f, const char *port);            /* the server's, "443" */
int filter_add_kind(struct filter *f, const char *kind);            /* "http1", ... */
int filter_add_status(struct filter *f, const char *list);          /* "404", "5xx", "404,5xx" */
int filter_add_id(struct filter *f, const char *id);                /* 16 hex digits, or the first few of them */
int filter_set_slower_than(struct filter *f, const char *duration); /* "250ms", "1.5s", "wait=800us" */
/* By the exchange's start: RFC 3339, "HH:MM[:SS]" of its day in UTC, or "+5m" after the first packet. */
int filter_set_time(struct filter_time *t, const char *text);
/* Parses "250ms" to nanoseconds. 0 or P2T_ERR_USAGE. */
int filter_duration(const char *duration, int64_t *ns);
void filter_free(struct filter *f);

/* True if it keeps every exchange. */
bool filter_is_empty(const struct filter *f);
/* The exchange is wanted. */
bool filter_keeps(const struct filter *f, const struct p2t_exchange *x);
/* With --failed: it would be wanted, had it not been open when the capture ended. */
bool filter_leaves_open(const struct filter *f, const struct p2t_exchange *x);

#endif
