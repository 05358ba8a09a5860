#include "proto/http1/line.h"

bool http1_is_token(struct slice s)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i], letter = c | 0x20;
        if (!(letter >= 'a' && letter <= 'z') && !(c >= '0' && c <= '9') && (c == '\0' || strchr(others, c) == NULL))
            return false;
    }
    return s.n > 0;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

bool http1_read_version(struct fact_http_head *head, struct slice word)
{
    if (word.n != 8 || !slice_starts(word, SLICE_LIT("HTTP/")) || !is_digit(word.p[5]) || word.p[6] != '.' ||
        !is_digit(word.p[7]))
        return false;
    head->version_major = (uint8_t)(word.p[5] - '0');
    head->version_minor = (uint8_t)(word.p[7] - '0');
    return true;
}
