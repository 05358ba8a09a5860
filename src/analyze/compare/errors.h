/* Compares error texts, which programs wrap in words of their own. */
#ifndef P2T_ANALYZE_COMPARE_ERRORS_H
#define P2T_ANALYZE_COMPARE_ERRORS_H

#include "base/slice.h"

/* text without net/http's wrapper `Get "URL": `, if it has one. */
struct slice error_unwrapped(struct slice text);
/* True if the texts are equal, or one ends with the other after ": ", as in "fetching stock: dial tcp: lookup ...". */
bool error_same(struct slice live, struct slice wire);
/* True for the error of a client that ended the call itself: a cancellation, a deadline, a timeout. */
bool error_is_giving_up(struct slice text);
/* True for a rebuilt error that stands for an encrypted alert: any live error may be it. */
bool error_is_hidden(struct slice wire);

#endif
