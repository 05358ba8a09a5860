/* Lookups: what one DNSStart/DNSDone pair sees, from the first question to the last answer. */
#ifndef P2T_CORRELATE_LOOKUP_LOOKUP_H
#define P2T_CORRELATE_LOOKUP_LOOKUP_H

#include "base/list.h"
#include "correlate/state.h"

enum { LOOKUP_SERVERS_MAX = 8 };

enum lane_state {
    LANE_IDLE, /* not asked */
    LANE_ASKED,
    LANE_TRUNCATED, /* TC: TCP should follow */
    LANE_OK,
    LANE_CUT,   /* answered, but the capture does not have the addresses */
    LANE_EMPTY, /* NOERROR without an address */
    LANE_NXDOMAIN,
    LANE_ERROR, /* SERVFAIL, REFUSED, ... */
    LANE_LAME,
    LANE_REFUSED /* ICMP, or a RST to TCP */
};

/* One address type of the name that is being asked for. */
struct lookup_lane {
    enum lane_state state;
    uint32_t tries;
    uint16_t rcode;
    uint16_t port; /* the client's, of the last question */
    bool same_id;  /* was asked for again, with the same id */
    struct packet_mark last_query, last_answer;
};

/* A question on the wire, to be found by its answer. */
struct lookup_query {
    struct hmap_node node;   /* by client, id and type */
    struct hmap_node socket; /* by client and server, for ICMP */
    struct lookup *lookup;
    struct lookup_query *next; /* of the same lookup */
    struct endpoint client, server;
    uint16_t id, type;
    int lane;
    uint32_t path; /* on which it was seen */
    uint64_t serial;
};

struct lookup_addr {
    struct hmap_node node;
    struct lookup *lookup;
    struct lookup_addr *next; /* of the same lookup */
    struct ip_addr addr;
    uint32_t label; /* of the lookup's name: lookup_label() */
    uint64_t serial;
};

/* One that it asked before the last. */
struct lookup_server {
    struct endpoint at;
    struct lookup_server *next;
};

struct lookup {
    struct exchange_lookup info;
    struct list_link all, unused; /* in correlate's lists; `unused` while no dial uses it */
    struct hmap_node by_label;    /* while it is open: not closed, not used, not reported */
    struct arena arena;
    struct timer timer;
    struct lookup_lane lane[2]; /* A, AAAA, of the current name */
    struct lookup_query *queries;
    struct lookup_addr *addrs;
    struct lookup_server *servers;
    struct list_link dials; /* that follow it, the oldest first */
    uint32_t query_count, server_count;
    uint32_t users;   /* those dials that report it, or would */
    uint32_t holders; /* those that only know its addresses */
    struct ip_addr client_ip;
    bool is_open;         /* found by its label */
    bool reported;        /* an exchange tells of it */
    bool one_socket;      /* asks for both types from one */
    bool asked_type[2];   /* under any name */
    bool answer_cut;      /* the capture lacks the end of an answer: it may have given any address */
    bool closed;          /* takes no more queries and no more dials */
    uint64_t upstream_of; /* the lookup that a resolver asks this for; 0: none */
    int64_t retry_gap_ns; /* seen between a question and its repetition; 0: none */
    struct slice name;    /* that is being asked for now */
};

/* Floods are of open ones: what comes on top of what the packets say stays small. */
_Static_assert(sizeof(struct lookup) - sizeof(struct exchange_lookup) - 2 * sizeof(struct lookup_lane) <= 256, "");

/* resolv.conf's defaults: each server is asked this often. */
enum { LOOKUP_ATTEMPTS = 2 };
/* Of those with one key, this many are looked at, the newest first: what a flood repeats is not walked from the front. */
enum { LOOKUP_LOOKED_AT_MAX = 64 };

