/* ClientHello and ServerHello (RFC 8446 4.1, RFC 5246 7.4.1). */
#include "proto/tls/handshake.h"

enum extension {
    EXT_SERVER_NAME = 0,
    EXT_SUPPORTED_GROUPS = 10,
    EXT_SIGNATURE_ALGORITHMS = 13,
    EXT_ALPN = 16,
    EXT_ENCRYPT_THEN_MAC = 22,
    EXT_EXTENDED_MASTER_SECRET = 23,
    EXT_SESSION_TICKET = 35,
    EXT_PRE_SHARED_KEY = 41,
    EXT_EARLY_DATA = 42,
    EXT_SUPPORTED_VERSIONS = 43,
    EXT_KEY_SHARE = 51,
    EXT_ENCRYPTED_CLIENT_HELLO = 0xfe0d
};

static struct slice vector8(struct reader *r)
{
    size_t n = reader_u8(r);
    return reader_slice(r, n);
}

static struct slice vector16(struct reader *r)
{
    size_t n = reader_be16(r);
    return reader_slice(r, n);
}

/* RFC 6066 3: a list of names by type, of which only host_name (0) exists. */
static struct slice read_server_name(struct reader r)
{
    struct reader list = reader_of_slice(vector16(&r));

    while (list.left > 0) {
        uint8_t type = reader_u8(&list);
        struct slice name = vector16(&list);
        if (reader_ok(&list) && type == 0)
            return name;
    }
    return (struct slice){NULL, 0};
}

static uint16_t highest_version(struct slice versions, uint16_t otherwise)
{
    struct reader r = reader_of_slice(versions);
    uint16_t best = 0;

    while (r.left >= 2) {
        uint16_t v = reader_be16(&r);
        if (!tls_is_grease(v) && v > best)
            best = v;
    }
    return best != 0 ? best : otherwise;
}

static void read_key_shares(struct reader r, struct tls_client_hello *h)
{
    struct reader list = reader_of_slice(vector16(&r));

    while (list.left > 0 && h->key_share_count < TLS_KEY_SHARES_MAX) {
        uint16_t group = reader_be16(&list);
        (void)vector16(&list);
        if (!reader_ok(&list))
            return;
        h->key_shares[h->key_share_count++] = group;
    }
}

static void client_extension(struct tls_client_hello *h, uint16_t type, struct slice body)
{
    struct reader r = reader_of_slice(body);

    switch (type) {
    case EXT_SERVER_NAME:
        h->server_name = read_server_name(r);
        break;
    case EXT_SUPPORTED_GROUPS:
        h->groups = vector16(&r);
        break;
    case EXT_SIGNATURE_ALGORITHMS:
        h->signature_algorithms = vector16(&r);
        break;
    case EXT_ALPN:
        h->alpn = vector16(&r);
        break;
    case EXT_SESSION_TICKET:
        h->ticket = body;
        break;
    case EXT_PRE_SHARED_KEY:
        h->offers_psk = true;
        break;
    case EXT_EARLY_DATA:
        h->offers_early_data = true;
        break;
    case EXT_SUPPORTED_VERSIONS:
        h->versions = vector8(&r);
        break;
    case EXT_KEY_SHARE:
        read_key_shares(r, h);
        break;
    case EXT_ENCRYPTED_CLIENT_HELLO:
        h->offers_ech = true;
        break;
    default:
        break;
    }
}

static void client_extensions(struct tls_client_hello *h, struct reader *r)
{
    size_t n = reader_be16(r);
    bool cut = n > r->left;
    struct reader list = reader_child(r, cut ? r->left : n);

    while (list.left > 0) {
        uint16_t type = reader_be16(&list);
        size_t len = reader_be16(&list);
        /* The start of an extension that the capture cut may still hold a name. */
        struct slice body = reader_slice(&list, cut && len > list.left ? list.left : len);
        if (!reader_ok(&list))
            break;
        if (h->extension_count < TLS_EXTENSIONS_MAX)
            h->extensions[h->extension_count++] = type;
        client_extension(h, type, body);
    }
    if (cut || !reader_ok(&list))
        reader_fail(r, READ_SHORT);
}

