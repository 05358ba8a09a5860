/* The exchanges that were asked for: what of them is needed to find their packets again, and to say what each proves.
 * Copied out of the session's callback. */
#ifndef P2T_EXTRACT_SUBJECT_H
#define P2T_EXTRACT_SUBJECT_H

#include "base/addr.h"
#include "base/arena.h"
#include "base/buf.h"
#include "pcap2trace/exchange.h"

/* A packet by the path of its capture, an index into subjects.paths, and its number there. */
struct subject_ref {
    uint32_t path;
    uint64_t packet;
};

struct subject_refs {
    struct subject_ref *ref;
    uint8_t count;
};

struct subject_event {
    enum p2t_hook hook;
    enum p2t_basis basis;
    int64_t time_ns;
    bool has_earliest, has_latest;
    int64_t earliest_ns, latest_ns;
    struct subject_refs evidence;
    struct slice value; /* of a WroteHeaderField: its key; of the others: what says most; may be empty */
};

struct subject_finding {
    const char *code;
    enum p2t_severity severity;
    struct slice text;
    struct subject_refs evidence;
};

enum { SUBJECT_PAIRS = 4, SUBJECT_NAMES = 8 };

/* The two ends of a connection, on one side of a translation of addresses. */
struct subject_pair {
    struct endpoint client, server;
};

struct subject {
    uint64_t id, connection;
    enum p2t_kind kind;
    enum p2t_outcome outcome;
    struct slice error, method, url, host, client, server; /* p == NULL: not known */
    int status;
    int64_t start_ns, end_ns;
    int64_t until_ns; /* the last moment that anything of it rests on */
    struct p2t_phases phases;
    int64_t rtt_ns; /* negative: not known */
    bool encrypted; /* TLS that was not decrypted */
    struct subject_event *events;
    size_t event_count;
    struct subject_finding *findings;
    size_t finding_count;
    struct subject_pair pairs[SUBJECT_PAIRS];
    size_t pair_count;
    struct slice names[SUBJECT_NAMES]; /* that it looked up, in lower case */
    size_t name_count;
    struct ip_addr clients[SUBJECT_PAIRS]; /* who looked up, or connected */
    size_t client_count;
};

struct subjects {
    struct arena arena;
    struct subject *items;
    size_t count, cap;
    const char **paths;
    size_t path_count, path_cap;
};

/* Appends a copy of *x. 0 or P2T_ERR_MEMORY. A zeroed struct subjects is empty and ready. */
int subjects_add(struct subjects *all, const struct p2t_exchange *x);
void subjects_fini(struct subjects *all);

/* What of a subject a packet proves. */
struct proof {
    struct subject_ref ref;
    uint32_t subject;
    uint32_t event;   /* index of the event, or UINT32_MAX */
    uint32_t finding; /* index of the finding, or UINT32_MAX */
};

struct proofs {
    struct proof *items;
    size_t count;
    size_t packets; /* that there are proofs of */
};

/* Everything that rests on packets, by packet. 0 or P2T_ERR_MEMORY. */
int proofs_make(struct proofs *p, const struct subjects *all);
/* The first proof of a packet and how many there are; NULL when it proves nothing. */
const struct proof *proofs_of(const struct proofs *p, struct subject_ref ref, size_t *count);
void proofs_fini(struct proofs *p);
/* Whether the other says the same of the exchange: kind, outcome, error, status, hooks with their times and bounds, phases.
 * NULL, or what differs. */
const char *subject_differs(const struct subject *a, const struct subject *b);

#endif
