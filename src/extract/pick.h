/* Reads captures again, and chooses the packets of some exchanges. */
#ifndef P2T_EXTRACT_PICK_H
#define P2T_EXTRACT_PICK_H

#include "extract/spool.h"
#include "extract/subject.h"
#include "pcap2trace/session.h"

/* How much around an exchange is taken: what stands first is told the same by the fewest packets. */
enum pick_reach {
    PICK_EVIDENCE,   /* only packets that something rests on */
    PICK_CONNECTION, /* its connection from the SYN to its end, its lookups, its dials, ICMP and ARP about them */
    PICK_LIFE,       /* the whole of these connections, and all lookups of the client meanwhile */
    PICK_CLIENT,     /* all that the client sent and was sent until then */
    PICK_REACHES
};

struct pick_config {
    const struct p2t_config *input; /* its paths, recursive, filter */
    const struct spool *from;       /* not NULL: what was chosen before is read instead of the input */
    const struct subjects *subjects;
    const struct proofs *proofs;
    enum pick_reach reach;
    int64_t latest_ns; /* of the captures: a packet of nobody says that they go on until then; 0: no such packets */
    /* True when a signal asks to stop. May be NULL. */
    bool (*stop)(void *ctx);
    void *ctx;
};

/* What captures bring along for those that read them. */
struct pick_extra {
    struct buf secrets; /* TLS secrets in the NSS key log format */
};

/* Fills the spool, in the order of time, and seals it. 0 or a negative p2t_status; P2T_ERR_STOPPED: stop() said so. */
int pick_frames(const struct pick_config *config, struct spool *spool, struct pick_extra *extra);
/* The index of a path in subjects.paths; UINT32_MAX where nothing rests on packets of it. */
uint32_t pick_path(const struct subjects *subjects, const char *path);

#endif
