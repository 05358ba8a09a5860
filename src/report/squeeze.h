/* Compression of the page's data. */
#ifndef P2T_REPORT_SQUEEZE_H
#define P2T_REPORT_SQUEEZE_H

#include "base/buf.h"

/* Holds the memory that compressing takes. */
struct squeezer;

/* NULL when memory ran out. */
struct squeezer *squeezer_new(void);
void squeezer_free(struct squeezer *s);
/* The bytes as a gzip member, the same for the same bytes; free() it. NULL when memory ran out. */
uint8_t *squeeze(struct squeezer *s, struct slice bytes, size_t *length);

#endif
