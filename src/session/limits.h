/* Derives every limit on memory from one number. */
#ifndef P2T_SESSION_LIMITS_H
#define P2T_SESSION_LIMITS_H

#include "correlate/correlate.h"
#include "flow/table.h"
#include "packet/decode.h"
#include "proto/conn/conn.h"

struct session_limits {
    struct flow_limits flow;
    struct proto_limits proto;
    struct correlate_limits correlate;
    struct packet_limits packet;
    size_t ahead_bytes; /* for blocks of files that are read ahead */
};

/* max_memory: bytes that the whole program may hold; 0 means P2T_MEMORY_DEFAULT, less than P2T_MEMORY_LEAST means that.
 * Empties budget and sets its limit; the stages count in it what they hold for connections and exchanges. */
struct session_limits session_limits_of(size_t max_memory, struct budget *budget);

#endif
