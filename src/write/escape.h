/* Makes text from the wire safe for terminals, chats and spreadsheets. */
#ifndef P2T_WRITE_ESCAPE_H
#define P2T_WRITE_ESCAPE_H

#include "base/buf.h"
#include "pcap2trace/exchange.h"

/* Appends s as valid UTF-8 without anything that moves a cursor, changes a colour or reorders text: controls (C0, DEL,
 * C1), invalid bytes and a backslash itself become C escapes (\n, \x1b, \\), invisible and direction-changing
 * characters \u202e. What is appended can be turned back into s. */
void escape_text(struct buf *b, struct p2t_text s);
/* The same, but a backslash stays one: what errors quote from the wire is escaped already, as Go does. */
void escape_error(struct buf *b, struct p2t_text s);
/* The n bytes of one UTF-8 character. */
uint32_t escape_code_point(const uint8_t *p, size_t n);
/* A character that is not to be seen, or reorders what is: C1 controls, direction marks, zero-width and the like. */
bool escape_is_unseen(uint32_t code);

#endif
