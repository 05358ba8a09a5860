/* UTF-8 validation of text from the wire. */
#ifndef P2T_BASE_UTF8_H
#define P2T_BASE_UTF8_H

#include "base/slice.h"

/* Length of the valid UTF-8 sequence at s.p (RFC 3629), 1 to 4; 0 when there is none. s.n > 0. */
size_t utf8_sequence(struct slice s);

#endif
