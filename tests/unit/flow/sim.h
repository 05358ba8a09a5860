/* A client and a server whose packets a test writes in short, and a sink that writes down in short what came out.
 *
 * Marks are written as packet numbers, which count from 1. Directions are > (client to server) and <.
 *   open  SYN>1  SYN>2r (repeated)  SYNACK<2  EST>3  FIN>4  FINORD>4  RST<5  ICMP>6  ZERO<7  WIDE<8  LATE>9  ACK1<6
 *   CHALLENGE<2  ALIVE<7  RST>5-3 (of a socket that was gone, for 3 bytes)
 *   >0'abc'4 (offset, bytes, seen)   >0'abc'4/6 (deliverable at 6)   >0'ab'+3:4 (3 bytes cut)   >3[5]7 (a hole of 5)
 *   close:closed|idle|reused|evicted|input
 * Lines of connections after the first carry their number: 2#open. */
#ifndef P2T_TESTS_FLOW_SIM_H
#define P2T_TESTS_FLOW_SIM_H

#include "support/cmocka_all.h"

#include "base/buf.h"
#include "flow/table.h"

enum { MS = 1000000 };

enum side { CLIENT, SERVER };

struct sim {
    struct flow_table *table;
    struct buf log;
    struct buf stalls; /* "lost_before<4-9 ...": kind, direction, the first packet and the last one */
    int64_t now_ns;    /* of the last packet */
    uint64_t number;   /* of the last packet */
    uint16_t ip_id;    /* of the last packet */
    uint32_t isn[2];
    struct endpoint ep[2];
    uint32_t acked[2]; /* what each side has acknowledged of the other, as stream offset */
    bool quiet;        /* no log */
    void (*on_open)(struct flow_conn *conn);
    struct flow_conn last;            /* as of the last callback */
    uint32_t client_isn;              /* likewise */
    struct endpoint udp_src, udp_dst; /* of the last datagram, or the last one quoted */
};

void sim_init(struct sim *s, const struct flow_limits *limits);
void sim_fini(struct sim *s);

/* Packets, 1 ms after the last one, not yet pushed. Offsets are stream offsets. */
struct packet segment(struct sim *s, enum side from, uint8_t flags, uint32_t off, const char *text);
void push(struct sim *s, const struct packet *p);
/* The same packet again, later, as captured elsewhere. */
void push_copy(struct sim *s, struct packet p, int64_t after_ns);

/* Build and push. */
void syn(struct sim *s);
void syn_ack(struct sim *s);
void ack(struct sim *s, enum side from, uint32_t off, uint32_t acked);
void data(struct sim *s, enum side from, uint32_t off, const char *text);
void fin(struct sim *s, enum side from, uint32_t off);
void rst(struct sim *s, enum side from, uint32_t off);
/* All three; packets 1 to 3. The log is empty afterwards. */
void handshake(struct sim *s);

struct endpoint endpoint_at(const char *ip, uint16_t port);
const struct flow_counters *counters(const struct sim *s);
/* Compares the log and empties it. */
void expect_at(struct sim *s, const char *want, const char *file, int line);
#define expect(s, want) expect_at((s), (want), __FILE__, __LINE__)

#endif
