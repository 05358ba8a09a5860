/* Reads times in the forms that programs print. Results are nanoseconds since 1970. */
#ifndef P2T_BASE_TIMEPARSE_H
#define P2T_BASE_TIMEPARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* RFC 3339 with T or a space, any number of fractional digits, and a zone ("Z", "+01:00", "-0700") or none, which means
 * UTC; text after that (" MST m=+0.1", as Go prints) is ignored. Fractions below a nanosecond are cut off. False when s
 * is no such time, or outside 1677 to 2262, as Go's zero time is. */
bool time_parse(struct slice s, int64_t *ns);
/* The same; sets *taken to the length of the time and its zone. */
bool time_parse_prefix(struct slice s, int64_t *ns, size_t *taken);
/* v is seconds, milli-, micro- or nanoseconds since 1970: its magnitude shows which. False when it is too small for any
 * of them, and so a duration. */
bool time_from_number(double v, int64_t *ns);

#endif
