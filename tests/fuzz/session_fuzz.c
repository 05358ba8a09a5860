/* A whole capture file through every stage, and everything that comes out against what users are promised. */
#include <stdio.h>
#include <stdlib.h>

#include "support/session_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct session_check check;

    if (session_check_bytes(&check, data, size, NULL, 1))
        return 0;
    fprintf(stderr, "%s\n", check.broken);
    abort();
}
