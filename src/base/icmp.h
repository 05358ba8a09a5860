/* What ICMP says of destinations that it does not reach. */
#ifndef P2T_BASE_ICMP_H
#define P2T_BASE_ICMP_H

/* The name of a code of type 3 of RFC 792, with those of RFC 1122 3.2.2.1 and RFC 1812 5.2.7.1 (family 4), or of type 1 of
 * RFC 4443 3.1 (family 6): "host unreachable". Static; "unreachable" for a code that is none. */
const char *icmp_unreachable_name(unsigned family, unsigned code);

#endif
