/* A key log file that may grow, be truncated or be replaced while it is read. */
#ifndef P2T_SESSION_KEYLOG_H
#define P2T_SESSION_KEYLOG_H

#include <sys/types.h>

#include "proto/conn/conn.h"

struct keylog {
    const char *path; /* NULL: there is none */
    int fd;           /* -1: not open yet */
    off_t at;         /* where the next line begins */
    bool once;        /* a pipe: it was read to its end */
    bool reported;    /* a failure to read it was */
};

/* Gives the lines that are new since the last call to proto. half: also a last line that has no end yet; it is read again
 * once it is whole. 0, P2T_ERR_IO with errno, or P2T_ERR_MEMORY. */
int keylog_read(struct keylog *k, struct proto *proto, bool half);
/* Closes the file; the next keylog_read() reads it from the start. */
void keylog_close(struct keylog *k);

#endif
