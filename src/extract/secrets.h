/* The TLS secrets of some connections, and of no others. */
#ifndef P2T_EXTRACT_SECRETS_H
#define P2T_EXTRACT_SECRETS_H

#include "base/buf.h"
#include "extract/spool.h"

/* Appends the lines of a key log (NSS's format) that belong to the subjects' connections in the spool: those of the file,
 * which may be NULL, and of `brought`. 0, P2T_ERR_MEMORY, or P2T_ERR_IO with errno. */
int secrets_of(const struct spool *spool, const struct subjects *subjects, const char *keylog, struct slice brought,
               struct buf *out);

#endif
