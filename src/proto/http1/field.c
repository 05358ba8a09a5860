#include "proto/http1/field.h"

const struct fact_header *http1_header(const struct fact_http_head *head, struct slice name)
{
    for (size_t i = 0; i < head->header_count; i++)
        if (slice_ieq(head->headers[i].name, name))
            return &head->headers[i];
    return NULL;
}
