/* Facts by hand, in microseconds: what lookups and connections become when they meet. */
#ifndef P2T_TESTS_UNIT_CORRELATE_SIM_H
#define P2T_TESTS_UNIT_CORRELATE_SIM_H

#include "correlate/correlate.h"

enum { SIM_EXCHANGES_MAX = 32, SIM_CONNS_MAX = 8 };

/* What a test may ask of an exchange after it is gone. */
struct sim_exchange {
    enum p2t_kind kind;
    enum p2t_outcome outcome;
    bool quiet, has_lookup, shared, orphan, handed_over, pool_full, unread;
    uint16_t client_port, dialled_port;
    char target[32];
    char host[64], error[160], link[32];
    size_t attempts;
    enum attempt_result result[8];
    uint32_t names, queries;
    int64_t end_us, asked_us; /* asked_us: its lookup's first question */
    uint32_t position;
};

struct sim {
    struct correlate *correlate;
    uint64_t packet;
    const char *name_server; /* that is asked */
    bool not_gos_resolver;   /* asks as glibc does */
    bool muted;              /* what comes out is nobody's */
    bool not_go;             /* requests are not written as Go's client does */
    struct flow_conn flows[SIM_CONNS_MAX];
    size_t flow_count;
    struct sim_exchange out[SIM_EXCHANGES_MAX];
    size_t n;
};

void sim_init(struct sim *s);
/* Ends the input: everything is decided. */
void sim_finish(struct sim *s);
void sim_clock(struct sim *s, int64_t us);

void sim_query(struct sim *s, int64_t us, uint16_t port, uint16_t id, const char *name, uint16_t type);
/* addr: NULL for none. */
void sim_answer(struct sim *s, int64_t us, uint16_t port, uint16_t id, const char *name, uint16_t type,
                uint16_t rcode, const char *addr);

/* A new connection of the client at `port` to server:80; its SYN. */
struct flow_conn *sim_syn(struct sim *s, int64_t us, uint16_t port, const char *server);
void sim_syn_again(struct sim *s, int64_t us, struct flow_conn *c);
/* SYN-ACK and the client's ACK, 10 us later. */
void sim_established(struct sim *s, int64_t us, struct flow_conn *c);
/* An ICMP error for the connection's SYN: prohibited. */
void sim_icmp(struct sim *s, int64_t us, struct flow_conn *c);
/* A RST of the client: so many bytes of the server had come for a socket that was gone. */
void sim_reset(struct sim *s, int64_t us, struct flow_conn *c, uint32_t untaken);
void sim_event(struct sim *s, int64_t us, struct flow_conn *c, enum flow_event_kind kind, enum flow_dir dir);
/* A whole GET, and a whole answer. */
void sim_request(struct sim *s, int64_t us, struct flow_conn *c, uint32_t number, const char *host,
                 const char *target);
/* The same in an HTTP/2 stream. */
void sim_stream(struct sim *s, int64_t us, struct flow_conn *c, uint32_t stream, const char *host,
                const char *target);
void sim_response(struct sim *s, int64_t us, struct flow_conn *c, uint32_t number, uint16_t status,
                  const char *location);
/* An encrypted record of an HTTP/2 connection. */
void sim_record(struct sim *s, int64_t us, struct flow_conn *c, enum flow_dir dir, enum fact_tls_shape shape,
                uint32_t bytes);
void sim_close(struct sim *s, int64_t us, struct flow_conn *c, enum flow_end why);

#endif
