#include "flow/internal.h"

#define SWAP(type, a, b)                                                                                             \
    do {                                                                                                             \
        type swap_ = (a);                                                                                            \
        (a) = (b);                                                                                                   \
        (b) = swap_;                                                                                                 \
    } while (0)

void flow_tcp_swap_roles(struct flow_conn *conn)
{
    struct flow_tcp *c = hmap_entry(conn, struct flow_tcp, head);

    if (conn->roles != FLOW_ROLES_GUESSED)
        return;
    c->client_side ^= 1;
    c->client_isn = c->half[c->client_side].base - 1;
    SWAP(struct endpoint, conn->client, conn->server);
    SWAP(struct endpoint, conn->nat_client, conn->nat_server);
    SWAP(uint64_t, conn->packets[0], conn->packets[1]);
    SWAP(uint64_t, conn->payload_bytes[0], conn->payload_bytes[1]);
    SWAP(uint32_t, conn->retransmits[0], conn->retransmits[1]);
    SWAP(uint32_t, conn->out_of_order[0], conn->out_of_order[1]);
    SWAP(uint64_t, conn->lost_bytes[0], conn->lost_bytes[1]);
    SWAP(uint64_t, conn->delivered[0], conn->delivered[1]);
    SWAP(uint16_t, conn->mss[0], conn->mss[1]);
    SWAP(uint8_t, conn->scale[0], conn->scale[1]);
    SWAP(uint8_t, conn->ttl[0], conn->ttl[1]);
    SWAP(uint8_t, conn->rst_ttl[0], conn->rst_ttl[1]);
    if (conn->transport != NULL)
        SWAP(struct flow_sent, conn->transport->sent[0], conn->transport->sent[1]);
}