/* ---- whose.c ---- */
/* The lookup that the question for `name` repeats or goes on with; NULL: a new one's. */
struct lookup *lookup_of_query(struct correlate *c, const struct fact *question, struct slice name, int lane);
/* A new question for a name says what became of earlier ones: given up, or answered and followed by nobody. */
void lookup_make_way(struct correlate *c, const struct fact *question, struct slice name);
/* l's only question is being answered. Where it was one more try of a lookup that it seemed to supersede, l takes that in. */
void lookup_take_up(struct correlate *c, struct lookup *l, int lane, int64_t now);
/* What kind of resolver writes a question so. */
enum lookup_resolver lookup_resolver_of(const struct dns_message *question);
/* It asked for that type with that id before. */
bool lookup_repeats_question(const struct lookup *l, const struct dns_message *question);
/* Its client asked anew while it was unanswered. */
bool lookup_is_superseded(const struct lookup *l);
/* The server is among its earlier ones. */
bool lookup_asked_before(const struct lookup *l, const struct endpoint *server);

/* ---- group.c: DNS packets into lookups ---- */
/* A question opens a lookup, repeats it or goes on with it; an answer may decide it. lookup_error(): an ICMP error
 * that quotes a question. */
void lookup_message(struct correlate *c, const struct fact *f);
void lookup_error(struct correlate *c, const struct fact *f);
/* The server refused the TCP connection to its port 53: truncated answers stay so. */
void lookup_tcp_refused(struct correlate *c, const struct ip_addr *client, const struct endpoint *server,
                        const struct packet_mark *mark);

/* ---- quoted.c ---- */
/* An ICMP error about a question that the capture does not have: the question it quotes is taken for it. */
void lookup_quoted(struct correlate *c, const struct fact *error);

/* ---- walk.c: search lists ---- */
/* `next` may be asked for, for the type of the lane, after l's name was in vain, for one application's name: with and without a suffix, with a suffix of
 * the suffix, with any once l has tried two, or with another suffix that this client is known to use. */
bool walk_goes_on(const struct correlate *c, const struct lookup *l, struct slice next, int lane);
/* Its client went on from l's suffix to that of `next` before: its search list has them in this order. */
bool walk_step_is_known(const struct correlate *c, const struct lookup *l, struct slice next);
/* For a step that no other walk can have made. */
void walk_learn_step(struct correlate *c, const struct lookup *l, struct slice next);
/* The lookup goes on with `next`: its name's results are kept, and what is asked is what both have in common. An earlier
 * lookup that turns out to belong to the same walk is taken in. */
void walk_next(struct correlate *c, struct lookup *l, struct slice next);

/* ---- names.c ---- */
/* Keeps what became of the current name. */
void lookup_note_name(struct lookup *l);
/* Keeps what became of another one. */
void lookup_keep_name(struct lookup *l, const struct lookup_name *name);

/* ---- life.c ---- */
/* Made by its first question; NULL when memory ran out. */
struct lookup *lookup_new(struct correlate *c, const struct fact *question, struct slice name);
/* Puts one that was read back in its place, the newest so far. 0, or -1 when memory ran out. */
int lookup_enlist(struct correlate *c, struct lookup *l);
/* One more of its earlier servers. */
void lookup_add_server(struct lookup *l, const struct endpoint *at);
/* Its detours, to write to; NULL when memory ran out. */
struct lookup_detours *lookup_take_detour(struct lookup *l);
/* It takes questions no more, for now or for good. */
void lookup_leave_open(struct correlate *c, struct lookup *l);
/* A question of the name that is being asked for has no answer yet. */
bool lookup_outstanding(const struct lookup *l);
/* An exchange tells of it, or a dial follows it. */
bool lookup_used(const struct lookup *l);
/* Fills info's result from what is known now. */
void lookup_decide(const struct correlate *c, struct lookup *l);
/* Nothing more belongs to it: reported, unless an exchange tells of it, and freed, unless a dial uses it. */
void lookup_close(struct correlate *c, struct lookup *l);
/* Of the first of c->last_lookups: puts its exchange into the outbox. */
void lookup_report_last(struct correlate *c, struct lookup *l);
/* Nothing came for long enough: it is decided, unless it is used, and closed. */
void lookup_timer(struct correlate *c, struct lookup *l);
/* Of one that nobody uses, with all by which it is found. */
void lookup_free(struct correlate *c, struct lookup *l);
/* Copies what trace needs into the exchange. host: the name as the request knows it, or empty. */
void lookup_into_exchange(struct lookup *l, struct exchange *e, struct slice host);

