/* Text of lines that a terminal has no room for: they are broken between words. */
#ifndef P2T_CLI_FOLDED_H
#define P2T_CLI_FOLDED_H

#include "base/buf.h"

struct folded {
    size_t columns;  /* of the terminal; 0: lines stay as they are */
    bool cut;        /* what has no place to break is cut, with an ellipsis */
    struct buf line; /* what came of a line that is not whole yet */
};

/* Takes text, in pieces of any length, and appends the lines that are whole now. What follows a break is indented. */
void folded_take(struct folded *f, const void *text, size_t n, struct buf *out);
/* Appends what is left of the last line, and frees it. */
void folded_end(struct folded *f, struct buf *out);

#endif
