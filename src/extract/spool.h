/* The frames that were chosen, kept until they are written: in memory while they are few, else in a file without a name. */
#ifndef P2T_EXTRACT_SPOOL_H
#define P2T_EXTRACT_SPOOL_H

#include <stdbool.h>

#include "base/buf.h"
#include "extract/subject.h"
#include "input/frame.h"

enum { SPOOL_NO_LANE = 0 };

struct spool_frame {
    struct input_frame frame; /* its bytes: in spool_bytes() */
    uint64_t at;              /* where they begin */
    struct subject_ref ref;   /* which packet of the captures it is */
    uint32_t lane;            /* of pick.h; SPOOL_NO_LANE: of none */
    bool proves;              /* something of an exchange rests on it */
    bool clock;               /* no packet: the captures go on until then */
    bool dropped;             /* it turned out not to be wanted */
};

/* A zeroed one is empty and ready. */
struct spool {
    struct spool_frame *frames;
    size_t count, cap;
    uint64_t bytes;
    struct buf held; /* the first bytes, or those not yet in the file */
    int fd;          /* of the file, plus one; 0: there is none */
    uint8_t *map;    /* after spool_seal() */
    size_t map_bytes;
};

/* Appends a copy of the frame. The entry is valid until the next is added; NULL when memory or the disk is full. */
struct spool_frame *spool_add(struct spool *s, const struct input_frame *frame);
/* No frame follows: the bytes can be read and changed. 0, P2T_ERR_IO with errno, or P2T_ERR_MEMORY. */
int spool_seal(struct spool *s);
/* The cap_len bytes of a frame, after spool_seal(). */
uint8_t *spool_bytes(const struct spool *s, const struct spool_frame *f);
/* Frees everything; the spool is empty again. */
void spool_fini(struct spool *s);

#endif
