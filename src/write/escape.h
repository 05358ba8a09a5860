/* Makes text from the wire safe for terminals, chats and spreadsheets. */
#ifndef P2T_WRITE_ESCAPE_H
#define P2T_WRITE_ESCAPE_H

#include "base/buf.h"
#include "pcap2trace/exchange.h"

/* Appends s as valid UTF-8 without anything that moves a cursor, changes a colour or reorders text: controls (C0, DEL,
 * C1), invalid bytes and a backslash itself become C escapes (\n, \x1b, \\), invisible and direction-changing
 * characters \u202e. What is appended can be turned back into s. */
void escape_text(struct buf *b, struct p2t_text s);

#endif
