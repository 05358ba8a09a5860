#include "unit/input/support.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void put16(struct buf *b, bool big, uint16_t v)
{
    const uint8_t bytes[2] = {(uint8_t)(big ? v >> 8 : v), (uint8_t)(big ? v : v >> 8)};

    buf_put(b, bytes, 2);
}

void put32(struct buf *b, bool big, uint32_t v)
{
    put16(b, big, (uint16_t)(big ? v >> 16 : v));
    put16(b, big, (uint16_t)(big ? v : v >> 16));
}

static void put_fill(struct buf *b, size_t n, uint8_t fill)
{
    assert_true(buf_reserve(b, n));
    if (n > 0)
        memset(b->p + b->n, fill, n);
    b->n += n;
}

void put_pcap_header(struct buf *b, bool big, uint32_t magic, uint32_t snaplen, uint32_t network)
{
    put32(b, big, magic);
    put16(b, big, 2);
    put16(b, big, 4);
    put32(b, big, 0);
    put32(b, big, 0);
    put32(b, big, snaplen);
    put32(b, big, network);
}

void put_pcap_packet(struct buf *b, bool big, uint32_t seconds, uint32_t fraction, uint32_t n, uint8_t fill)
{
    put32(b, big, seconds);
    put32(b, big, fraction);
    put32(b, big, n);
    put32(b, big, n + 4);
    put_fill(b, n, fill);
}

void put_pcap_file(struct buf *b, uint32_t first_second, int count, uint32_t packet_bytes)
{
    put_pcap_header(b, false, 0xa1b2c3d4, 65535, 1);
    for (int i = 0; i < count; i++)
        put_pcap_packet(b, false, first_second + (uint32_t)i, 0, packet_bytes, (uint8_t)i);
}

void put_block(struct buf *b, bool big, uint32_t type, struct slice body)
{
    uint32_t n = (uint32_t)(body.n + 3) / 4 * 4 + 12;

    put32(b, big, type);
    put32(b, big, n);
    buf_slice(b, body);
    put_fill(b, n - 12 - body.n, 0);
    put32(b, big, n);
}

void put_section(struct buf *b, bool big)
{
    struct buf body = {0};

    put32(&body, big, 0x1a2b3c4d);
    put16(&body, big, 1);
    put16(&body, big, 0);
    put_fill(&body, 8, 0xff);
    put_block(b, big, 0x0a0d0d0a, buf_view(&body));
    buf_fini(&body);
}

void put_interface(struct buf *b, bool big, uint16_t link_type, uint32_t snaplen, struct slice options)
{
    struct buf body = {0};

    put16(&body, big, link_type);
    put16(&body, big, 0);
    put32(&body, big, snaplen);
    buf_slice(&body, options);
    put_block(b, big, 1, buf_view(&body));
    buf_fini(&body);
}

void put_enhanced(struct buf *b, bool big, uint32_t interface, uint64_t units, uint32_t n, uint8_t fill)
{
    struct buf body = {0};

    put32(&body, big, interface);
    put32(&body, big, (uint32_t)(units >> 32));
    put32(&body, big, (uint32_t)units);
    put32(&body, big, n);
    put32(&body, big, n + 4);
    put_fill(&body, n, fill);
    put_block(b, big, 6, buf_view(&body));
    buf_fini(&body);
}

static void see_frame(struct seen *s, const struct input_frame *f)
{
    assert_in_range(s->count, 0, SEEN_FRAMES - 1);
    assert_true(f->wire_len >= f->cap_len);
    s->frames[s->count++] = (struct seen_frame){
        .ts_ns = f->ts_ns,
        .number = f->number,
        .file = f->file,
        .interface = f->interface,
        .link_type = f->link_type,
        .cap_len = f->cap_len,
        .wire_len = f->wire_len,
        .first_byte = f->cap_len > 0 ? f->bytes[0] : 0,
        .last_byte = f->cap_len > 0 ? f->bytes[f->cap_len - 1] : 0,
    };
}

static void see_problem(void *ctx, const char *text, uint64_t packet, uint64_t offset)
{
    struct seen *s = ctx;

    assert_null(strchr(text, '\n'));
    s->problems++;
    snprintf(s->text, sizeof s->text, "%s", text);
    s->packet = packet;
    s->offset = offset;
}

static void see_path_problem(void *ctx, const struct input_problem *p)
{
    struct seen *s = ctx;

    see_problem(s, p->text, p->packet, p->offset);
    snprintf(s->path, sizeof s->path, "%s", p->path);
}

static void see_secrets(void *ctx, const struct input_secrets *secrets)
{
    struct seen *s = ctx;

    s->secrets++;
    s->secrets_type = secrets->type;
    buf_slice(&s->secrets_data, secrets->data);
}

struct memory_file {
    struct slice left;
    size_t chunk;
};

static ssize_t read_memory(void *ctx, void *p, size_t n)
{
    struct memory_file *m = ctx;

    n = n < m->chunk ? n : m->chunk;
    n = n < m->left.n ? n : m->left.n;
    if (n > 0)
        memcpy(p, m->left.p, n);
    m->left.p += n;
    m->left.n -= n;
    return (ssize_t)n;
}

static struct seen *seen_new(void)
{
    struct seen *s = calloc(1, sizeof *s);

    assert_non_null(s);
    return s;
}

struct seen *read_bytes(struct slice bytes, size_t chunk)
{
    struct seen *s = seen_new();
    struct memory_file m = {bytes, chunk};
    const struct input_capture_events events = {s, see_problem, see_secrets};
    struct input_capture c;
    struct input_frame f = {0};

    s->found = input_capture_open(&c, read_memory, &m, &events);
    while ((s->end = input_capture_next(&c, &f)) == 1)
        see_frame(s, &f);
    assert_int_equal(input_capture_next(&c, &f), 0); /* an end is for good */
    input_capture_close(&c);
    return s;
}

struct seen *read_paths(const char *const *paths, size_t count, bool recursive, const char *filter)
{
    struct seen *s = seen_new();
    const struct input_config config = {.paths = paths,
                                        .path_count = count,
                                        .recursive = recursive,
                                        .filter = filter,
                                        .ctx = s,
                                        .problem = see_path_problem,
                                        .secrets = see_secrets};
    struct input *in = NULL;
    const struct input_frame *f;
    char *error = NULL;

    assert_int_equal(input_open(&in, &config, &error), 0);
    assert_null(error);
    while ((s->end = input_next(in, &f)) == 1)
        see_frame(s, f);
    assert_int_equal(input_problem_count(in), s->problems);
    input_free(in);
    return s;
}

void seen_free(struct seen *s)
{
    buf_fini(&s->secrets_data);
    free(s);
}

char *make_folder(void)
{
    char *folder = strdup("/tmp/p2t_input_XXXXXX");

    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    return folder;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

void remove_folder(char *folder)
{
    assert_int_equal(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(folder);
}

const char *write_file(const char *folder, const char *name, struct slice bytes)
{
    static char paths[16][512];
    static size_t next;
    char *path = paths[next++ % 16];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    fclose(f);
    return path;
}
