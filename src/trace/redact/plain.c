#include "trace/redact/plain.h"

#include "trace/redact/shape.h"

enum byte_kind { BYTE_ODD, BYTE_ORDINARY, BYTE_DASH, BYTE_DELIMITER, BYTE_EQUALS };

/* Of what scan_text() tells apart; all that may begin something secret is odd. */
static const uint8_t byte_kinds[256] = {
    ['a' ... 'z'] = BYTE_ORDINARY, ['A' ... 'Z'] = BYTE_ORDINARY,
    ['0' ... '9'] = BYTE_ORDINARY, ['_'] = BYTE_ORDINARY,
    ['.'] = BYTE_ORDINARY,         ['~'] = BYTE_ORDINARY,
    ['+'] = BYTE_ORDINARY,         ['*'] = BYTE_ORDINARY,
    ['!'] = BYTE_ORDINARY,         ['-'] = BYTE_DASH,
    ['/'] = BYTE_DELIMITER,        ['?'] = BYTE_DELIMITER,
    ['&'] = BYTE_DELIMITER,        [';'] = BYTE_DELIMITER,
    [','] = BYTE_DELIMITER,        ['='] = BYTE_EQUALS,
};

/* `code` and `sv` are secret in some company only. */
static bool is_ordinary(const struct names *names, struct slice key)
{
    return names_judge(names, key, NAME_FIELD | NAME_KEY) != NAME_SECRET && !slice_ieq(key, SLICE_LIT("code")) &&
           !slice_ieq(key, SLICE_LIT("sv"));
}

static bool key_is_ordinary(struct plain *p, const struct names *names, struct slice key)
{
    if (key.n == 0)
        return true;
    if (key.n > PLAIN_KEY_BYTES)
        return false;
    struct plain_key *k = &p->keys[(key.n * 5 + key.p[0] + key.p[key.n - 1] * 3u) % PLAIN_KEYS];
    if (k->n != key.n || memcmp(k->name, key.p, key.n) != 0) {
        memcpy(k->name, key.p, key.n);
        k->n = (uint8_t)key.n;
        k->ordinary = is_ordinary(names, key);
    }
    return k->ordinary;
}

bool plain_url(struct plain *p, const struct names *names, struct slice url)
{
    size_t from = 0; /* where the word at hand began */

    for (size_t i = 0; i < url.n; i++) {
        enum byte_kind kind = byte_kinds[url.p[i]];
        if (kind == BYTE_ORDINARY)
            continue;
        if (i - from >= SHAPE_BYTES_LEAST || kind == BYTE_ODD)
            return false;
        if (kind == BYTE_DASH) {
            if (i > 0 && url.p[i - 1] == '-') /* PEM */
                return false;
            continue;
        }
        if (kind == BYTE_EQUALS && !key_is_ordinary(p, names, slice_of(url.p + from, i - from)))
            return false;
        from = i + 1;
    }
    return url.n - from < SHAPE_BYTES_LEAST;
}
