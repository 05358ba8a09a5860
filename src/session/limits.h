/* Every limit on memory, from one number. */
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
    size_t ahead_bytes; /* what is read ahead */
};

/* max_memory: what the program may come to hold in all; 0: P2T_MEMORY_DEFAULT; less than P2T_MEMORY_LEAST
 * counts as that. What is held in flight counts in budget, which is empty and has its limit then. */
struct session_limits session_limits_of(size_t max_memory, struct budget *budget);

#endif
