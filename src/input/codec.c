#include "input/codec.h"

static const struct codec *const codecs[] = {&codec_gzip, &codec_zstd, &codec_lz4, &codec_xz};

const struct codec *codec_find(struct slice head)
{
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
        if (codecs[i]->matches(head))
            return codecs[i];
    return NULL;
}
