/* One line of JSON that somebody else may have changed, made ready for cJSON: which recurses, keeps numbers as doubles, and
 * ends a string at its first NUL. */
#ifndef P2T_REREAD_LINE_H
#define P2T_REREAD_LINE_H

#include "base/buf.h"

/* Bytes that no UTF-8 text has, and that a line is refused for, stand for what cJSON would lose. */
enum {
    LINE_NUMBER = 0xfd,  /* begins a string: a number of more digits than a double holds */
    LINE_UNKNOWN = 0xfe, /* U+FFFD: a byte that was no UTF-8 when it was written */
    LINE_NUL = 0xff
};

/* Of an exchange, six levels are used; values of one with 64 interim responses of 1,024 fields each. */
enum { LINE_DEPTH_MAX = 8, LINE_VALUES_MAX = 1000000 };

/* Appends the line as described. NULL, or why it is refused: a static text. Memory that ran out shows in out->failed. */
const char *line_prepare(struct buf *out, struct slice line);

#endif
