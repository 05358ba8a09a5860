#include "report/pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/utf8.h"

static void put_varint(struct buf *b, uint64_t v)
{
    if (!buf_reserve(b, 10))
        return;
    while (v >= 0x80) {
        b->p[b->n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    b->p[b->n++] = (uint8_t)v;
}

void pack_number(struct pack *p, unsigned column, uint64_t v)
{
    struct buf *b = &p->column[column];

    if (v < 0x80 && b->n < b->cap) /* as most are */
        b->p[b->n++] = (uint8_t)v;
    else
        put_varint(b, v);
}

void pack_known(struct pack *p, unsigned column, int64_t v)
{
    pack_number(p, column, v < 0 ? 0 : (uint64_t)v + 1);
}

void pack_delta(struct pack *p, unsigned column, int64_t v)
{
    int64_t d = (int64_t)((uint64_t)v - (uint64_t)p->last[column]);

    pack_number(p, column, (uint64_t)d << 1 ^ (d < 0 ? UINT64_MAX : 0));
    p->last[column] = v;
}

void pack_id(struct pack *p, unsigned column, uint64_t id)
{
    buf_le64(&p->column[column], id);
}

/* After so many of a stream of which 3 in 4 were new, to look for the next costs more than to keep it twice. */
enum { ENOUGH = 256 };

static bool hardly_repeats(const struct pack_stream *s)
{
    return s->put >= ENOUGH && s->fresh > s->put - s->put / 4;
}

static bool is_last(const struct pack *p, const struct pack_stream *s, struct slice text)
{
    return s->number != 0 && slice_eq(slice_of(p->texts.p + s->at, s->n), text);
}

static struct slice text_of(const struct pack *p, uint32_t number)
{
    size_t end = number < p->text_count ? p->begin[number] : p->texts.n;

    return slice_of(p->texts.p + p->begin[number - 1], end - p->begin[number - 1]);
}

static bool has_room(struct pack *p)
{
    if (p->text_count < p->begin_room)
        return true;
    size_t room = p->begin_room > 0 ? p->begin_room * 2 : 256;
    uint32_t *begin = reallocarray(p->begin, room, sizeof *begin);
    if (begin == NULL)
        return false;
    p->begin = begin;
    p->begin_room = room;
    return true;
}

static void append_text(struct pack *p, struct pack_stream *s, struct slice text)
{
    if (!has_room(p) || p->texts.n > UINT32_MAX - text.n) {
        p->failed = true;
        return;
    }
    s->at = p->texts.n;
    s->n = text.n;
    p->begin[p->text_count] = (uint32_t)p->texts.n;
    s->number = ++p->text_count;
    buf_slice(&p->texts, text);
    put_varint(&p->lengths, text.n);
    p->failed |= p->texts.failed;
}

/* The slot of that text, or the one that it will have. */
static struct pack_slot *find_slot(const struct pack *p, uint32_t hash, struct slice text)
{
    size_t i = hash & (p->slots - 1);

    while (p->slot[i].number != 0 && (p->slot[i].hash != hash || !slice_eq(text_of(p, p->slot[i].number), text)))
        i = (i + 1) & (p->slots - 1);
    return &p->slot[i];
}

static void move_slot(struct pack_slot *to, size_t slots, struct pack_slot from)
{
    size_t i = from.hash & (slots - 1);

    while (to[i].number != 0)
        i = (i + 1) & (slots - 1);
    to[i] = from;
}

/* A third stays free. */
static bool has_slots(struct pack *p)
{
    if (p->slots_used * 3 < p->slots * 2)
        return true;
    size_t slots = p->slots > 0 ? p->slots * 2 : 512;
    struct pack_slot *slot = calloc(slots, sizeof *slot);
    if (slot == NULL)
        return false;
    for (size_t i = 0; i < p->slots; i++)
        if (p->slot[i].number != 0)
            move_slot(slot, slots, p->slot[i]);
    free(p->slot);
    p->slot = slot;
    p->slots = slots;
    return true;
}

static void seek_text(struct pack *p, struct pack_stream *s, struct slice text)
{
    uint32_t hash = (uint32_t)hash_bytes(text.p, text.n);

    if (!has_slots(p)) {
        p->failed = true;
        return;
    }
    struct pack_slot *found = find_slot(p, hash, text);
    if (found->number == 0) {
        s->fresh++;
        append_text(p, s, text);
        *found = (struct pack_slot){hash, p->failed ? 0 : s->number};
        p->slots_used++;
        return;
    }
    s->at = p->begin[found->number - 1];
    s->n = text.n;
    s->number = found->number;
}

static void put_text(struct pack *p, unsigned column, struct pack_stream *s, struct slice text)
{
    if (hardly_repeats(s)) {
        append_text(p, s, text);
    } else {
        s->put++;
        if (!is_last(p, s, text))
            seek_text(p, s, text);
    }
    pack_number(p, column, s->number);
}

void pack_made_text(struct pack *p, unsigned column, struct slice text)
{
    put_text(p, column, &p->stream[column], text);
}

void pack_part_text(struct pack *p, unsigned column, unsigned part, struct slice text)
{
    enum { PARTS = PACK_STREAMS - PACK_COLUMNS_MAX };

    put_text(p, column, &p->stream[PACK_COLUMNS_MAX + part % PARTS], text);
}

void pack_str(struct pack *p, unsigned column, const char *text)
{
    if (text == NULL)
        pack_number(p, column, 0);
    else
        pack_made_text(p, column, slice_str(text));
}

void pack_hex(struct pack *p, unsigned column, uint64_t id)
{
    char digits[16];

    for (size_t i = sizeof digits; i > 0; id >>= 4)
        digits[--i] = "0123456789abcdef"[id & 15];
    pack_made_text(p, column, slice_of(digits, sizeof digits));
}

static size_t ascii_bytes(struct slice s)
{
    uint64_t eight;
    size_t n = 0;

    for (; s.n - n >= sizeof eight; n += sizeof eight) {
        memcpy(&eight, s.p + n, sizeof eight);
        if ((eight & 0x8080808080808080) != 0)
            break;
    }
    while (n < s.n && s.p[n] < 0x80)
        n++;
    return n;
}

static void put_valid(struct buf *out, struct slice s)
{
    size_t plain = ascii_bytes(s);

    buf_put(out, s.p, plain);
    s = slice_from(s, plain);
    while (s.n > 0) {
        size_t n = utf8_sequence(s);
        if (n == 0)
            buf_lit(out, "\xef\xbf\xbd");
        else
            buf_put(out, s.p, n);
        s = slice_from(s, n > 0 ? n : 1);
    }
}

void pack_show(struct buf *out, struct p2t_text text)
{
    size_t n = text.n;

    if (n > PACK_TEXT_MAX) {
        n = PACK_TEXT_MAX;
        while (n > PACK_TEXT_MAX - 3 && ((uint8_t)text.p[n] & 0xc0) == 0x80) /* not inside a character */
            n--;
    }
    put_valid(out, slice_of(text.p, n));
    if (n < text.n)
        buf_printf(out, "... (%zu bytes more)", text.n - n);
}

void pack_text(struct pack *p, unsigned column, struct p2t_text text)
{
    if (text.p == NULL) {
        pack_number(p, column, 0);
        return;
    }
    struct slice s = slice_of(text.p, text.n);
    if (s.n <= PACK_TEXT_MAX && ascii_bytes(s) == s.n) {
        pack_made_text(p, column, s);
        return;
    }
    buf_reset(&p->scratch);
    pack_show(&p->scratch, text);
    p->failed |= p->scratch.failed;
    pack_made_text(p, column, slice_of(p->scratch.n > 0 ? p->scratch.p : (const uint8_t *)"", p->scratch.n));
}

size_t pack_bytes(const struct pack *p)
{
    size_t n = p->texts.n + p->lengths.n;

    for (unsigned i = 0; i < PACK_COLUMNS_MAX; i++)
        n += p->column[i].n;
    return n;
}

static void put_part(struct pack *p, struct buf *part, struct buf *out)
{
    put_varint(out, part->n);
    buf_put(out, part->p, part->n);
    p->failed |= part->failed;
}

void pack_write(struct pack *p, unsigned columns, struct buf *out)
{
    put_varint(out, p->rows);
    put_varint(out, p->text_count);
    put_part(p, &p->lengths, out);
    put_part(p, &p->texts, out);
    for (unsigned i = 0; i < columns; i++)
        put_part(p, &p->column[i], out);
    out->failed |= p->failed;
}

void pack_reset(struct pack *p)
{
    for (unsigned i = 0; i < PACK_COLUMNS_MAX; i++) {
        buf_reset(&p->column[i]);
        p->last[i] = 0;
    }
    memset(p->stream, 0, sizeof p->stream);
    buf_reset(&p->texts);
    buf_reset(&p->lengths);
    if (p->slots > 0)
        memset(p->slot, 0, p->slots * sizeof *p->slot);
    p->slots_used = 0;
    p->text_count = 0;
    p->rows = 0;
}

void pack_fini(struct pack *p)
{
    for (unsigned i = 0; i < PACK_COLUMNS_MAX; i++)
        buf_fini(&p->column[i]);
    buf_fini(&p->texts);
    buf_fini(&p->lengths);
    buf_fini(&p->scratch);
    free(p->begin);
    free(p->slot);
}
