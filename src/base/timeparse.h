/* Times in the forms that programs print them in. */
#ifndef P2T_BASE_TIMEPARSE_H
#define P2T_BASE_TIMEPARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* RFC 3339 with T or a space, any number of fractional digits, and a zone ("Z", "+01:00", "-0700") or none, which is
 * taken for UTC; what follows (" MST m=+0.1", as Go prints) is ignored. Fractions finer than a nanosecond are cut.
 * False when s is no such time, or one that int64_t nanoseconds do not reach: so for Go's zero time. */
bool time_parse(struct slice s, int64_t *ns);
/* The same, and tells how many bytes were the time and its zone. */
bool time_parse_prefix(struct slice s, int64_t *ns, size_t *taken);
/* Seconds, milli-, micro- or nanoseconds since 1970, told by their size; false when it is none of them: a duration. */
bool time_from_number(double v, int64_t *ns);

#endif
