#include "report/bins.h"

enum { FIRST_SHIFT = 16 }; /* 65 us */

enum bin_class bin_class_of(const struct p2t_exchange *x)
{
    bool never = x->outcome == P2T_OUTCOME_DNS_ERROR || x->outcome == P2T_OUTCOME_CONNECT_ERROR ||
                 x->outcome == P2T_OUTCOME_TLS_ERROR;

    if (never)
        return BIN_NEVER_SENT;
    if (p2t_exchange_failed(x))
        return BIN_FAILED;
    if (x->outcome != P2T_OUTCOME_OK) /* also an attempt that the client itself sent again */
        return BIN_INCOMPLETE;
    return x->status >= 400 && x->status < 500 ? BIN_CLIENT_ERROR : BIN_OK;
}

/* Bins of twice the width. */
static void widen(struct bins *b)
{
    int64_t first = b->first >> 1;
    size_t n = b->n > 0 ? (size_t)(((b->first + (int64_t)b->n - 1) >> 1) - first + 1) : 0;
    struct bins wide = {.shift = b->shift + 1, .first = first, .n = n};

    for (size_t i = 0; i < b->n; i++)
        for (int c = 0; c < BIN_CLASS_COUNT; c++)
            wide.count[((b->first + (int64_t)i) >> 1) - first][c] += b->count[i][c];
    *b = wide;
}

static bool reaches(struct bins *b, int64_t bin)
{
    int64_t last = b->first + (int64_t)b->n - 1;

    if (b->n == 0)
        return true;
    /* Numbers of bins are below 2^47: no overflow. */
    return (bin > last ? bin : last) - (bin < b->first ? bin : b->first) < BINS_MAX;
}

static void stretch(struct bins *b, int64_t bin)
{
    if (b->n == 0) {
        b->first = bin;
        b->n = 1;
    } else if (bin < b->first) {
        size_t by = (size_t)(b->first - bin);
        memmove(&b->count[by], &b->count[0], b->n * sizeof b->count[0]);
        memset(&b->count[0], 0, by * sizeof b->count[0]);
        b->first = bin;
        b->n += by;
    } else if (bin >= b->first + (int64_t)b->n) {
        b->n = (size_t)(bin - b->first) + 1;
    }
}

void bins_add(struct bins *b, int64_t ns, enum bin_class class)
{
    if (b->n == 0)
        b->shift = FIRST_SHIFT;
    while (!reaches(b, ns >> b->shift))
        widen(b);
    stretch(b, ns >> b->shift);
    b->count[(ns >> b->shift) - b->first][class]++;
}

void bins_json(const struct bins *b, struct buf *out)
{
    buf_printf(out, "{\"width_ns\":\"%llu\",\"first_ns\":\"%lld\",\"counts\":[", 1ULL << b->shift,
               (long long)(int64_t)((uint64_t)b->first << b->shift));
    for (size_t i = 0; i < b->n; i++)
        for (int c = 0; c < BIN_CLASS_COUNT; c++)
            buf_printf(out, "%s%llu", i + (size_t)c > 0 ? "," : "", (unsigned long long)b->count[i][c]);
    buf_lit(out, "]}");
}
