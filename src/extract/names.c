#include "extract/names.h"

#include "base/reader.h"

enum { HEADER_BYTES = 12, LABEL_MAX = 63, CLASS_IN = 1, OPCODE = 0x7800 };

/* RFC 1035 4.1.2: a question is the first name, so that nothing could be pointed at. */
bool names_asked(struct slice message, char text[NAMES_TEXT_MAX], size_t *n)
{
    struct reader r = reader_of_slice(message);
    size_t at = 0;

    reader_skip(&r, 2);
    uint16_t flags = reader_be16(&r), questions = reader_be16(&r);
    reader_skip(&r, HEADER_BYTES - 6);
    for (uint8_t bytes = reader_u8(&r); reader_ok(&r) && bytes > 0; bytes = reader_u8(&r)) {
        const uint8_t *label = bytes <= LABEL_MAX ? reader_take(&r, bytes) : NULL;
        if (label == NULL || at + bytes + 1 >= NAMES_TEXT_MAX)
            return false;
        if (at > 0)
            text[at++] = '.';
        for (size_t i = 0; i < bytes; i++)
            text[at++] = (char)(label[i] >= 'A' && label[i] <= 'Z' ? label[i] | 0x20 : label[i]);
    }
    *n = at;
    reader_skip(&r, 2);
    bool internet = reader_be16(&r) == CLASS_IN;
    return reader_ok(&r) && internet && questions == 1 && (flags & OPCODE) == 0 && at > 0;
}

bool names_is_answer(struct slice message)
{
    return message.n > 2 && (message.p[2] & 0x80) != 0;
}

static bool begins_with_label(struct slice name, struct slice host)
{
    return slice_starts(name, host) && (name.n == host.n || name.p[host.n] == '.');
}

bool names_belong(struct slice name, struct slice host)
{
    if (host.n > 0 && host.p[host.n - 1] == '.')
        host.n--;
    return host.n > 0 && (begins_with_label(name, host) || begins_with_label(host, name));
}
