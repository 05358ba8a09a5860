#include "proto/dns/name.h"

enum {
    WIRE_MAX = 255, /* RFC 1035 3.1, length bytes included */
    LABEL_TYPE = 0xc0,
    POINTER = 0xc0
};

/* Of which names are made, mostly: put_escaped() changes none of them. */
static const bool plain[256] = {
    ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['-'] = true, ['_'] = true,
};

static size_t put_escaped(char *text, uint8_t c)
{
    size_t n = 0;

    if (c > 0x20 && c < 0x7f) {
        if (c == '.' || c == '\\')
            text[n++] = '\\';
        text[n++] = (char)c;
        return n;
    }
    text[n++] = '\\';
    text[n++] = (char)('0' + c / 100);
    text[n++] = (char)('0' + c / 10 % 10);
    text[n++] = (char)('0' + c % 10);
    return n;
}

static size_t put_label(char *text, struct slice label)
{
    size_t n = 0;

    for (size_t i = 0; i < label.n; i++) {
        uint8_t c = label.p[i];
        if (plain[c])
            text[n++] = (char)c;
        else
            n += put_escaped(text + n, c);
    }
    return n;
}

/* Moves `at` to where the pointer's second byte and `high` point. Every jump goes back behind the start of the run of
 * labels it leaves, so that jumps end (RFC 1035 4.1.4: a prior occurrence). */
static void follow_pointer(struct slice message, struct reader *at, size_t *run_start, uint8_t high)
{
    size_t target = (size_t)(high & ~LABEL_TYPE) << 8 | reader_u8(at);

    if (!reader_ok(at))
        return;
    if (target >= *run_start) {
        reader_fail(at, READ_BAD);
        return;
    }
    *run_start = target;
    *at = reader_of(message.p + target, message.n - target);
}

/* Text length so far; the reader fails where a label makes no sense. */
static size_t read_label(struct reader *at, uint8_t length, size_t *wire, char *text, size_t n)
{
    *wire += length + 1u;
    if ((length & LABEL_TYPE) != 0 || *wire > WIRE_MAX) {
        reader_fail(at, READ_BAD);
        return n;
    }
    if (n > 0)
        text[n++] = '.';
    return n + put_label(text + n, reader_slice(at, length));
}

size_t dns_name_read(struct slice message, struct reader *r, char text[DNS_NAME_MAX])
{
    struct reader at = *r;
    size_t run_start = reader_ok(r) ? (size_t)(r->p - message.p) : 0;
    size_t n = 0, wire = 1, in_place = 0;
    bool jumped = false;
    uint8_t length;

    while ((length = reader_u8(&at)) != 0) {
        bool pointer = (length & LABEL_TYPE) == POINTER;
        if (!jumped)
            in_place += pointer ? 2 : length + 1u;
        if (pointer)
            follow_pointer(message, &at, &run_start, length);
        else
            n = read_label(&at, length, &wire, text, n);
        jumped = jumped || pointer;
    }
    if (!reader_ok(&at)) {
        reader_fail(r, reader_status(&at));
        n = 0;
    } else {
        reader_skip(r, jumped ? in_place : in_place + 1);
        if (n == 0)
            text[n++] = '.';
    }
    text[n] = '\0';
    return n;
}
