/* Values that are secret by their looks: keys of known providers, JSON Web Tokens, PEM, long random texts. */
#ifndef P2T_TRACE_REDACT_SHAPE_H
#define P2T_TRACE_REDACT_SHAPE_H

#include "base/slice.h"

/* Shorter ones are not looked at. */
enum { SHAPE_BYTES_LEAST = 20 };

/* Bytes of the secret that begins at s.p[i], which follows no letter and no digit; 0: none does. */
size_t shape_known(struct slice s, size_t i);
/* As shape_known(), of a run of letters, digits and -._~+ (also /, unless `path`) that begins at i; *end is where it ends
 * in any case. */
size_t shape_random(struct slice s, size_t i, bool path, size_t *end);
/* Of "Bearer abc...", the bytes up to the credentials, and how many those are; 0: no credentials follow. */
size_t shape_scheme(struct slice s, size_t i, size_t *credentials);

#endif
