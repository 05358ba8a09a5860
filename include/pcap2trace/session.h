/* Reading captures: configure, step or run, and get each finished exchange in a callback.
 *
 *     struct p2t_config config = {.paths = paths, .path_count = 1, .exchange = on_exchange};
 *     struct p2t_session *session;
 *     if (p2t_session_open(&session, &config, NULL) == P2T_OK)
 *         p2t_session_run(session);
 *     p2t_session_free(session);
 *
 * A session is used by one thread at a time; sessions do not share state. */
#ifndef PCAP2TRACE_SESSION_H
#define PCAP2TRACE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap2trace/api.h"
#include "pcap2trace/exchange.h"
#include "pcap2trace/question.h"
#include "pcap2trace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct p2t_session;

/* Bounds of p2t_config.max_memory. */
#define P2T_MEMORY_DEFAULT ((size_t)256 << 20)
#define P2T_MEMORY_LEAST   ((size_t)32 << 20)
/* Slots of p2t_config.prepare are below this. */
#define P2T_SLOTS 32

/* An input that could not be read, or was cut; what was read of it before is in the result. */
struct p2t_problem {
    const char *path; /* as given, or folder/name */
    const char *text; /* one line */
    uint64_t packet;  /* number of the packet it stands at, from 1; 0: at none */
    uint64_t offset;  /* byte offset in the uncompressed file */
};

struct p2t_config {
    const char *const *paths; /* capture files, folders, or "-" for standard input */
    size_t path_count;
    bool recursive;     /* folders in folders, too */
    const char *filter; /* libpcap expression on the outer packet, or NULL */
    bool show_secrets;  /* leave Authorization, cookies, tokens in URLs ... as they are */
    /* Patterns, with * and ? and in any case, of names of header fields and query keys: more of them that are secret, and
     * those that are not, whatever else is said of them. Read by p2t_session_open() only. */
    const char *const *redact;
    size_t redact_count;
    const char *const *keep;
    size_t keep_count;
    bool all; /* also exchanges that are `quiet` */
    /* File of TLS secrets in the NSS key log format, or NULL. Those that a capture brings are used in any case. One
     * that cannot be read is a problem, not an error. */
    const char *keylog;
    /* 0 or 1: everything is done on the caller's thread. More: timelines are made, and `exchange` is called, on a thread
     * of the session's own, one at a time and in the same order; it is at rest whenever a function of the session has
     * returned 0 or a negative status. With `prepare` there are jobs - 1 such threads, at most 4. Packets are read and decoded on another, which also makes TLS keys ahead of them,
     * and files are read and decompressed on up to jobs - 1 threads more, at most 4; with a pipe among the paths neither
     * is done. What stands
     * between, from connections to settled exchanges, is done on one thread, in order. */
    unsigned jobs;
    /* Bytes that the session may come to hold, whatever it reads; 0: P2T_MEMORY_DEFAULT. It is what a program that does
     * nothing else becomes resident with. Less than P2T_MEMORY_LEAST counts as that. What does not fit is given up, the
     * least recently used first: handed over as it stands, incomplete, and counted in limits_hit. */
    size_t max_memory;
    void *ctx; /* handed to the callbacks */
    /* Each finished exchange, in the order in which they are settled: when nothing that may come can change them. Anything but 0 stops the session, which then
     * returns P2T_ERR_STOPPED. */
    int (*exchange)(void *ctx, const struct p2t_exchange *exchange);
    void (*problem)(void *ctx, const struct p2t_problem *problem); /* may be NULL */
    /* Each DNS question, when it is answered or will not be; NULL: not wanted. On the thread that calls the session, while
     * `exchange` may be called on another. */
    void (*question)(void *ctx, const struct p2t_question *question);
    /* Each TCP connection, also one that carried no exchange, when it is over; on the thread of `exchange` and in an
     * order of its own, which is the same in every run. An exchange of it may come before or after. Returns as
     * `exchange` does. NULL: nobody asks, and nothing is kept for it. */
    int (*connection)(void *ctx, const struct p2t_connection_record *connection);
    /* Both or none: with more than one job, and where `connection` is NULL, they take the place of `exchange`, so that
     * several threads do what can be done with each exchange alone. `prepare` is called for different exchanges on several
     * threads at once. What it makes belongs to the slot, which is below P2T_SLOTS: exchanges of one slot come one after
     * the other, in the order of `exchange`. `prepared` is called when all of a slot were prepared, one slot at a time, in
     * that order; the slot may be used again when it returns. Each returns as `exchange` does. */
    int (*prepare)(void *ctx, size_t slot, const struct p2t_exchange *exchange);
    int (*prepared)(void *ctx, size_t slot);
};

