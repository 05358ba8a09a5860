/* Error texts, as programs wrap them. */
#ifndef P2T_ANALYZE_COMPARE_ERRORS_H
#define P2T_ANALYZE_COMPARE_ERRORS_H

#include "base/slice.h"

/* Without net/http's own wrapper: `Get "URL": `. */
struct slice error_unwrapped(struct slice text);
/* One of them may be wrapped in the other's words: "fetching stock: dial tcp: lookup ...". Empty ones are equal. */
bool error_same(struct slice live, struct slice wire);
/* What a client says that ended a call itself: a cancellation, a deadline, one of its timeouts. */
bool error_is_giving_up(struct slice text);
/* What is said of the wire where encryption hides which alert it was: any text may stand for it. */
bool error_is_hidden(struct slice wire);

#endif
