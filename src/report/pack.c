#include "report/pack.h"

#include "base/utf8.h"

struct known_text {
    struct hmap_node node;
    size_t at, n; /* in texts */
    uint32_t number;
};

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
    put_varint(&p->column[column], v);
}

void pack_known(struct pack *p, unsigned column, int64_t v)
{
    put_varint(&p->column[column], v < 0 ? 0 : (uint64_t)v + 1);
}

void pack_delta(struct pack *p, unsigned column, int64_t v)
{
    int64_t d = (int64_t)((uint64_t)v - (uint64_t)p->last[column]);

    put_varint(&p->column[column], (uint64_t)d << 1 ^ (d < 0 ? UINT64_MAX : 0));
    p->last[column] = v;
}

void pack_id(struct pack *p, unsigned column, uint64_t id)
{
    buf_le64(&p->column[column], id);
}

static bool is_text(const struct pack *p, const struct known_text *t, struct slice text)
{
    return t != NULL && slice_eq(slice_of(p->texts.p + t->at, t->n), text);
}

static struct known_text *find_text(struct pack *p, uint64_t hash, struct slice text)
{
    for (struct hmap_node *n = hmap_first(&p->known, hash); n != NULL; n = hmap_next(n)) {
        struct known_text *t = hmap_entry(n, struct known_text, node);
        if (is_text(p, t, text))
            return t;
    }
    return NULL;
}

static struct known_text *add_text(struct pack *p, uint64_t hash, struct slice text)
{
    struct known_text *t = arena_alloc(&p->nodes, sizeof *t);

    if (t == NULL || hmap_insert(&p->known, &t->node, hash) != 0)
        return NULL;
    t->at = p->texts.n;
    t->n = text.n;
    t->number = ++p->text_count;
    buf_slice(&p->texts, text);
    put_varint(&p->lengths, text.n);
    return p->texts.failed ? NULL : t;
}

void pack_made_text(struct pack *p, unsigned column, struct slice text)
{
    const struct known_text *t = p->last_text[column];

    if (!is_text(p, t, text)) {
        uint64_t hash = hash_bytes(text.p, text.n);
        t = find_text(p, hash, text);
        if (t == NULL)
            t = add_text(p, hash, text);
        if (t == NULL) {
            p->failed = true;
            return;
        }
        p->last_text[column] = t;
    }
    put_varint(&p->column[column], t->number);
}

void pack_str(struct pack *p, unsigned column, const char *text)
{
    if (text == NULL)
        pack_number(p, column, 0);
    else
        pack_made_text(p, column, slice_str(text));
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
        p->last_text[i] = NULL;
    }
    buf_reset(&p->texts);
    buf_reset(&p->lengths);
    hmap_fini(&p->known);
    arena_reset(&p->nodes);
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
    hmap_fini(&p->known);
    arena_fini(&p->nodes);
}
