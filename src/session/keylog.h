/* A key log file that may grow, be truncated or be replaced while it is read. */
#ifndef P2T_SESSION_KEYLOG_H
#define P2T_SESSION_KEYLOG_H

#include <sys/types.h>

#include "proto/conn/conn.h"

struct keylog {
    const char *path; /* NULL: there is none */
    int fd;           /* -1: not open yet */
    off_t at;         /* behind the last whole line */
    bool once;        /* a pipe: it was read to its end */
    bool told;        /* something was said about it */
};

/* Reads what is new. half: a last line without its end, too; it is read once more when it is whole. 0, P2T_ERR_IO with
 * errno, or P2T_ERR_MEMORY. */
int keylog_read(struct keylog *k, struct proto *proto, bool half);
void keylog_close(struct keylog *k);

#endif
