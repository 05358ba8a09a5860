#include "proto/tls/keys/keylog.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/reader.h"
#include "base/slab.h"
#include "pcap2trace/status.h"

/* The longest label, a client random and the longest secret fit twice; a longer line is none of ours. */
enum { LINE_MAX_BYTES = 512 };

struct entry {
    struct hmap_node node;
    struct list_link by_age;
    uint8_t random[TLS_CLIENT_RANDOM_BYTES];
    uint8_t label;
    struct tls_secret secret;
};

struct tls_keylog {
    pthread_mutex_t lock; /* where it is shared: taken to change what follows, and by the other thread to read it */
    bool shared;
    struct hmap map;
    struct slab slab;
    struct list_link by_age; /* the oldest first */
    size_t limit;
    struct tls_keylog_counters counters;
    uint8_t line[LINE_MAX_BYTES];
    size_t line_n;
    bool too_long; /* the line under way does not fit */
};

struct tls_keylog *tls_keylog_new(size_t limit, struct budget *budget)
{
    struct tls_keylog *k = calloc(1, sizeof *k);

    if (k == NULL)
        return NULL;
    pthread_mutex_init(&k->lock, NULL);
    list_init(&k->by_age);
    k->limit = limit;
    slab_init(&k->slab, sizeof(struct entry), budget);
    return k;
}

static bool is_premaster(uint8_t label)
{
    return label == TLS_LABEL_PREMASTER || label == TLS_LABEL_RSA_PREMASTER;
}

static void forget_oldest(struct tls_keylog *k)
{
    struct entry *e = list_entry(k->by_age.next, struct entry, by_age);

    list_remove(&e->by_age);
    hmap_remove(&k->map, &e->node);
    k->counters.secrets--;
    k->counters.premasters -= is_premaster(e->label);
    OPENSSL_cleanse(e, sizeof *e);
    slab_give(&k->slab, e);
}

void tls_keylog_free(struct tls_keylog *k)
{
    if (k == NULL)
        return;
    while (!list_empty(&k->by_age))
        forget_oldest(k);
    hmap_fini(&k->map);
    slab_fini(&k->slab);
    pthread_mutex_destroy(&k->lock);
    OPENSSL_cleanse(k, sizeof *k);
    free(k);
}

const struct tls_keylog_counters *tls_keylog_counters(const struct tls_keylog *k)
{
    return &k->counters;
}

/* ---- the map ---- */

static uint64_t key_hash(const uint8_t *random, enum tls_label label)
{
    return hash_bytes(random, TLS_CLIENT_RANDOM_BYTES) + (uint64_t)label * 0x9e3779b97f4a7c15u;
}

static struct entry *find(const struct tls_keylog *k, const uint8_t *random, enum tls_label label)
{
    struct hmap_node *n = hmap_first(&k->map, key_hash(random, label));

    for (; n != NULL; n = hmap_next(n)) {
        struct entry *e = hmap_entry(n, struct entry, node);
        if (e->label == label && memcmp(e->random, random, TLS_CLIENT_RANDOM_BYTES) == 0)
            return e;
    }
    return NULL;
}

const struct tls_secret *tls_keylog_find(const struct tls_keylog *k, const uint8_t random[TLS_CLIENT_RANDOM_BYTES],
                                         enum tls_label label)
{
    const struct entry *e = find(k, random, label);
    return e != NULL ? &e->secret : NULL;
}

void tls_keylog_share(struct tls_keylog *k)
{
    k->shared = true;
}

bool tls_keylog_copy(struct tls_keylog *k, const uint8_t random[TLS_CLIENT_RANDOM_BYTES], enum tls_label label,
                     struct tls_secret *secret)
{
    pthread_mutex_lock(&k->lock);
    const struct entry *e = find(k, random, label);
    if (e != NULL)
        *secret = e->secret;
    pthread_mutex_unlock(&k->lock);
    return e != NULL;
}

/* The same line comes again where a log was put into several captures. */
static int add(struct tls_keylog *k, const uint8_t random[TLS_CLIENT_RANDOM_BYTES], enum tls_label label,
               const struct tls_secret *secret)
{
    struct entry *e = find(k, random, label);

    if (e != NULL) {
        e->secret = *secret;
        return P2T_OK;
    }
    if (k->slab.in_use >= k->limit && !list_empty(&k->by_age)) {
        k->counters.limit_hits++;
        forget_oldest(k);
    }
    e = slab_take(&k->slab);
    if (e == NULL)
        return P2T_ERR_MEMORY;
    e->label = (uint8_t)label;
    e->secret = *secret;
    memcpy(e->random, random, TLS_CLIENT_RANDOM_BYTES);
    if (hmap_insert(&k->map, &e->node, key_hash(random, label)) != 0) {
        OPENSSL_cleanse(e, sizeof *e);
        slab_give(&k->slab, e);
        return P2T_ERR_MEMORY;
    }
    list_append(&k->by_age, &e->by_age);
    k->counters.secrets++;
    k->counters.premasters += is_premaster(e->label);
    return P2T_OK;
}

