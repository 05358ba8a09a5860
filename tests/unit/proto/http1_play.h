/* Plays a scripted connection through the HTTP/1 decoder and writes down the facts, one line each. */
#ifndef P2T_TESTS_HTTP1_PLAY_H
#define P2T_TESTS_HTTP1_PLAY_H

#include "base/buf.h"
#include "proto/http1/http1.h"

enum step_kind {
    STEP_END = 0, /* of the script */
    STEP_BYTES,
    STEP_CUT,  /* bytes, and `n` more that the capture did not keep */
    STEP_HOLE, /* n bytes that were never captured */
    STEP_FIN,
    STEP_RESET,
    STEP_CLOSE
};

struct step {
    enum step_kind kind;
    enum flow_dir dir;
    const char *text;
    size_t n;
};

#define ASK(s)                                                                                                       \
    {                                                                                                                \
        STEP_BYTES, FLOW_C2S, (s), 0                                                                                 \
    }
#define SAY(s)                                                                                                       \
    {                                                                                                                \
        STEP_BYTES, FLOW_S2C, (s), 0                                                                                 \
    }
#define ASK_CUT(s, n)                                                                                                \
    {                                                                                                                \
        STEP_CUT, FLOW_C2S, (s), (n)                                                                                 \
    }
#define SAY_CUT(s, n)                                                                                                \
    {                                                                                                                \
        STEP_CUT, FLOW_S2C, (s), (n)                                                                                 \
    }
#define ASK_HOLE(n)                                                                                                  \
    {                                                                                                                \
        STEP_HOLE, FLOW_C2S, "", (n)                                                                                 \
    }
#define SAY_HOLE(n)                                                                                                  \
    {                                                                                                                \
        STEP_HOLE, FLOW_S2C, "", (n)                                                                                 \
    }
#define ASK_FIN                                                                                                      \
    {                                                                                                                \
        STEP_FIN, FLOW_C2S, "", 0                                                                                    \
    }
#define SAY_FIN                                                                                                      \
    {                                                                                                                \
        STEP_FIN, FLOW_S2C, "", 0                                                                                    \
    }
#define RESET                                                                                                        \
    {                                                                                                                \
        STEP_RESET, FLOW_C2S, "", 0                                                                                  \
    }
#define CLOSE                                                                                                        \
    {                                                                                                                \
        STEP_CLOSE, FLOW_C2S, "", 0                                                                                  \
    }

enum { STEPS_MAX = 16, SPLIT_NOWHERE = -1, SPLIT_EVERYWHERE = -2 };

struct play {
    const struct step *steps;
    struct http1_limits limits;
    int64_t step_ns; /* from one step to the next */
    bool mid_stream;
    bool show_headers;
    int split; /* the script's bytes are cut before this one, counted over all steps; or SPLIT_* */
    struct http1_counters counters; /* afterwards */
    uint64_t tunnelled;             /* bytes that were left to the caller */
};

/* The facts, terminated; free with buf_fini().
 *
 * A line is the exchange's number and: "GET /a" or "200" for a head, "sent N" or "got N" for the end of a request or
 * response with N bytes of body, "bad WHY", "tunnel". Behind it what is special about it. */
struct buf play(struct play *p);
/* Bytes of all steps. */
int play_bytes(const struct step *steps);

#endif
