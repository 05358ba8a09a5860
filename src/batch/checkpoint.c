#include "batch/checkpoint.h"

#include <stdlib.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include "base/saved_time.h"
#include "batch/own.h"
#include "batch/take.h"
#include "pcap2trace/status.h"

#define MAGIC SLICE_LIT("p2tbatch")

enum { HEAD_BYTES = 12, RECORD_HEAD = 5, RECORD_MAX = 1 << 30, WINDOW_LOG_MAX = 27 };

void checkpoint_text(struct buf *b, struct slice text)
{
    buf_le32(b, (uint32_t)text.n);
    buf_slice(b, text);
}

/* ---- reading ---- */

static int open_head(struct checkpoint_reader *r)
{
    uint8_t head[HEAD_BYTES];
    size_t n = fread(head, 1, sizeof head, r->file);
    struct reader fields = reader_of(head, n);

    if (!slice_eq(reader_slice(&fields, 8), MAGIC))
        return ferror(r->file) ? P2T_ERR_IO : CHECKPOINT_DAMAGED;
    r->version = reader_le32(&fields);
    if (!reader_ok(&fields))
        return CHECKPOINT_DAMAGED;
    return r->version == CHECKPOINT_VERSION ? CHECKPOINT_FOUND : CHECKPOINT_OTHER_VERSION;
}

