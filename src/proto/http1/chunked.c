#include "proto/http1/chunked.h"

enum {
    LINE_MAX_BYTES = 4096, /* bufio's buffer: what ReadSlice gives at most */
    SIZE_DIGITS_MAX = 16,
    /* A chunk's overhead that counts as none, and how much of the rest is borne. */
    OVERHEAD_PER_CHUNK = 16,
    OVERHEAD_MAX = 16 << 10
};

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Blanks at the end of the line are no part of the size, those before anything else are. The first fault counts. */
static void size_byte(struct http1_chunked *c, uint8_t byte, bool lenient)
{
    int digit = hex_digit(byte);

    if (c->extension || c->bad_size != 0)
        return;
    if (byte == ' ' || byte == '\t') {
        c->blanks++;
        return;
    }
    if (c->blanks > 0 && !lenient)
        c->bad_size = FACT_BAD_CHUNK_BYTE;
    else if (byte == ';')
        c->extension = true;
    else if (digit < 0)
        c->bad_size = FACT_BAD_CHUNK_BYTE;
    else if (c->digits == SIZE_DIGITS_MAX)
        c->bad_size = FACT_BAD_CHUNK_SIZE;
    else {
        c->left = c->left << 4 | (uint64_t)digit;
        c->digits++;
    }
}

static bool has_excess(struct http1_chunked *c, uint32_t line)
{
    /* As Go's int64 counts, sizes beyond it included. */
    c->excess = (int64_t)((uint64_t)c->excess + line + 2 - (OVERHEAD_PER_CHUNK + 2 * c->left));
    if (c->excess < 0)
        c->excess = 0;
    return c->excess > OVERHEAD_MAX && c->left > 0;
}

static enum fact_bad size_line(struct http1_chunked *c, bool lenient)
{
    if (!lenient && c->cr == 0)
        return FACT_BAD_CHUNK_BARE_LF;
    if (!lenient && c->cr != c->line - 1)
        return FACT_BAD_CHUNK_BARE_CR;
    if (c->bad_size != 0)
        return c->bad_size;
    if (c->digits == 0)
        return FACT_BAD_CHUNK_EMPTY;
    return has_excess(c, c->line - 2) && !lenient ? FACT_BAD_CHUNK_EXCESS : 0;
}

/* One byte of a size's line. */
static void step_size(struct http1_chunked *c, uint8_t byte, bool lenient, struct http1_chunked_result *r)
{
    c->line++;
    if (byte == '\n') {
        r->bad = size_line(c, lenient);
        r->done = r->bad == 0 && c->left == 0;
        *c = (struct http1_chunked){.state = CHUNK_DATA, .left = c->left, .excess = c->excess};
        return;
    }
    if (c->line == LINE_MAX_BYTES)
        r->bad = FACT_BAD_CHUNK_LINE;
    else if (byte != '\r')
        size_byte(c, byte, lenient);
    else if (c->cr == 0)
        c->cr = c->line;
}

static void chunk_over(struct http1_chunked *c)
{
    *c = (struct http1_chunked){.excess = c->excess};
}

/* What stands behind a chunk's data. Go reads two bytes before it looks at them. */
static void step_end(struct http1_chunked *c, uint8_t byte, bool lenient, struct http1_chunked_result *r)
{
    if (c->state == CHUNK_CR && lenient && byte == '\n') {
        chunk_over(c);
    } else if (c->state == CHUNK_CR) {
        c->state = CHUNK_LF;
        c->cr = byte == '\r';
    } else if (byte != '\n' || c->cr == 0) {
        r->bad = FACT_BAD_CHUNK_END;
    } else {
        chunk_over(c);
    }
}

static uint64_t step_data(struct http1_chunked *c, uint64_t n)
{
    n = n < c->left ? n : c->left;
    c->left -= n;
    if (c->left == 0)
        c->state = CHUNK_CR;
    return n;
}

struct http1_chunked_result http1_chunked_feed(struct http1_chunked *c, struct slice bytes, bool lenient)
{
    struct http1_chunked_result r = {0};

    while (r.used < bytes.n && !r.done && r.bad == 0) {
        if (c->state == CHUNK_DATA) {
            uint64_t n = step_data(c, bytes.n - r.used);
            r.body_at = r.body_bytes == 0 ? r.used : r.body_at;
            r.body_bytes += n;
            r.used += n;
            continue;
        }
        uint8_t byte = bytes.p[r.used++];
        if (c->state == CHUNK_SIZE)
            step_size(c, byte, lenient, &r);
        else
            step_end(c, byte, lenient, &r);
    }
    return r;
}

bool http1_chunked_skip(struct http1_chunked *c, uint64_t missing)
{
    if (c->state != CHUNK_DATA || c->left < missing)
        return false;
    (void)step_data(c, missing);
    return true;
}
