/* Live hooks of a lab scenario beside the rebuilt ones. */
#ifndef P2T_TESTS_GOLDEN_LAB_H
#define P2T_TESTS_GOLDEN_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap2trace/session.h"

enum { LAB_EVENTS_MAX = 4096, LAB_KEY_MAX = 160 };

/* One hook call, live or rebuilt. key: the argument that tells it from others of the same hook. */
struct lab_event {
    enum p2t_hook hook;
    int64_t time_ns;
    char key[LAB_KEY_MAX];
    char tag[64];   /* live: the scenario's name for the request */
    size_t owner;   /* live: request, counted over the file; rebuilt: exchange */
    bool estimated; /* told, or to be told, from encrypted records alone */
    bool encrypted; /* live: the request went over TLS; without keys its fields are not to be had */
    bool reused;    /* live: GotConn's */
    bool has_earliest, has_latest;
    int64_t earliest_ns, latest_ns;
    enum p2t_basis basis;
    struct lab_event *match;
};

struct lab_list {
    struct lab_event *events;
    size_t n, owners;
    int64_t fills[16]; /* live: ends of dials that only fill a backlog */
    size_t fills_n;
    int64_t last_packet_ns; /* rebuilt: what the live client did later cannot be in the capture */
};

/* Reads NAME.ev. Aborts the test when it cannot. */
struct lab_list lab_live(const char *path);
/* Runs the program's library over NAME.pcap. */
struct lab_list lab_rebuilt(const char *path);
void lab_free(struct lab_list *list);

#endif
