/* A key log reads the same however it is cut into pieces. The first byte says how. */
#include <stdlib.h>

#include "proto/tls/keys/keylog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tls_keylog *read_in_pieces(const uint8_t *data, size_t size, size_t piece)
{
    struct tls_keylog *k = tls_keylog_new(100, NULL);

    if (k == NULL)
        abort();
    for (size_t i = 0; i < size; i += piece)
        if (tls_keylog_feed(k, slice_of(data + i, size - i < piece ? size - i : piece)) != 0)
            abort();
    if (tls_keylog_end(k) != 0)
        abort();
    return k;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t zeros[TLS_CLIENT_RANDOM_BYTES];

    if (size == 0)
        return 0;
    struct tls_keylog *whole = read_in_pieces(data + 1, size - 1, size);
    struct tls_keylog *cut = read_in_pieces(data + 1, size - 1, data[0] % 64 + 1u);
    const struct tls_keylog_counters *a = tls_keylog_counters(whole), *b = tls_keylog_counters(cut);
    if (a->secrets != b->secrets || a->junk != b->junk || a->limit_hits != b->limit_hits || a->secrets > 100)
        abort();
    for (int i = 0; i < TLS_LABEL_COUNT; i++) {
        const struct tls_secret *x = tls_keylog_find(whole, zeros, (enum tls_label)i);
        const struct tls_secret *y = tls_keylog_find(cut, zeros, (enum tls_label)i);
        if ((x == NULL) != (y == NULL) || (x != NULL && memcmp(x, y, sizeof *x) != 0))
            abort();
    }
    tls_keylog_free(whole);
    tls_keylog_free(cut);
    return 0;
}
