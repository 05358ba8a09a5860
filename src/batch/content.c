#include "batch/content.h"

#include "base/hash.h"

/* As in hash_stable(), by words: it is done for each packet. */
static uint64_t mixed(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

void content_add(struct content *c, const struct input_frame *f)
{
    uint64_t h = c->packets > 0 ? c->hash : HASH_STABLE_SEED;

    c->hash = mixed(mixed(h, (uint64_t)f->ts_ns), (uint64_t)f->wire_len << 32 | f->cap_len);
    c->packets++;
    if ((c->packets & (c->packets - 1)) == 0 && c->packets >> (CONTENT_MARKS - 1) <= 1)
        c->at[__builtin_ctzll(c->packets)] = c->hash;
}

static unsigned marks_of(uint64_t packets)
{
    unsigned marks = packets > 0 ? 64 - (unsigned)__builtin_clzll(packets) : 0;

    return marks < CONTENT_MARKS ? marks : CONTENT_MARKS;
}

bool content_begins(const struct content *c, const struct content *longer)
{
    unsigned marks = marks_of(c->packets);

    if (c->packets == longer->packets)
        return c->hash == longer->hash;
    return c->packets < longer->packets && (marks == 0 || c->at[marks - 1] == longer->at[marks - 1]);
}

void content_save(const struct content *c, struct buf *out)
{
    buf_le64(out, c->packets);
    buf_le64(out, c->hash);
    for (unsigned i = 0; i < marks_of(c->packets); i++)
        buf_le64(out, c->at[i]);
}

struct content content_load(struct reader *r)
{
    struct content c = {.packets = reader_le64(r)};

    c.hash = reader_le64(r);
    for (unsigned i = 0; i < marks_of(c.packets); i++)
        c.at[i] = reader_le64(r);
    return c;
}
