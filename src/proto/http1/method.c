#include "proto/http1/method.h"

#include <llhttp.h>

/* Methods of llhttp's list; HTTP_SOURCE and below the RTSP ones belong to other protocols on other ports. */
static const struct slice methods[] = {
#define X(num, name, string) SLICE_INIT(#string),
    HTTP_METHOD_MAP(X)
#undef X
};

bool http1_is_method(struct slice word)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (slice_eq(word, methods[i]))
            return true;
    return false;
}

bool http1_begins_method(struct slice s)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (slice_starts(methods[i], s))
            return true;
    return false;
}
