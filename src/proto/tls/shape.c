#include "proto/tls/shape.h"

#include "proto/tls/keys/kdf.h"

enum {
    FRAME_HEADER = 9,   /* RFC 9113 4.1 */
    SETTING = 6,        /* RFC 9113 6.5.1 */
    WINDOW_UPDATE = 13, /* with its header; RST_STREAM is as long */
    PRIORITY = 14,      /* RFC 9113 6.3 */
    PING = 17,          /* GOAWAY without debug data is as long */
    PREFACE = 24,       /* RFC 9113 3.4 */
    SETTINGS_MAX = 8,   /* settings in a SETTINGS frame that are believed */
    KEY_UPDATE = 5,     /* RFC 8446 4.6.3 */
    TICKET_MIN = 49,    /* a NewSessionTicket whose ticket is a key of 32 bytes */
    TICKET_MAX = 2100,  /* one whose ticket holds a client's certificate */
    TICKETS_MAX = 4
};

/* ---- sizes ---- */

/* Over the plain text, in TLS 1.2 and older: an explicit nonce or IV, the MAC or tag, half a block of padding. */
static uint32_t old_overhead(uint16_t version, const struct tls_suite *suite)
{
    const struct tls_bulk_info *bulk = &tls_bulks[suite->bulk];
    uint32_t mac = (uint32_t)tls_hash_bytes(suite->mac);

    switch (bulk->mode) {
    case TLS_MODE_CHACHA:
        return bulk->tag_bytes;
    case TLS_MODE_STREAM:
        return mac;
    case TLS_MODE_CBC:
        return (version > TLS_VERSION_1_0 ? bulk->tag_bytes : 0u) + mac + bulk->tag_bytes / 2u;
    default:
        return 8u + bulk->tag_bytes;
    }
}

static uint32_t make_overhead(uint16_t version, uint16_t cipher)
{
    struct tls_suite suite;
    bool known = tls_suite_of(cipher, &suite);

    if (version >= TLS_VERSION_1_3 || version == 0)
        return known ? tls_bulks[suite.bulk].tag_bytes + 1u : 17;
    return known ? old_overhead(version, &suite) : 16 + 20 + 8;
}

/* Runs per record, and records of one connection follow each other. */
static uint32_t overhead(uint16_t version, uint16_t cipher)
{
    static _Thread_local struct {
        bool set;
        uint16_t version, cipher;
        uint32_t bytes;
    } last;

    if (!last.set || last.version != version || last.cipher != cipher) {
        last.bytes = make_overhead(version, cipher);
        last.version = version;
        last.cipher = cipher;
        last.set = true;
    }
    return last.bytes;
}

uint32_t tls_plain_bytes(uint16_t version, uint16_t cipher, uint32_t length)
{
    uint32_t more = overhead(version, cipher);
    return length > more ? length - more : 0;
}

uint32_t tls_text_bytes(const struct tls_shape *s, enum flow_dir dir, uint32_t length)
{
    uint32_t plain = tls_plain_bytes(s->version, s->cipher, length);
    uint32_t padding = dir == FLOW_C2S ? s->client_padding : 0;
    return plain > padding ? plain - padding : plain;
}

uint32_t tls_finished_bytes(uint16_t cipher)
{
    uint32_t hash = cipher == 0x1302 ? 48 : 32;
    return 4 + hash + overhead(TLS_VERSION_1_3, cipher);
}

/* The message and its list take 6 bytes, an acknowledged server_name 4, ALPN 7 and the name (RFC 7301 3.1). */
struct slice tls_alpn_by_size(const struct tls_shape *s, uint32_t length)
{
    static const struct slice names[] = {SLICE_INIT(""), SLICE_INIT("h2"), SLICE_INIT("http/1.1")};
    uint32_t plain = tls_plain_bytes(s->version, s->cipher, length);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint32_t n = 6 + (names[i].n > 0 ? 7 + (uint32_t)names[i].n : 0);
        if (plain == n || plain == n + 4)
            return names[i];
    }
    return (struct slice){NULL, 0};
}

/* ---- HTTP/2 ---- */

static bool is_settings(uint32_t n)
{
    return n >= FRAME_HEADER && (n - FRAME_HEADER) % SETTING == 0 && (n - FRAME_HEADER) / SETTING <= SETTINGS_MAX;
}

static bool is_settings_and_more(uint32_t n)
{
    static const uint32_t more[] = {0, WINDOW_UPDATE, FRAME_HEADER, FRAME_HEADER + WINDOW_UPDATE};

    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (n >= more[i] && is_settings(n - more[i]))
            return true;
    return false;
}

static bool is_preface(uint32_t n)
{
    return n > PREFACE &&
           (is_settings(n - PREFACE) || (n > PREFACE + WINDOW_UPDATE && is_settings(n - PREFACE - WINDOW_UPDATE)));
}

/* A SETTINGS acknowledgement, a WINDOW_UPDATE, a PING, or pairs of the first two. */
static bool is_h2_control(uint32_t n)
{
    return n == FRAME_HEADER || n == WINDOW_UPDATE || n == PING || n == FRAME_HEADER + WINDOW_UPDATE ||
           n == 2 * WINDOW_UPDATE;
}

static bool holds_window_update(uint32_t plain)
{
    return plain == WINDOW_UPDATE || plain == 2 * WINDOW_UPDATE || plain == FRAME_HEADER + WINDOW_UPDATE;
}

/* One server's response heads differ by little. */
static bool like_last_answer(const struct tls_shape *s, uint32_t plain)
{
    enum { ALIKE_BYTES = 2 };
    return plain + ALIKE_BYTES >= s->answer_bytes && plain <= s->answer_bytes + ALIKE_BYTES;
}

