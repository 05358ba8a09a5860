/* A server's certificate, in the clear or decrypted. Servers send the same one again and again:
 * the last ones read are kept. */
#ifndef P2T_PROTO_TLS_CERTIFICATE_H
#define P2T_PROTO_TLS_CERTIFICATE_H

#include "base/addr.h"
#include "base/reader.h"

/* Valid until the next call of tls_certificates_read. */
struct tls_certificate {
    size_t chain;              /* certificates sent; the rest is about the first */
    bool readable;             /* OpenSSL could make sense of it */
    struct slice subject;      /* its common name; empty: none */
    const struct slice *names; /* dNSName of its subjectAltName */
    size_t name_count;
    const struct ip_addr *addrs; /* iPAddress of its subjectAltName */
    size_t addr_count;
    int64_t not_before_s, not_after_s; /* since 1970 */
};

struct tls_certificates;

/* NULL when memory ran out. */
struct tls_certificates *tls_certificates_new(void);
void tls_certificates_free(struct tls_certificates *c);
/* body: of a Certificate message; v13: as TLS 1.3 has it (RFC 8446 4.4.2). NULL when it holds none. */
const struct tls_certificate *tls_certificates_read(struct tls_certificates *c, struct slice body, bool v13);

#endif
