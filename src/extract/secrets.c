#include "extract/secrets.h"

#include <stdio.h>
#include <stdlib.h>

#include "packet/decode.h"
#include "pcap2trace/status.h"

enum { RANDOM_BYTES = 32, RANDOM_TEXT = 64 };

/* Client randoms in hexadecimal, as a key log has them: one behind the other. */
struct randoms {
    struct buf text;
};

static void add_random(struct randoms *r, const uint8_t *p)
{
    for (int i = 0; i < RANDOM_BYTES; i++)
        buf_printf(&r->text, "%02x", (unsigned)p[i]);
}

/* RFC 8446 4.1.2: a record of a handshake, which begins with a ClientHello. It may stand behind what a proxy was told. */
static void find_hellos(struct randoms *r, struct slice s)
{
    enum { BEFORE_RANDOM = 11, NEEDED = BEFORE_RANDOM + RANDOM_BYTES };

    for (size_t i = 0; s.n >= NEEDED && i <= s.n - NEEDED; i++) {
        const uint8_t *p = s.p + i;
        if (p[0] == 0x16 && p[1] == 3 && p[5] == 1 && p[6] == 0 && p[9] == 3)
            add_random(r, p + BEFORE_RANDOM);
    }
}

static bool is_subjects(const struct subjects *all, const struct packet *p)
{
    for (size_t i = 0; i < all->count; i++)
        for (size_t k = 0; k < all->items[i].pair_count; k++) {
            const struct subject_pair *pair = &all->items[i].pairs[k];
            if (endpoint_eq(&pair->client, &p->src) && endpoint_eq(&pair->server, &p->dst))
                return true;
        }
    return false;
}

static int find_randoms(struct randoms *r, const struct spool *spool, const struct subjects *subjects)
{
    struct packet_decoder *decoder = packet_decoder_new(NULL);
    struct packet p;

    for (size_t i = 0; decoder != NULL && i < spool->count; i++) {
        struct input_frame f = spool->frames[i].frame;
        f.bytes = spool_bytes(spool, &spool->frames[i]);
        if (!spool->frames[i].dropped && packet_decode(decoder, &f, &p) == PACKET_DECODED && p.kind == PACKET_TCP &&
            is_subjects(subjects, &p))
            find_hellos(r, p.payload);
    }
    packet_decoder_free(decoder);
    return decoder == NULL || r->text.failed ? P2T_ERR_MEMORY : P2T_OK;
}

/* LABEL CLIENT_RANDOM SECRET */
static bool is_wanted(const struct randoms *r, struct slice line)
{
    struct slice rest = slice_from(line, slice_find(line, ' ') + 1);
    struct slice random = slice_of(rest.p, slice_find(rest, ' '));

    for (size_t at = 0; random.n == RANDOM_TEXT && at < r->text.n; at += RANDOM_TEXT)
        if (slice_ieq(random, slice_of(r->text.p + at, RANDOM_TEXT)))
            return true;
    return false;
}

static void take_line(const struct randoms *r, struct slice line, struct buf *out)
{
    while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
        line.n--;
    if (!is_wanted(r, line))
        return;
    buf_slice(out, line);
    buf_putc(out, '\n');
}

static int read_file(const struct randoms *r, const char *path, struct buf *out)
{
    FILE *f = path != NULL ? fopen(path, "re") : NULL;
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;

    if (f == NULL)
        return path != NULL ? P2T_ERR_IO : P2T_OK;
    while ((n = getline(&line, &cap, f)) > 0)
        take_line(r, slice_of(line, (size_t)n), out);
    int status = ferror(f) ? P2T_ERR_IO : P2T_OK;
    free(line);
    fclose(f);
    return status;
}

int secrets_of(const struct spool *spool, const struct subjects *subjects, const char *keylog, struct slice brought,
               struct buf *out)
{
    struct randoms r = {0};
    int status = find_randoms(&r, spool, subjects);

    if (status == P2T_OK)
        status = read_file(&r, keylog, out);
    while (status == P2T_OK && brought.n > 0) {
        size_t n = slice_find(brought, '\n');
        take_line(&r, slice_of(brought.p, n), out);
        brought = slice_from(brought, n + 1);
    }
    buf_fini(&r.text);
    return status != P2T_OK ? status : out->failed ? P2T_ERR_MEMORY : P2T_OK;
}
