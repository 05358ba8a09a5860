#include "write/text/text.h"

void text_begin(struct buf *b, const struct out_options *o, enum text_style style)
{
    static const char *const codes[] = {"\x1b[1m", "\x1b[2m", "\x1b[1;31m", "\x1b[33m", "\x1b[32m"};

    if (o->color)
        buf_str(b, codes[style]);
}

void text_end(struct buf *b, const struct out_options *o)
{
    if (o->color)
        buf_lit(b, "\x1b[0m");
}
