/* TLS handshake messages: put together from records, and read (RFC 8446 4, RFC 5246 7.4). */
#ifndef P2T_PROTO_TLS_HANDSHAKE_H
#define P2T_PROTO_TLS_HANDSHAKE_H

#include "base/buf.h"
#include "base/reader.h"

enum tls_message_type {
    TLS_HELLO_REQUEST = 0,
    TLS_CLIENT_HELLO = 1,
    TLS_SERVER_HELLO = 2,
    TLS_NEW_SESSION_TICKET = 4,
    TLS_END_OF_EARLY_DATA = 5,
    TLS_ENCRYPTED_EXTENSIONS = 8,
    TLS_CERTIFICATE = 11,
    TLS_CERTIFICATE_REQUEST = 13,
    TLS_SERVER_HELLO_DONE = 14,
    TLS_CLIENT_KEY_EXCHANGE = 16,
    TLS_FINISHED = 20,
    TLS_KEY_UPDATE = 24
};

enum { TLS_VERSION_SSL3 = 0x0300, TLS_VERSION_1_0 = 0x0301, TLS_VERSION_1_2 = 0x0303, TLS_VERSION_1_3 = 0x0304 };

struct tls_message {
    uint8_t type;
    struct slice body; /* what there is of it from its start */
    bool whole;
};

/* Messages of one direction; a zeroed struct is ready. */
struct tls_messages {
    struct buf held;  /* a message that lies in more than one record, header included */
    size_t skip_left; /* of a message longer than the limit */
};

/* Frees what is held of a message that is under way. */
void tls_messages_fini(struct tls_messages *m);
/* Cuts bytes off the front of *payload, a handshake record's; true when that made a message whole. last: nothing will
 * follow in this direction that fits, so that a message's start is handed out, too. Valid until the next call. */
bool tls_messages_next(struct tls_messages *m, struct slice *payload, bool last, size_t limit,
                       struct tls_message *message);

enum { TLS_EXTENSIONS_MAX = 64, TLS_KEY_SHARES_MAX = 8, TLS_JA4_BYTES = 37 };

/* Slices point into the message. */
struct tls_client_hello {
    enum read_status status;
    uint16_t version;     /* legacy_version */
    uint16_t max_version; /* the highest offered, GREASE aside */
    struct slice random, session_id;
    struct slice ciphers;              /* 16-bit numbers; in SSL 2.0's framing 24-bit ones */
    struct slice server_name;          /* p == NULL: no such extension */
    struct slice alpn;                 /* the list: length and name each; p == NULL: none */
    struct slice versions;             /* 16-bit numbers */
    struct slice groups;               /* 16-bit numbers */
    struct slice signature_algorithms; /* 16-bit numbers */
    uint16_t extensions[TLS_EXTENSIONS_MAX];
    size_t extension_count; /* those beyond the limit are not counted */
    uint16_t key_shares[TLS_KEY_SHARES_MAX];
    size_t key_share_count;
    bool sslv2;          /* came in SSL 2.0's framing */
    bool offers_psk;     /* pre_shared_key */
    struct slice ticket; /* session_ticket; empty: none */
    bool offers_early_data;
    bool offers_ech;         /* encrypted_client_hello: server_name is the outer one */
    bool again;              /* the second one, after a HelloRetryRequest */
    char ja4[TLS_JA4_BYTES]; /* empty: not known */
};

struct tls_server_hello {
    enum read_status status;
    uint16_t version; /* the one selected */
    uint16_t cipher;
    struct slice random, session_id;
    struct slice alpn;        /* p == NULL: none here; in TLS 1.3 it is encrypted */
    uint16_t key_share_group; /* 0: none */
    bool retry;               /* a HelloRetryRequest */
    bool psk;                 /* pre_shared_key: a TLS 1.3 session goes on */
    bool extended_master_secret, encrypt_then_mac, ticket;
    bool early_data; /* accepted: only where it stands, in EncryptedExtensions */
};

/* Read a message's body as far as it makes sense; what it lacks stays zero. Slices point into the body. */
void tls_read_client_hello(struct slice body, struct tls_client_hello *hello);
void tls_read_sslv2_client_hello(struct slice body, struct tls_client_hello *hello);
void tls_read_server_hello(struct slice body, struct tls_server_hello *hello);
/* TLS 1.3's EncryptedExtensions: alpn and early_data are filled in. */
void tls_read_encrypted_extensions(struct slice body, struct tls_server_hello *hello);
/* First name of an ALPN list; empty when there is none. */
struct slice tls_alpn_first(struct slice list);
/* list: the extension's list of names, as on the wire. */
bool tls_alpn_has(struct slice list, struct slice name);

/* RFC 8701's reserved values. */
static inline bool tls_is_grease(uint16_t v)
{
    return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

#endif