int tls_keylog_add(struct tls_keylog *k, const uint8_t random[TLS_CLIENT_RANDOM_BYTES], enum tls_label label,
                   const struct tls_secret *secret)
{
    if (!k->shared)
        return add(k, random, label, secret);
    pthread_mutex_lock(&k->lock);
    int status = add(k, random, label, secret);
    pthread_mutex_unlock(&k->lock);
    return status;
}

/* ---- for another session ---- */

enum { SAVED_BYTES = 2 + TLS_CLIENT_RANDOM_BYTES + TLS_SECRET_MAX };

static void save(struct buf *out, const uint8_t *random, int label, const struct tls_secret *secret)
{
    buf_putc(out, (char)label);
    buf_putc(out, (char)secret->n);
    buf_put(out, random, TLS_CLIENT_RANDOM_BYTES);
    buf_put(out, secret->bytes, sizeof secret->bytes);
}

void tls_keylog_save(const struct tls_keylog *k, const uint8_t random[TLS_CLIENT_RANDOM_BYTES], struct buf *out)
{
    for (int label = 0; label < TLS_LABEL_RSA_PREMASTER; label++) {
        const struct tls_secret *secret = tls_keylog_find(k, random, (enum tls_label)label);
        if (secret != NULL)
            save(out, random, label, secret);
    }
}

/* That there are secrets, and premaster ones, decides what is noted of a handshake: a name that nobody has says so. */
static void save_mark(const struct tls_keylog *k, struct buf *out)
{
    static const uint8_t nobody[TLS_CLIENT_RANDOM_BYTES];
    static const struct tls_secret none;

    if (k->counters.secrets > 0)
        save(out, nobody, k->counters.premasters > 0 ? TLS_LABEL_PREMASTER : TLS_LABEL_CLIENT_EARLY, &none);
}

void tls_keylog_save_sessions(const struct tls_keylog *k, size_t max, struct buf *out)
{
    size_t room = max / SAVED_BYTES, sessions = 0;

    save_mark(k, out);
    for (const struct list_link *at = k->by_age.next; at != &k->by_age; at = at->next)
        sessions += list_entry(at, struct entry, by_age)->label == TLS_LABEL_SESSION;
    for (const struct list_link *at = k->by_age.next; at != &k->by_age; at = at->next) {
        const struct entry *e = list_entry(at, struct entry, by_age);
        if (e->label != TLS_LABEL_SESSION || sessions-- > room)
            continue;
        save(out, e->random, e->label, &e->secret);
    }
}

int tls_keylog_load(struct tls_keylog *k, struct slice saved)
{
    struct reader r = reader_of_slice(saved);
    int status = P2T_OK;

    while (status == P2T_OK && r.left > 0) {
        struct tls_secret secret;
        uint8_t label = reader_u8(&r);
        secret.n = reader_u8(&r);
        const uint8_t *random = reader_take(&r, TLS_CLIENT_RANDOM_BYTES);
        const uint8_t *bytes = reader_take(&r, TLS_SECRET_MAX);
        if (!reader_ok(&r) || label >= TLS_LABEL_COUNT || secret.n > TLS_SECRET_MAX)
            return P2T_ERR_USAGE;
        memcpy(secret.bytes, bytes, sizeof secret.bytes);
        status = tls_keylog_add(k, random, (enum tls_label)label, &secret);
        OPENSSL_cleanse(&secret, sizeof secret);
    }
    return status;
}

/* ---- lines ---- */

/* A digit's value and 0x10; 0 for what is none. */
static const uint8_t hex_digits[256] = {
    ['0'] = 0x10, ['1'] = 0x11, ['2'] = 0x12, ['3'] = 0x13, ['4'] = 0x14, ['5'] = 0x15, ['6'] = 0x16, ['7'] = 0x17,
    ['8'] = 0x18, ['9'] = 0x19, ['a'] = 0x1a, ['b'] = 0x1b, ['c'] = 0x1c, ['d'] = 0x1d, ['e'] = 0x1e, ['f'] = 0x1f,
    ['A'] = 0x1a, ['B'] = 0x1b, ['C'] = 0x1c, ['D'] = 0x1d, ['E'] = 0x1e, ['F'] = 0x1f,
};