/* What was read and what was not, so far. */
struct p2t_counters {
    uint64_t frames, bytes;         /* read from captures, after the filter; wire bytes */
    int64_t earliest_ns, latest_ns; /* times of the packets, since 1970 UTC; 0 where there were none */
    uint64_t capture_bytes_read;    /* of the files on disk */
    uint64_t capture_bytes_total;   /* 0: unknown (standard input) */
    uint64_t files, problems;
    uint64_t tcp_packets, udp_packets, icmp_errors, tunnelled_packets;
    uint64_t connections, connection_attempts; /* TCP connections; those of them that began with a SYN */
    uint64_t syn_packets; /* of tcp_packets, SYNs without ACK; retransmissions and copies count */
    uint64_t dns_messages, http_requests, http_responses;
    uint64_t tls_secrets, tls_decrypted; /* secrets known; connections of which something was decrypted */
    uint64_t exchanges;                  /* handed over */
    uint64_t duplicate_packets, retransmitted_segments, out_of_order_segments;
    uint64_t lost_bytes, cut_bytes; /* never captured; captured packets cut by the snapshot length */
    uint64_t limits_hit;            /* a named limit was reached: something is shown as incomplete */
};

/* A reason for which frames gave no packet, or a decoder gave something up, and how often. */
struct p2t_reason {
    const char *key, *text;
    uint64_t count;
};

/* Processor time by stage, once all was read; with one job all of it is `following`. Files that are decompressed ahead are not
 * counted. */
struct p2t_spent {
    int64_t reading_ns;   /* packets read and decoded, on one thread */
    int64_t following_ns; /* connections, messages and exchanges, on the caller's thread */
    int64_t making_ns;    /* timelines, and `prepare` or `exchange`, on one thread or several */
    int64_t writing_ns;   /* `prepared` */
};

/* Opens the inputs. Inputs that cannot be read are problems, not errors. P2T_ERR_USAGE with *error set when the
 * filter does not compile: free() it; error may be NULL. */
P2T_API int p2t_session_open(struct p2t_session **session, const struct p2t_config *config, char **error);
/* Reads up to `frames` frames. 1: there is more; 0: all was read and every exchange was handed over; negative: a
 * p2t_status. */
P2T_API int p2t_session_step(struct p2t_session *session, size_t frames);
/* Steps to the end. */
P2T_API int p2t_session_run(struct p2t_session *session);
/* Ends early: what is open is handed over as it stands, marked incomplete. */
P2T_API int p2t_session_finish(struct p2t_session *session);
P2T_API void p2t_session_counters(const struct p2t_session *session, struct p2t_counters *counters);
P2T_API void p2t_session_spent(const struct p2t_session *session, struct p2t_spent *spent);
/* The n-th reason, in a fixed order; false when there are no more. Those with count 0 are given too. */
P2T_API bool p2t_session_reason(const struct p2t_session *session, size_t n, struct p2t_reason *reason);
/* NULL is allowed. */
P2T_API void p2t_session_free(struct p2t_session *session);

/* "0.2.0" */
P2T_API const char *p2t_version(void);

#ifdef __cplusplus
}
#endif

#endif
