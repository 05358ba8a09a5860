/* What is wrong with a certificate, as far as it shows. */
#ifndef P2T_CORRELATE_TLS_CERTIFICATE_H
#define P2T_CORRELATE_TLS_CERTIFICATE_H

#include "base/arena.h"
#include "proto/fact.h"

/* What Go's verifier would say of it at ts_ns, in its words, allocated in `a`; n == 0: nothing, as far as the
 * certificate shows. The chain of trust is not looked at. */
struct slice certificate_problem(struct arena *a, const struct tls_certificate *cert, struct slice host,
                                 int64_t ts_ns);

#endif
