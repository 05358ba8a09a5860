/* The name that a DNS message asks for. */
#ifndef P2T_EXTRACT_NAMES_H
#define P2T_EXTRACT_NAMES_H

#include <stdbool.h>

#include "base/slice.h"

enum { NAMES_TEXT_MAX = 256 };

/* Writes the question's name, in lower case and without a dot at its end; false where the message is no query of one name, and
 * no answer to one, as far as its beginning tells. */
bool names_asked(struct slice message, char text[NAMES_TEXT_MAX], size_t *n);
/* Of such a message: it is the answer. */
bool names_is_answer(struct slice message);
/* The name is `host`, or `host` with a suffix of the search list, or `host` is the name with one. */
bool names_belong(struct slice name, struct slice host);

#endif
