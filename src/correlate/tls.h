/* What a connection's TLS needs while it is under way. */
#ifndef P2T_CORRELATE_TLS_H
#define P2T_CORRELATE_TLS_H

#include "correlate/state.h"

struct conn_tls {
    struct exchange_tls info;
    bool told;               /* an exchange tells of the handshake */
    uint32_t tickets;        /* records so far that look like a NewSessionTicket */
    bool answered;           /* a record of the open exchange's response cannot be one */
    uint32_t answer_records; /* of the open exchange's response */
};

#endif