int checkpoint_open(struct checkpoint_reader *r, const char *path)
{
    *r = (struct checkpoint_reader){0};
    int fd = own_open(path, O_RDONLY, 0);
    if (fd < 0)
        return errno == ENOENT ? CHECKPOINT_NONE : P2T_ERR_IO;
    r->file = fdopen(fd, "rb");
    if (r->file == NULL) {
        close(fd);
        return P2T_ERR_IO;
    }
    r->packed_cap = ZSTD_DStreamInSize();
    r->packed = malloc(r->packed_cap);
    r->zstd = ZSTD_createDCtx();
    if (r->packed == NULL || r->zstd == NULL)
        return P2T_ERR_MEMORY;
    (void)ZSTD_DCtx_setParameter(r->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    return open_head(r);
}

/* 1: more plain bytes were appended. After the end of the file the decompressor may still hold some. */
static int unpack_more(struct checkpoint_reader *r)
{
    if (r->packed_at == r->packed_n) {
        r->packed_n = fread(r->packed, 1, r->packed_cap, r->file);
        r->packed_at = 0;
    }
    if (r->over)
        return CHECKPOINT_DAMAGED;
    if (!buf_reserve(&r->plain, ZSTD_DStreamOutSize()))
        return P2T_ERR_MEMORY;
    ZSTD_inBuffer in = {r->packed, r->packed_n, r->packed_at};
    ZSTD_outBuffer out = {r->plain.p, r->plain.cap, r->plain.n};
    size_t left = ZSTD_decompressStream(r->zstd, &out, &in);
    if (ZSTD_isError(left) || (in.pos == r->packed_at && out.pos == r->plain.n))
        return CHECKPOINT_DAMAGED;
    r->packed_at = in.pos;
    r->plain.n = out.pos;
    r->over = left == 0;
    return 1;
}

/* 1: at least n bytes can be taken. */
static int fill(struct checkpoint_reader *r, size_t n)
{
    int got = 1;

    if (r->plain_at > 0 && r->plain.n - r->plain_at < n) {
        memmove(r->plain.p, r->plain.p + r->plain_at, r->plain.n - r->plain_at);
        r->plain.n -= r->plain_at;
        r->plain_at = 0;
    }
    while (got == 1 && r->plain.n - r->plain_at < n)
        got = unpack_more(r);
    return got;
}

/* Whatever stands behind the end was not written with it. */
static bool is_at_end(struct checkpoint_reader *r)
{
    return r->plain_at == r->plain.n && r->packed_at == r->packed_n && fgetc(r->file) == EOF;
}

static int end(struct checkpoint_reader *r, struct slice count)
{
    struct reader fields = reader_of_slice(count);

    if (reader_le64(&fields) != r->records - 1 || !reader_ok(&fields))
        return CHECKPOINT_DAMAGED;
    while (!r->over) { /* the checksum follows the last byte */
        int got = unpack_more(r);
        if (got != 1)
            return got;
    }
    return is_at_end(r) ? 0 : CHECKPOINT_DAMAGED;
}

int checkpoint_next(struct checkpoint_reader *r, struct checkpoint_record *record)
{
    int got = fill(r, RECORD_HEAD);

    if (got != 1)
        return got;
    struct reader fields = reader_of(r->plain.p + r->plain_at, RECORD_HEAD);
    record->type = reader_u8(&fields);
    uint32_t n = reader_le32(&fields);
    if (n > RECORD_MAX)
        return CHECKPOINT_DAMAGED;
    got = fill(r, RECORD_HEAD + (size_t)n);
    if (got != 1)
        return got;
    record->bytes = slice_of(r->plain.p + r->plain_at + RECORD_HEAD, n);
    r->plain_at += RECORD_HEAD + (size_t)n;
    r->records++;
    return record->type == CHECKPOINT_END ? end(r, record->bytes) : 1;
}

void checkpoint_close(struct checkpoint_reader *r)
{
    if (r->file != NULL)
        fclose(r->file);
    ZSTD_freeDCtx(r->zstd);
    free(r->packed);
    buf_fini(&r->plain);
    *r = (struct checkpoint_reader){0};
}

bool checkpoint_frame(const struct checkpoint_record *record, struct input_frame *f)
{
    struct reader r = reader_of_slice(record->bytes);

    f->ts_ns = saved_moment((int64_t)reader_le64(&r));
    f->number = reader_le64(&r);
    f->file = reader_le32(&r);
    f->interface = reader_le32(&r);
    f->link_type = reader_le32(&r);
    f->wire_len = reader_le32(&r);
    f->cap_len = (uint32_t)r.left;
    f->bytes = r.p;
    return reader_ok(&r);
}

bool checkpoint_name(const struct checkpoint_record *record, uint32_t *file, struct slice *name)
{
    struct reader r = reader_of_slice(record->bytes);

    *file = reader_le32(&r);
    *name = slice_of(r.p, r.left);
    return reader_ok(&r);
}

/* ---- writing ---- */

int checkpoint_create(struct checkpoint_writer *w, const char *path)
{
    *w = (struct checkpoint_writer){0};
    /* Not for others to read: it holds packets and TLS secrets. */
    int status = store_open(&w->store, path, STORE_ZSTD_FAST, 0600);
    if (status != P2T_OK)
        return status;
    buf_slice(&w->scratch, MAGIC);
    buf_le32(&w->scratch, CHECKPOINT_VERSION);
    if (w->scratch.failed)
        return P2T_ERR_MEMORY;
    return store_write_plain(&w->store, w->scratch.p, w->scratch.n);
}

static void begin(struct checkpoint_writer *w, enum checkpoint_type type, size_t n)
{
    buf_reset(&w->scratch);
    buf_putc(&w->scratch, (char)type);
    buf_le32(&w->scratch, (uint32_t)n);
}

static int put(struct checkpoint_writer *w)
{
    w->records++;
    return w->scratch.failed ? P2T_ERR_MEMORY : store_write(&w->store, w->scratch.p, w->scratch.n);
}

int checkpoint_put(struct checkpoint_writer *w, enum checkpoint_type type, struct slice bytes)
{
    if (bytes.n > RECORD_MAX)
        return P2T_ERR_MEMORY;
    begin(w, type, bytes.n);
    buf_slice(&w->scratch, bytes);
    return put(w);
}

int checkpoint_put_frame(struct checkpoint_writer *w, const struct input_frame *f)
{
    enum { FIELDS = 32 };

    begin(w, CHECKPOINT_FRAME, FIELDS + (size_t)f->cap_len);
    buf_le64(&w->scratch, (uint64_t)f->ts_ns);
    buf_le64(&w->scratch, f->number);
    buf_le32(&w->scratch, f->file);
    buf_le32(&w->scratch, f->interface);
    buf_le32(&w->scratch, f->link_type);
    buf_le32(&w->scratch, f->wire_len);
    buf_put(&w->scratch, f->bytes, f->cap_len);
    return put(w);
}

int checkpoint_put_name(struct checkpoint_writer *w, uint32_t file, const char *name)
{
    begin(w, CHECKPOINT_NAME, 4 + strlen(name));
    buf_le32(&w->scratch, file);
    buf_str(&w->scratch, name);
    return put(w);
}

int checkpoint_finish(struct checkpoint_writer *w)
{
    uint64_t records = w->records;

    begin(w, CHECKPOINT_END, 8);
    buf_le64(&w->scratch, records);
    int status = put(w);
    return status == P2T_OK ? store_finish(&w->store) : status;
}

void checkpoint_fini(struct checkpoint_writer *w)
{
    store_abandon(&w->store);
    buf_fini(&w->scratch);
}
