/* "Did you mean ...?" */
#ifndef P2T_CLI_SUGGEST_H
#define P2T_CLI_SUGGEST_H

#include "base/buf.h"

/* The word of the list, with spaces between, that a slip of the fingers may have made this word of; empty: there is none. */
struct slice suggest_word(struct slice word, const char *list);
/* Appends "; did you mean 'X'?", with `before` in front of X, where there is such a word. */
void suggest_to(struct buf *b, struct slice word, const char *list, const char *before);

#endif
