/* Header blocks: HPACK (RFC 7541) by nghttp2. Entries of the dynamic table are addressed from the newest one, so that a
 * decoder which joined late, or forgot, resolves what came since and fails on what came before: it never mistakes one
 * for the other. */
#include "base/reader.h"
#include "proto/http2/frame.h"

/* RFC 9113 6.1, 6.2: padding and priority around the fragment. */
struct slice h2_unpadded(struct h2_dir *d, struct reader *r)
{
    size_t pad = d->frame.flags & H2_PADDED ? reader_u8(r) : 0;

    if (d->frame.type == H2_HEADERS && (d->frame.flags & H2_HAS_PRIORITY))
        reader_skip(r, 5);
    if (!reader_ok(r) || pad > r->left) {
        d->payload_cut = true;
        return (struct slice){NULL, 0};
    }
    return slice_of(r->p, r->left - pad);
}

void h2_block_forget(struct h2_dir *d)
{
    if (d->inflater != NULL)
        nghttp2_hd_inflate_del(d->inflater);
    d->inflater = NULL;
}

static bool ready(struct http2_env *env, struct h2_dir *d)
{
    if (d->inflater == NULL && nghttp2_hd_inflate_new2(&d->inflater, &env->memory) != 0)
        return false;
    return nghttp2_hd_inflate_change_table_size(d->inflater, d->table_size) == 0;
}

/* Names and values go into env->text; slices into it are made when it no longer moves. */
static bool keep(struct http2_env *env, struct fact_http_head *head, const nghttp2_nv *nv)
{
    if (env->text.n + nv->namelen + nv->valuelen > env->limits.decoded_bytes) {
        env->counters.limit_hits++;
        return false;
    }
    if (head->header_count == env->limits.headers) {
        head->headers_dropped++;
        return true;
    }
    struct fact_header *h = &env->headers[head->header_count++];
    h->name.n = nv->namelen;
    h->value.n = nv->valuelen;
    buf_put(&env->text, nv->name, nv->namelen);
    buf_put(&env->text, nv->value, nv->valuelen);
    return !env->text.failed;
}

static void point_into_text(struct http2_env *env, struct fact_http_head *head)
{
    const uint8_t *p = env->text.p != NULL ? env->text.p : (const uint8_t *)"";

    for (size_t i = 0; i < head->header_count; i++) {
        struct fact_header *h = &env->headers[i];
        h->name.p = p;
        h->value.p = p + h->name.n;
        p = h->value.p + h->value.n;
    }
    head->headers = env->headers;
}

static bool inflate(struct http2_env *env, struct h2_dir *d, struct fact_http_head *head)
{
    const uint8_t *in = d->block.p != NULL ? d->block.p : (const uint8_t *)"";
    size_t left = d->block.n;

    for (;;) {
        nghttp2_nv nv;
        int flags = 0;
        ssize_t used = nghttp2_hd_inflate_hd2(d->inflater, &nv, &flags, in, left, 1);
        if (used < 0)
            return false;
        in += used;
        left -= (size_t)used;
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) && !keep(env, head, &nv))
            return false;
        if (flags & NGHTTP2_HD_INFLATE_FINAL)
            break;
        if (left == 0 && !(flags & NGHTTP2_HD_INFLATE_EMIT))
            return false;
    }
    (void)nghttp2_hd_inflate_end_headers(d->inflater);
    return true;
}

static struct slice pseudo(const struct fact_http_head *head, struct slice name)
{
    for (size_t i = 0; i < head->header_count; i++)
        if (slice_eq(head->headers[i].name, name))
            return head->headers[i].value;
    return (struct slice){NULL, 0};
}

static void fill_head(struct fact_http_head *head)
{
    struct slice length = pseudo(head, SLICE_LIT("content-length"));
    uint64_t status;

    head->version_major = 2;
    head->method = pseudo(head, SLICE_LIT(":method"));
    head->target = pseudo(head, SLICE_LIT(":path"));
    if (slice_u64(pseudo(head, SLICE_LIT(":status")), &status) && status < 1000)
        head->status = (uint16_t)status;
    head->has_length = slice_u64(length, &head->length);
    if (slice_eq(pseudo(head, SLICE_LIT(":protocol")), SLICE_LIT("websocket")))
        head->upgrade = FACT_UPGRADE_WEBSOCKET;
}

void h2_block_decode(struct http2 *h, struct h2_dir *d, struct fact_http_head *head)
{
    struct http2_env *env = h->env;

    buf_reset(&env->text);
    head->bytes = d->block.n;
    if (d->block_lost || !ready(env, d) || !inflate(env, d, head)) {
        env->counters.unknown_headers++;
        head->extent = FACT_HEAD_CUT;
        h2_block_forget(d);
    }
    point_into_text(env, head);
    fill_head(head);
}
