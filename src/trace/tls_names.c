#include "base/buf.h"
#include "trace/build.h"

static const struct {
    uint16_t number;
    struct slice name;
} ciphers[] = {
#include "trace/tls_ciphers.inc"
};

static struct slice hexadecimal(struct trace *t, uint16_t v)
{
    char text[] = "0x0000";

    for (int i = 0; i < 4; i++)
        text[5 - i] = "0123456789ABCDEF"[v >> 4 * i & 15];
    return arena_copy(&t->arena, slice_of(text, 6));
}

struct slice tls_version_name(struct trace *t, uint16_t version)
{
    static const struct slice names[] = {SLICE_INIT("SSL 3.0"), SLICE_INIT("TLS 1.0"), SLICE_INIT("TLS 1.1"),
                                         SLICE_INIT("TLS 1.2"), SLICE_INIT("TLS 1.3")};

    if (version == 0)
        return (struct slice){NULL, 0};
    if (version >> 8 == 3 && (version & 0xff) < sizeof names / sizeof *names)
        return names[version & 0xff];
    return hexadecimal(t, version);
}

/* The table is sorted by number. */
struct slice tls_cipher_name(struct trace *t, uint16_t cipher)
{
    size_t low = 0, high = sizeof ciphers / sizeof *ciphers;

    if (cipher == 0)
        return (struct slice){NULL, 0};
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ciphers[middle].number == cipher)
            return ciphers[middle].name;
        if (ciphers[middle].number < cipher)
            low = middle + 1;
        else
            high = middle;
    }
    return hexadecimal(t, cipher);
}