/* Whether there is so much to give back that a record as short as a WINDOW_UPDATE is one. Clients gather: Go 4 KB, for
 * the stream and for the connection, others half a window. What several packets brought is given back in as many records,
 * what was left before goes with the next, and who reads late has much. */
static bool gives_back(const struct tls_shape *s, int64_t now_ns)
{
    static const int64_t at_once_ns = 1000000, soon_ns = 10000000;
    enum { GATHERED = 4096, SHARE = GATHERED / 2, MUCH = 16384, BODY_MIN = 900 };

    if (now_ns - s->updated_ns < at_once_ns && s->to_give_back >= SHARE)
        return true;
    if (now_ns - s->server_ns < at_once_ns && s->server_bytes >= BODY_MIN)
        return s->from_server + s->to_give_back >= GATHERED;
    return s->from_server >= (now_ns - s->server_ns < soon_ns ? GATHERED : MUCH);
}

/* Where nothing is to be given back, the client's is a request whose fields are all in the peers' tables (RFC 7541). A
 * server's may be a RST_STREAM. */
static bool is_window_update(struct tls_shape *s, enum flow_dir dir, int64_t now_ns)
{
    enum { SHARE = 2048, LEFT_MAX = 65536 };

    if (dir == FLOW_S2C || !s->asked)
        return true;
    if (!gives_back(s, now_ns))
        return false;
    s->to_give_back += s->from_server;
    s->to_give_back -= s->to_give_back >= SHARE ? SHARE : s->to_give_back;
    if (s->to_give_back > LEFT_MAX)
        s->to_give_back = LEFT_MAX;
    s->from_server = 0;
    s->updated_ns = now_ns;
    return true;
}

/* The SETTINGS acknowledgement, which every client owes, gives padding away. */
static uint32_t acknowledged(struct tls_shape *s, uint32_t plain)
{
    if (!s->settings_acked && plain == FRAME_HEADER + TLS_JAVA_PADDING) {
        s->client_padding = TLS_JAVA_PADDING;
        plain = FRAME_HEADER;
    }
    s->settings_acked |= plain == FRAME_HEADER || plain == FRAME_HEADER + WINDOW_UPDATE;
    return plain;
}

static enum fact_tls_shape h2_shape(struct tls_shape *s, enum flow_dir dir, uint32_t plain, int64_t now_ns,
                                    bool first)
{
    if (!first && holds_window_update(plain))
        return is_window_update(s, dir, now_ns) ? FACT_TLS_CONTROL : FACT_TLS_DATA;
    if (!first && (dir == FLOW_C2S ? plain == PRIORITY : plain == PING && like_last_answer(s, plain)))
        return dir == FLOW_C2S ? FACT_TLS_CONTROL : FACT_TLS_DATA;
    if (first && dir == FLOW_C2S)
        return is_preface(plain) ? FACT_TLS_CONTROL : FACT_TLS_DATA;
    if (first && is_settings_and_more(plain))
        return FACT_TLS_CONTROL;
    return is_h2_control(plain) ? FACT_TLS_CONTROL : FACT_TLS_DATA;
}

/* ---- NewSessionTicket ---- */

/* The first records of a server, as long as they are all of one length: servers that send several tickets send
 * equal ones. */
static bool is_ticket_like(struct tls_shape *s, uint32_t plain, uint32_t length)
{
    if (!s->tickets_possible || s->answered || s->tickets == TICKETS_MAX || plain < TICKET_MIN ||
        plain > TICKET_MAX || (s->tickets > 0 && s->ticket_length != length))
        return false;
    s->tickets++;
    s->ticket_length = length;
    s->may_have_answered |= s->asked;
    return true;
}

/* HTTP/2's control frames come again and again, and few other records are as short as just those. */
static void find_h2_of_joined(struct tls_shape *s, uint32_t plain)
{
    enum { SURE = 2 };

    if (s->joined && !s->h2 && is_h2_control(plain))
        s->h2 = ++s->control_like == SURE;
}

enum fact_tls_shape tls_shape_of(struct tls_shape *s, enum flow_dir dir, uint32_t length, int64_t now_ns)
{
    uint32_t plain = tls_text_bytes(s, dir, length);
    bool first = !s->spoke[dir];

    s->spoke[dir] = true;
    if (s->version >= TLS_VERSION_1_3 && plain == KEY_UPDATE)
        return FACT_TLS_CONTROL;
    if (first && dir == FLOW_C2S && s->offers_h2) {
        s->offers_h2 = false;
        s->h2 = is_preface(plain);
    }
    find_h2_of_joined(s, plain);
    if (s->h2 && dir == FLOW_C2S && !first)
        plain = acknowledged(s, plain);
    enum fact_tls_shape shape = s->h2 ? h2_shape(s, dir, plain, now_ns, first) : FACT_TLS_DATA;
    if (shape == FACT_TLS_DATA) {
        if (dir == FLOW_S2C) {
            s->from_server += plain;
            s->server_bytes = plain;
            s->server_ns = now_ns;
        }
        s->asked |= dir == FLOW_C2S;
        if (dir == FLOW_S2C && s->turned)
            s->answer_bytes = plain;
        s->turned = dir == FLOW_C2S;
        /* HTTP/1's client sends again when it has been answered. */
        s->answered |= dir == FLOW_C2S && s->may_have_answered && !s->h2;
    }
    if (shape != FACT_TLS_DATA || dir == FLOW_C2S)
        return shape;
    if (is_ticket_like(s, plain, length))
        return FACT_TLS_TICKET_LIKE;
    s->answered = true;
    return FACT_TLS_DATA;
}