/* ---- index.c ---- */
/* All lookups of one client for names with one first label share it. */
uint64_t lookup_label_hash(const struct ip_addr *client, struct slice name);
/* Names of which one begins with the other, label by label, share it. */
uint32_t lookup_label(struct slice name);
/* A question of the lookup, to be found by its answer: a copy of `like`. */
void lookup_index_query(struct correlate *c, struct lookup *l, const struct lookup_query *like);
/* Removes and frees one question, or all of the lookup. */
void lookup_unindex_query(struct correlate *c, struct lookup_query *q);
void lookup_forget_queries(struct correlate *c, struct lookup *l);
/* The newest question of that client with that id and type, to that server (NULL: to any), or NULL. */
struct lookup_query *lookup_query_find(struct correlate *c, const struct endpoint *client,
                                       const struct endpoint *server, uint16_t id, uint16_t type);
/* The newest question from client to server, or NULL. */
struct lookup_query *lookup_query_of_socket(struct correlate *c, const struct endpoint *client,
                                            const struct endpoint *server);
/* One more of its answers, of which LOOKUP_ADDRS_MAX are kept: a dial to it finds the lookup. Without memory it is not
 * found. */
void lookup_index_addr(struct correlate *c, struct lookup *l, const struct ip_addr *addr);
/* The first of the chain in which the addresses `server` are that were given to `client`, or to whoever asked over the
 * other family (client->family == 0). */
struct hmap_node *lookup_first_of_addr(struct correlate *c, const struct ip_addr *client,
                                       const struct ip_addr *server);
/* The same for the same packets, wherever files were cut. */
uint64_t lookup_id(const struct lookup *l);
/* host, without a port, is the name that is asked for, or that without a suffix which the resolver added. */
bool lookup_answers_host(const struct lookup *l, struct slice host);
/* The address is among its answers; and is the first of its family there. */
bool lookup_gave(const struct lookup *l, const struct ip_addr *addr);
bool lookup_gave_first(const struct lookup *l, const struct ip_addr *addr);

/* ---- followed.c ---- */
/* Its client connects to an address of that family after it. */
void lookup_note_followed(struct correlate *c, const struct lookup *l, uint8_t family);
/* Answered, and followed by nobody; it has addresses of one family only, and after earlier lookups of the name its client
 * connected to the other one. */
bool lookup_is_useless(struct correlate *c, const struct lookup *l);

/* ---- bind.c: lookups and the dials that follow from them ---- */
/* A dial at ts_ns follows it, rather than a cache that was filled by it. */
bool lookup_is_fresh(const struct lookup *l, int64_t ts_ns);
/* The one whose answer a SYN from client to server most likely follows, or NULL. host: empty, or the name that it
 * must have been for. */
struct lookup *lookup_for_syn(struct correlate *c, const struct ip_addr *client, const struct ip_addr *server,
                              struct slice host, int64_t syn_ns);
/* An answered lookup of host that nobody followed, right before the SYN: for connections that go to another address than
 * the answer's, and for answers whose addresses are not in the capture. NULL: none. */
struct lookup *lookup_by_name(struct correlate *c, const struct ip_addr *client, struct slice host, int64_t syn_ns);
/* A dial follows it: from now on it is done. */
void lookup_use(struct correlate *c, struct lookup *l);
/* A dial that followed it has reported it, and is gone. The last one frees a lookup that is closed. */
void lookup_unuse(struct correlate *c, struct lookup *l);
/* Undoes lookup_use for a dial that turned out to follow another one. */
void lookup_return(struct correlate *c, struct lookup *l);
/* A dial needs its addresses, and reports it not. */
void lookup_hold(struct lookup *l);
/* A dial that held it is gone. The last one frees a lookup that is closed. */
void lookup_release(struct correlate *c, struct lookup *l);
/* Of client, for host (with or without a port), and no dial follows it yet. */
bool lookup_pending(struct correlate *c, const struct ip_addr *client, struct slice host);

#endif
