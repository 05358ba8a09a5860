/* Texts out of a checkpoint's records. */
#ifndef P2T_BATCH_TAKE_H
#define P2T_BATCH_TAKE_H

#include <stdlib.h>

#include "base/reader.h"

static inline struct slice take_text(struct reader *r)
{
    return reader_slice(r, reader_le32(r));
}

/* A NUL-terminated copy; free() it. NULL: out of memory. */
static inline char *take_copy(struct slice text)
{
    char *copy = malloc(text.n + 1);

    if (copy == NULL)
        return NULL;
    if (text.n > 0)
        memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    return copy;
}

#endif