void tls_read_client_hello(struct slice body, struct tls_client_hello *h)
{
    struct reader r = reader_of_slice(body);

    memset(h, 0, sizeof *h);
    h->version = reader_be16(&r);
    h->random = reader_slice(&r, 32);
    h->session_id = vector8(&r);
    h->ciphers = vector16(&r);
    (void)vector8(&r); /* compression methods */
    if (reader_ok(&r) && r.left > 0)
        client_extensions(h, &r);
    h->max_version = highest_version(h->versions, h->version);
    h->status = reader_status(&r);
}

/* RFC 5246 E.2; the message type and the version are behind us in neither: the payload starts with them. */
void tls_read_sslv2_client_hello(struct slice body, struct tls_client_hello *h)
{
    struct reader r = reader_of_slice(body);

    memset(h, 0, sizeof *h);
    h->sslv2 = true;
    reader_skip(&r, 1);
    h->version = h->max_version = reader_be16(&r);
    size_t ciphers = reader_be16(&r), session_id = reader_be16(&r), challenge = reader_be16(&r);
    h->ciphers = reader_slice(&r, ciphers);
    h->session_id = reader_slice(&r, session_id);
    h->random = reader_slice(&r, challenge);
    h->status = reader_status(&r);
}

/* SHA-256 of "HelloRetryRequest" (RFC 8446 4.1.3). */
static bool is_retry(struct slice random)
{
    static const uint8_t retry[32] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
                                      0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
                                      0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

    return slice_eq(random, slice_of(retry, sizeof retry));
}

static void server_extension(struct tls_server_hello *h, uint16_t type, struct reader r)
{
    switch (type) {
    case EXT_ALPN:
        h->alpn = tls_alpn_first(vector16(&r));
        break;
    case EXT_SUPPORTED_VERSIONS:
        if (r.left == 2)
            h->version = reader_be16(&r);
        break;
    case EXT_PRE_SHARED_KEY:
        h->psk = true;
        break;
    case EXT_KEY_SHARE:
        h->key_share_group = reader_be16(&r);
        break;
    case EXT_SESSION_TICKET:
        h->ticket = true;
        break;
    case EXT_EXTENDED_MASTER_SECRET:
        h->extended_master_secret = true;
        break;
    case EXT_ENCRYPT_THEN_MAC:
        h->encrypt_then_mac = true;
        break;
    case EXT_EARLY_DATA:
        h->early_data = true;
        break;
    default:
        break;
    }
}

static void server_extensions(struct tls_server_hello *h, struct reader *r)
{
    struct reader list = r->left > 0 ? reader_of_slice(vector16(r)) : reader_of(NULL, 0);

    while (list.left > 0) {
        uint16_t type = reader_be16(&list);
        struct slice extension = vector16(&list);
        if (!reader_ok(&list))
            break;
        server_extension(h, type, reader_of_slice(extension));
    }
    h->status = reader_status(r->status != READ_OK ? r : &list);
}

void tls_read_server_hello(struct slice body, struct tls_server_hello *h)
{
    struct reader r = reader_of_slice(body);

    memset(h, 0, sizeof *h);
    h->version = reader_be16(&r);
    h->random = reader_slice(&r, 32);
    h->session_id = vector8(&r);
    h->cipher = reader_be16(&r);
    reader_skip(&r, 1); /* compression method */
    h->retry = is_retry(h->random);
    server_extensions(h, &r);
}

void tls_read_encrypted_extensions(struct slice body, struct tls_server_hello *h)
{
    struct reader r = reader_of_slice(body);

    memset(h, 0, sizeof *h);
    server_extensions(h, &r);
}

struct slice tls_alpn_first(struct slice list)
{
    struct reader r = reader_of_slice(list);
    return list.n > 0 ? vector8(&r) : list;
}

bool tls_alpn_has(struct slice list, struct slice name)
{
    struct reader r = reader_of_slice(list);

    while (r.left > 0)
        if (slice_eq(vector8(&r), name))
            return true;
    return false;
}
