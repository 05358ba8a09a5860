/* ARP (RFC 826) in frames of Ethernet: the only link on which it says why an address is not reached. */
#ifndef P2T_EXTRACT_ARP_H
#define P2T_EXTRACT_ARP_H

#include "base/addr.h"
#include "input/frame.h"

/* True where the frame is an ARP packet; *sender and *target are the addresses that it speaks of. */
bool arp_read(const struct input_frame *frame, struct ip_addr *sender, struct ip_addr *target);

#endif
