#include "input/codec.h"

static const struct input_codec *const codecs[] = {&input_codec_gzip, &input_codec_zstd, &input_codec_lz4,
                                                   &input_codec_xz};

const struct input_codec *input_codec_find(struct slice head)
{
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
        if (codecs[i]->matches(head))
            return codecs[i];
    return NULL;
}
