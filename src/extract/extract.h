/* Cuts exchanges out of captures: their packets as a capture of their own, of which the same is told. */
#ifndef P2T_EXTRACT_EXTRACT_H
#define P2T_EXTRACT_EXTRACT_H

#include "base/buf.h"
#include "extract/subject.h"
#include "pcap2trace/session.h"

struct extract_config {
    /* Where the exchanges are found: paths, filter, keylog, redaction and so on. Its callbacks are not called. */
    const struct p2t_config *session;
    const struct subjects *subjects;
    int64_t latest_ns; /* of the captures' packets */
    bool minimal;      /* only packets that an event or finding rests on */
    bool with_secrets; /* TLS secrets of these connections go along */
    bool (*stop)(void *ctx);
    void *ctx;
    int (*write)(void *ctx, const void *bytes, size_t n); /* 0, or P2T_ERR_IO */
    void *write_ctx;
};

/* What came of it. */
struct extract_result {
    uint64_t frames;
    size_t same;     /* exchanges of which the extract, read again, says the same */
    uint64_t odd_id; /* the first of the others ... */
    const char *odd; /* ... and what differs: static */
};

/* Writes one capture with the packets of all subjects. 0 or a negative p2t_status; P2T_ERR_IO: of writing, or of what is
 * kept meanwhile, with errno. */
int extract_run(const struct extract_config *config, struct extract_result *result);

#endif
