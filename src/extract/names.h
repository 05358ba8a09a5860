/* The name that a DNS message asks for. */
#ifndef P2T_EXTRACT_NAMES_H
#define P2T_EXTRACT_NAMES_H

#include <stdbool.h>

#include "base/slice.h"

enum { NAMES_TEXT_MAX = 256 };

/* Writes the first question's name, in lower case and without a dot at its end; false where there is none to be read. */
bool names_asked(struct slice message, char text[NAMES_TEXT_MAX], size_t *n);
/* The name is `host`, or `host` with a suffix of the search list, or `host` is the name with one. */
bool names_belong(struct slice name, struct slice host);

#endif
