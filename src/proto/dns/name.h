/* Names in DNS messages: internal to the DNS decoder. */
#ifndef P2T_PROTO_DNS_NAME_H
#define P2T_PROTO_DNS_NAME_H

#include "base/reader.h"
#include "proto/dns/dns.h"

/* Reads the name at the reader, which stands inside `message`, and leaves the reader after it. `text` gets the
 * presentation form and a NUL. Returns its length, or 0 and a failed reader. */
size_t dns_name_read(struct slice message, struct reader *r, char text[DNS_NAME_MAX]);

#endif