/* The number of bytes; 0 when it is not hexadecimal or does not fit. */
static size_t unhex(struct slice text, uint8_t *out, size_t max)
{
    if (text.n % 2 != 0 || text.n / 2 > max)
        return 0;
    unsigned all = 0x10;
    for (size_t i = 0; i < text.n; i += 2) {
        unsigned high = hex_digits[text.p[i]], low = hex_digits[text.p[i + 1]];
        all &= high & low;
        out[i / 2] = (uint8_t)(high << 4 | (low & 0x0f));
    }
    return all != 0 ? text.n / 2 : 0;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct slice next_word(struct slice *line)
{
    size_t from = 0, to;

    while (from < line->n && is_blank(line->p[from]))
        from++;
    for (to = from; to < line->n && !is_blank(line->p[to]);)
        to++;
    struct slice word = slice_of(line->p + from, to - from);
    *line = slice_of(line->p + to, line->n - to);
    return word;
}

static bool label_of(struct slice word, enum tls_label *label)
{
    static const struct slice names[TLS_LABEL_COUNT] = {
        [TLS_LABEL_MASTER] = SLICE_INIT("CLIENT_RANDOM"),
        [TLS_LABEL_CLIENT_EARLY] = SLICE_INIT("CLIENT_EARLY_TRAFFIC_SECRET"),
        [TLS_LABEL_CLIENT_HANDSHAKE] = SLICE_INIT("CLIENT_HANDSHAKE_TRAFFIC_SECRET"),
        [TLS_LABEL_SERVER_HANDSHAKE] = SLICE_INIT("SERVER_HANDSHAKE_TRAFFIC_SECRET"),
        [TLS_LABEL_CLIENT_TRAFFIC] = SLICE_INIT("CLIENT_TRAFFIC_SECRET_0"),
        [TLS_LABEL_SERVER_TRAFFIC] = SLICE_INIT("SERVER_TRAFFIC_SECRET_0"),
        [TLS_LABEL_PREMASTER] = SLICE_INIT("PMS_CLIENT_RANDOM"),
        [TLS_LABEL_RSA_PREMASTER] = SLICE_INIT("RSA"),
    };

    for (int i = 0; i < TLS_LABEL_COUNT; i++)
        if (slice_eq(word, names[i])) {
            *label = (enum tls_label)i;
            return true;
        }
    return false;
}

/* Lines that are right and of no use here; later traffic secrets follow from the first. */
static bool passed_over(struct slice word)
{
    static const struct slice names[] = {
        SLICE_INIT("EXPORTER_SECRET"), SLICE_INIT("EARLY_EXPORTER_SECRET"),   SLICE_INIT("ECH_SECRET"),
        SLICE_INIT("ECH_CONFIG"),      SLICE_INIT("CLIENT_TRAFFIC_SECRET_N"), SLICE_INIT("SERVER_TRAFFIC_SECRET_N")};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_eq(word, names[i]))
            return true;
    return word.n == 0 || word.p[0] == '#';
}

static bool fits(enum tls_label label, size_t n)
{
    if (label == TLS_LABEL_PREMASTER)
        return n > 0;
    if (label == TLS_LABEL_MASTER || label == TLS_LABEL_RSA_PREMASTER)
        return n == 48;
    return n == 32 || n == 48;
}

static int take_line(struct tls_keylog *k, struct slice line)
{
    struct slice word = next_word(&line);
    uint8_t random[TLS_CLIENT_RANDOM_BYTES] = {0};
    struct tls_secret secret = {0};
    enum tls_label label = TLS_LABEL_MASTER;

    if (passed_over(word))
        return P2T_OK;
    bool known = label_of(word, &label);
    size_t id = label == TLS_LABEL_RSA_PREMASTER ? TLS_RSA_ID_BYTES : sizeof random;
    known = known && unhex(next_word(&line), random, id) == id;
    if (known)
        secret.n = (uint8_t)unhex(next_word(&line), secret.bytes, sizeof secret.bytes);
    if (!known || !fits(label, secret.n) || next_word(&line).n > 0) {
        k->counters.junk++;
        return P2T_OK;
    }
    int status = tls_keylog_add(k, random, label, &secret);
    OPENSSL_cleanse(&secret, sizeof secret);
    return status;
}

static int end_line(struct tls_keylog *k)
{
    int status = k->too_long ? P2T_OK : take_line(k, slice_of(k->line, k->line_n));

    k->counters.junk += k->too_long;
    OPENSSL_cleanse(k->line, k->line_n);
    k->line_n = 0;
    k->too_long = false;
    return status;
}

static void add_to_line(struct tls_keylog *k, struct slice part)
{
    if (part.n > LINE_MAX_BYTES - k->line_n) {
        k->too_long = true;
        return;
    }
    if (part.n > 0)
        memcpy(k->line + k->line_n, part.p, part.n);
    k->line_n += part.n;
}

int tls_keylog_feed(struct tls_keylog *k, struct slice bytes)
{
    int status = P2T_OK;

    while (bytes.n > 0 && status == P2T_OK) {
        const uint8_t *newline = memchr(bytes.p, '\n', bytes.n);
        size_t n = newline != NULL ? (size_t)(newline - bytes.p) : bytes.n;
        add_to_line(k, slice_of(bytes.p, n));
        if (newline == NULL)
            return P2T_OK;
        bytes = slice_of(bytes.p + n + 1, bytes.n - n - 1);
        status = end_line(k);
    }
    return status;
}

int tls_keylog_end(struct tls_keylog *k)
{
    return end_line(k);
}
