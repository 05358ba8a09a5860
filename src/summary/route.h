/* Routes: what is one path to people, though ids make each call's another. */
#ifndef P2T_SUMMARY_ROUTE_H
#define P2T_SUMMARY_ROUTE_H

#include "base/buf.h"

/* Appends the path of a URL, without query and with * for each part that is an id: with a digit in it, of eight or more
 * hexadecimal digits, or of twenty or more letters, digits, - and _. At most 12 parts; "/..." stands for the rest. */
void route_of(struct buf *out, struct slice url);

#endif
