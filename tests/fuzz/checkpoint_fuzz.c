/* What a checkpoint holds, behind its compression and checksum: a session is rebuilt from its records, is fed what comes
 * next (the frames behind the record that ends it), is saved again, and finished. */
#include <stdlib.h>

#include "base/reader.h"
#include "batch/checkpoint.h"
#include "pcap2trace/status.h"
#include "session/feed.h"
#include "write/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORD_HEAD = 5 };

static int swallow(void *ctx, const void *bytes, size_t n)
{
    uint8_t *sum = ctx;

    for (size_t i = 0; i < n; i++)
        *sum ^= ((const uint8_t *)bytes)[i];
    return P2T_OK;
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    return out_writer_exchange(ctx, x);
}

static const char *name_of(void *ctx, uint32_t file)
{
    (void)ctx;
    (void)file;
    return "a.pcap";
}

static void uses(void *ctx, uint32_t file)
{
    (void)ctx;
    (void)file;
}

/* A length that is too long means the rest. */
static bool next_record(struct reader *r, struct checkpoint_record *record)
{
    if (r->left < RECORD_HEAD)
        return false;
    record->type = reader_u8(r);
    uint32_t n = reader_le32(r);
    record->bytes = reader_slice(r, n < r->left ? n : r->left);
    return true;
}

static int take(struct p2t_session *s, const struct checkpoint_record *record)
{
    struct input_frame frame;

    switch (record->type) {
    case CHECKPOINT_SESSION:
        return session_carry_load(s, record->bytes);
    case CHECKPOINT_FRAME:
        return checkpoint_frame(record, &frame) ? session_feed(s, &frame) : P2T_ERR_USAGE;
    case CHECKPOINT_PLACE:
        return session_carry_place(s, record->bytes);
    default:
        return P2T_OK;
    }
}

static int on_connection(void *ctx, const struct p2t_connection_record *r)
{
    (void)ctx;
    return r->client == NULL || r->server == NULL ? P2T_ERR_STOPPED : P2T_OK;
}

static void on_question(void *ctx, const struct p2t_question *q)
{
    (void)ctx;
    if (q->client.n == 0 || q->server.n == 0)
        abort();
}

static void save(struct p2t_session *s, struct slice records)
{
    struct reader r = reader_of_slice(records);
    struct carry_pass *pass = carry_pass_new(s);
    struct checkpoint_record record;
    struct buf b = {0};

    if (pass == NULL)
        return;
    session_carry_save(s, &b, uses, NULL);
    while (next_record(&r, &record)) {
        struct input_frame frame;
        buf_reset(&b);
        if (record.type == CHECKPOINT_FRAME && checkpoint_frame(&record, &frame))
            (void)carry_pass_frame(pass, &frame, &b);
        else if (record.type == CHECKPOINT_PLACE)
            (void)carry_pass_place(pass, record.bytes, &b);
    }
    carry_pass_free(pass);
    buf_fini(&b);
}

/* A session is loaded once, and what follows the end record is new. */
static void rebuild(struct p2t_session *s, struct slice records)
{
    struct reader r = reader_of_slice(records);
    struct checkpoint_record record;
    bool loaded = false, over = false;
    int status = P2T_OK;

    while (status == P2T_OK && next_record(&r, &record)) {
        if (record.type == CHECKPOINT_END && loaded && !over) {
            session_carry_loaded(s);
            over = true;
        } else if (record.type != CHECKPOINT_SESSION || !loaded) {
            status = take(s, &record);
        }
        loaded |= record.type == CHECKPOINT_SESSION;
    }
    if (status != P2T_OK)
        return;
    if (loaded && !over)
        session_carry_loaded(s);
    save(s, records);
    (void)p2t_session_finish(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t sum = 0;
    const struct out_options options = {0};
    const struct out_sink sink = {&sum, swallow};
    struct out_writer *w = out_writer_new(OUT_FORMAT_NDJSON, &options, &sink);
    struct p2t_config config = {.max_memory = P2T_MEMORY_LEAST,
                                .all = true,
                                .ctx = w,
                                .exchange = on_exchange,
                                .connection = on_connection,
                                .question = on_question};
    struct p2t_session *s;

    if (w == NULL || p2t_session_open(&s, &config, NULL) != P2T_OK)
        abort();
    if (session_feed_begin(s, name_of, NULL) == P2T_OK)
        rebuild(s, slice_of(data, size));
    p2t_session_free(s);
    out_writer_free(w);
    return 0;
}
