/* Lookups: what one DNSStart/DNSDone pair sees, from the first question to the last answer. */
#ifndef P2T_CORRELATE_LOOKUP_LOOKUP_H
#define P2T_CORRELATE_LOOKUP_LOOKUP_H

#include "correlate/state.h"

enum { LOOKUP_SERVERS_MAX = 8 };

enum lane_state {
    LANE_IDLE, /* not asked */
    LANE_ASKED,
    LANE_TRUNCATED, /* TC: TCP should follow */
    LANE_OK,
    LANE_EMPTY, /* NOERROR without an address */
    LANE_NXDOMAIN,
    LANE_ERROR, /* SERVFAIL, REFUSED, ... */
    LANE_LAME,
    LANE_REFUSED /* ICMP */
};

/* One address type of the name that is being asked for. */
struct lookup_lane {
    enum lane_state state;
    uint32_t tries;
    uint16_t rcode;
    struct packet_mark last_query, last_answer;
};

/* A question on the wire, to be found by its answer. */
struct lookup_query {
    struct hmap_node node;
    struct lookup *lookup;
    struct lookup_query *next; /* of the same lookup */
    struct endpoint client, server;
    uint16_t id, type;
    int lane;
};

struct lookup_addr {
    struct hmap_node node;
    struct lookup *lookup;
    struct lookup_addr *next; /* of the same lookup */
    struct ip_addr addr;
};

struct lookup {
    struct exchange_lookup info;
    struct lookup *older, *newer; /* all lookups, by age */
    struct hmap_node by_label;
    struct ip_addr client_ip;
    struct arena arena;
    struct timer timer;
    struct hold hold;
    struct lookup_lane lane[2]; /* A, AAAA, of the current name */
    struct lookup_query *queries;
    struct lookup_addr *addrs;
    struct dial *dials; /* that use it */
    uint32_t users;
    bool reported;        /* an exchange tells of it */
    bool closed;          /* takes no more queries and no more dials */
    int64_t retry_gap_ns; /* seen between a question and its repetition; 0: none */
    struct slice name;    /* that is being asked for now */
    struct endpoint servers[LOOKUP_SERVERS_MAX];
};

/* resolv.conf's defaults: each server is asked this often. */
enum { LOOKUP_ATTEMPTS = 2 };

/* ---- group.c: DNS packets into lookups ---- */
void lookup_message(struct correlate *c, const struct fact *f);
void lookup_error(struct correlate *c, const struct fact *f);

/* ---- life.c ---- */
/* Made by its first question; NULL when memory ran out. */
struct lookup *lookup_new(struct correlate *c, const struct fact *question, struct slice name);
/* Puts one that was read back in its place, the newest so far. 0, or -1 when memory ran out. */
int lookup_enlist(struct correlate *c, struct lookup *l);
/* A question of the name that is being asked for has no answer yet. */
bool lookup_outstanding(const struct lookup *l);
/* An exchange tells of it, or a dial follows it. */
bool lookup_used(const struct lookup *l);
/* Fills info's result from what is known now. */
void lookup_decide(const struct correlate *c, struct lookup *l);
/* Nothing more belongs to it: reported, unless an exchange tells of it, and freed, unless a dial uses it. */
void lookup_close(struct correlate *c, struct lookup *l);
void lookup_timer(struct correlate *c, struct lookup *l);
void lookup_free(struct correlate *c, struct lookup *l);
void lookup_forget_queries(struct correlate *c, struct lookup *l);
int64_t lookup_end_ns(const struct exchange_lookup *info);
/* Copies what trace needs into the exchange. host: the name as the request knows it, or empty. */
void lookup_into_exchange(struct lookup *l, struct exchange *e, struct slice host);

/* ---- index.c ---- */
/* All lookups of one client for names with one first label share it. */
uint64_t lookup_label_hash(const struct ip_addr *client, struct slice name);
/* A question of the lookup, to be found by its answer: a copy of `like`. */
void lookup_index_query(struct correlate *c, struct lookup *l, const struct lookup_query *like);
/* f: the question, or an answer with its endpoints as the question had them. */
struct lookup_query *lookup_query_find(struct correlate *c, const struct fact *f, uint16_t id, uint16_t type);
/* The first of the chain in which the questions from client to server are. */
struct hmap_node *lookup_first_query(struct correlate *c, const struct endpoint *client,
                                     const struct endpoint *server);
void lookup_index_addr(struct correlate *c, struct lookup *l, const struct ip_addr *addr);
/* The first of the chain in which the addresses `server` are that were given to `client`, or to whoever asked over the
 * other family (client->family == 0). */
struct hmap_node *lookup_first_of_addr(struct correlate *c, const struct ip_addr *client,
                                       const struct ip_addr *server);
bool lookup_answers_host(const struct lookup *l, struct slice host);

/* ---- bind.c: lookups and the dials that follow from them ---- */
enum { LOOKUP_CANDIDATES_MAX = 16 };
/* Lookups of client that gave server as an address and are not closed; returns how many were put into out. */
size_t lookup_candidates(struct correlate *c, const struct ip_addr *client, const struct ip_addr *server,
                         int64_t syn_ns, struct lookup *out[LOOKUP_CANDIDATES_MAX]);
/* The one whose answer a SYN from client to server most likely follows, or NULL. host: empty, or the name that it
 * must have been for. */
struct lookup *lookup_for_syn(struct correlate *c, const struct ip_addr *client, const struct ip_addr *server,
                              struct slice host, int64_t syn_ns);
/* A dial follows it: from now on it is done. */
void lookup_use(struct correlate *c, struct lookup *l);
void lookup_unuse(struct correlate *c, struct lookup *l);
/* Undoes lookup_use for a dial that turned out to follow another one. */
void lookup_return(struct correlate *c, struct lookup *l);
/* Of client, for host (with or without a port), and no dial follows it yet. */
bool lookup_pending(struct correlate *c, const struct ip_addr *client, struct slice host);

#endif
