#include "extract/scrub/hpack.h"

#include "base/reader.h"
#include "extract/scrub/huffman.h"
#include "pcap2trace/status.h"

/* More than anybody allows its peer; bounds what a block of references can make us hold. */
enum { TABLE_MAX = 1 << 20, VALUE_MAX = 1 << 20 };

int hpack_init(struct hpack *h, struct scrub_text *text)
{
    *h = (struct hpack){.text = text};
    if (nghttp2_hd_inflate_new(&h->inflater) != 0)
        return P2T_ERR_MEMORY;
    return nghttp2_hd_inflate_change_table_size(h->inflater, TABLE_MAX) == 0 ? P2T_OK : P2T_ERR_MEMORY;
}

static void forget(struct hpack *h)
{
    if (h->inflater != NULL)
        nghttp2_hd_inflate_del(h->inflater);
    h->inflater = NULL;
}

void hpack_fini(struct hpack *h)
{
    forget(h);
    buf_fini(&h->value);
}

/* 5.1: an integer behind a prefix of so many bits, whose octet was read. */
static uint64_t read_integer(struct reader *r, uint8_t first, unsigned prefix)
{
    uint64_t max = (1u << prefix) - 1, v = first & max;

    if (v < max)
        return v;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t c = reader_u8(r);
        v += (uint64_t)(c & 0x7f) << shift;
        if ((c & 0x80) == 0)
            return v;
    }
    reader_fail(r, READ_BAD);
    return 0;
}

/* A string literal (5.2), where it stands in the block. */
struct literal {
    uint8_t *p;
    size_t n;
    bool huffman;
};

static struct literal read_literal(struct reader *r, uint8_t *block, const uint8_t *begin)
{
    uint8_t first = reader_u8(r);
    uint64_t n = read_integer(r, first, 7);
    const uint8_t *p = n <= r->left ? reader_take(r, (size_t)n) : NULL;

    if (p == NULL)
        reader_fail(r, READ_BAD);
    return (struct literal){p != NULL ? block + (p - begin) : NULL, p != NULL ? (size_t)n : 0, (first & 0x80) != 0};
}

/* The value of a field that stands in the block itself; text: decoded. */
static void scrub_value(struct hpack *h, const struct literal *l, struct redact_field field, struct slice text)
{
    buf_reset(&h->value);
    buf_slice(&h->value, text);
    if (h->value.failed || text.n > VALUE_MAX) {
        memset(l->p, 0, l->n); /* '0', in the code, so that nothing is left of it */
        return;
    }
    buf_reset(&h->text->ranges);
    redact_field_ranges(h->text->redact, field, text, &h->text->ranges);
    const struct buf *ranges = &h->text->ranges;
    if (!l->huffman && l->n == text.n) {
        scrub_text_field(h->text, field, l->p, l->n);
        return;
    }
    for (size_t at = 0; at + sizeof(struct redact_range) <= ranges->n; at += sizeof(struct redact_range)) {
        struct redact_range r;
        memcpy(&r, ranges->p + at, sizeof r);
        huffman_hide(h->value.p + r.from, r.to - r.from);
    }
    if (ranges->n > 0 && !huffman_encode(h->value.p, h->value.n, l->p, l->n))
        memset(l->p, 0, l->n);
}

static void note_content(struct hpack *h, struct slice name, struct slice value)
{
    if (slice_eq(name, SLICE_LIT("content-type")))
        h->grpc = slice_starts(value, SLICE_LIT("application/grpc")) &&
                  !slice_starts(value, SLICE_LIT("application/grpc-web"));
}

/* One representation, as the table's owner understands it. False: it does not. */
static bool inflate(struct hpack *h, const uint8_t *p, size_t n, nghttp2_nv *nv)
{
    int flags = 0;
    ssize_t used = h->inflater != NULL ? nghttp2_hd_inflate_hd2(h->inflater, nv, &flags, p, n, 0) : -1;

    if (used == (ssize_t)n)
        return (flags & NGHTTP2_HD_INFLATE_EMIT) != 0;
    forget(h);
    return false;
}

/* A literal without its name's meaning is overwritten with the code of '0'. */
static void hide_literal(const struct literal *l)
{
    memset(l->p, l->huffman ? 0 : 'x', l->n);
}

static void scrub_literals(struct hpack *h, struct literal name, struct literal value, const uint8_t *copy, size_t n)
{
    nghttp2_nv nv;

    if (!inflate(h, copy, n, &nv)) {
        hide_literal(&value);
        return;
    }
    struct slice name_text = slice_of(nv.name, nv.namelen), value_text = slice_of(nv.value, nv.valuelen);
    struct redact_field field = redact_field_of(h->text->redact, name_text);
    note_content(h, name_text, value_text);
    if (value.n > 0)
        scrub_value(h, &value, field, value_text);
    if (field.odd_name && name.n > 0)
        scrub_value(h, &name, (struct redact_field){.rule = REDACT_RULE_AS, .as = REDACT_TEXT}, name_text);
}

/* 6: which kind of representation begins here. */
static bool scrub_one(struct hpack *h, struct reader *r, uint8_t *block, const uint8_t *begin)
{
    const uint8_t *copy = r->p;
    uint8_t first = reader_u8(r);
    struct literal name = {0}, value = {0};
    nghttp2_nv nv;

    if ((first & 0x80) != 0) {
        (void)read_integer(r, first, 7);
        if (reader_ok(r) && inflate(h, copy, (size_t)(r->p - copy), &nv))
            note_content(h, slice_of(nv.name, nv.namelen), slice_of(nv.value, nv.valuelen));
        return reader_ok(r);
    }
    if ((first & 0xe0) == 0x20) {
        (void)read_integer(r, first, 5);
        (void)(reader_ok(r) && inflate(h, copy, (size_t)(r->p - copy), &nv));
        return reader_ok(r);
    }
    if (read_integer(r, first, (first & 0x40) != 0 ? 6 : 4) == 0)
        name = read_literal(r, block, begin);
    value = read_literal(r, block, begin);
    if (reader_ok(r))
        scrub_literals(h, name, value, copy, (size_t)(r->p - copy));
    return reader_ok(r);
}

void hpack_scrub(struct hpack *h, uint8_t *block, size_t n)
{
    struct buf copy = {0};
    bool good = true;

    h->grpc = false;
    buf_put(&copy, block, n);
    struct reader r = reader_of(copy.p, copy.n);
    while (good && r.left > 0) {
        size_t at = n - r.left;
        good = scrub_one(h, &r, block, copy.p);
        if (!good)
            memset(block + at, 0, n - at);
    }
    if (copy.failed)
        memset(block, 0, n);
    if (h->inflater != NULL)
        (void)nghttp2_hd_inflate_end_headers(h->inflater);
    buf_fini(&copy);
}
