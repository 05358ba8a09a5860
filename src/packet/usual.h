/* The frame that most captures are full of: Ethernet, IPv4 without options or fragments, TCP. */
#ifndef P2T_PACKET_USUAL_H
#define P2T_PACKET_USUAL_H

#include "input/frame.h"
#include "packet/packet.h"

/* False: another one, or something is odd about it: *out is void, and the walk says what it is. */
bool packet_usual(const struct input_frame *frame, struct packet *out);

#endif
