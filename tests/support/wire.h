/* Packets of a capture, written as they are made: TCP conversations and DNS messages between addresses given as numbers.
 * Checksums are left empty, as a capture on the sending machine has them. */
#ifndef P2T_TESTS_SUPPORT_WIRE_H
#define P2T_TESTS_SUPPORT_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { FIN = 1, SYN = 2, RST = 4, PUSH = 8, ACK = 16 };
enum { UP, DOWN };
enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };
enum { HOST_UNREACHABLE = 1, PORT_UNREACHABLE = 3 };
enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28, NXDOMAIN = 3, ADDRESSES_MAX = 64 };

/* When the first packet is sent: 2023-11-14T22:13:20Z. */
#define WIRE_BEGIN_S UINT64_C(1700000000)

struct wire {
    FILE *to;
    uint64_t ns;   /* the time of the next packet */
    uint32_t snap; /* bytes kept of a packet, all its headers at least; 0: everything */
};

struct talk {
    uint32_t ip[2];
    uint16_t port[2];
    uint32_t seq[2];
    uint8_t shut[2]; /* not 0: that side's window is shut */
};

struct answer {
    int status;
    const char *alias; /* NULL: none; else the name's CNAME, and the addresses are the alias's */
    size_t addresses;
    uint32_t address[ADDRESSES_MAX];
};

void wire_begin(struct wire *w, FILE *to);
void wire_wait(struct wire *w, uint64_t us);
/* One segment; what is sent moves the sender's sequence number on. */
void wire_segment(struct wire *w, struct talk *t, int dir, unsigned flags, const void *payload, size_t n);
/* Bytes at `ahead` of the sender's sequence number, which stays. */
void wire_ahead(struct wire *w, const struct talk *t, int dir, uint32_t ahead, const void *payload, size_t n);
void wire_text(struct wire *w, struct talk *t, int dir, const char *text);
void wire_query(struct wire *w, const struct talk *t, uint16_t id, const char *name);
void wire_answer(struct wire *w, const struct talk *t, uint16_t id, const char *name, const struct answer *a);
/* The same for AAAA; the address is fd00:: with that last word. */
void wire_query_6(struct wire *w, const struct talk *t, uint16_t id, const char *name);
void wire_answer_6(struct wire *w, const struct talk *t, uint16_t id, const char *name, uint32_t last_word);
/* The server, or its network, says that the conversation's packets do not arrive: ICMP type 3 with that code, quoting the
 * last packet that the client sent. */
void wire_unreachable(struct wire *w, const struct talk *t, unsigned protocol, unsigned code);

#endif
