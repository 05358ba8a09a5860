#include "proto/tls/certificate.h"

#include <limits.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/hash.h"

enum {
    KEPT = 64,                 /* certificates; a flood of different ones replaces each other */
    LEAF_BYTES_MAX = 16 << 10, /* larger ones are not read */
    NAMES_MAX = 64,            /* looked at of one certificate */
    CHAIN_MAX = 64
};

struct kept {
    struct tls_certificate certificate;
    struct slice der;
    struct arena arena;
};

struct tls_certificates {
    struct kept kept[KEPT];
    struct tls_certificate unread; /* of one that is too large */
};

struct tls_certificates *tls_certificates_new(void)
{
    return calloc(1, sizeof(struct tls_certificates));
}

void tls_certificates_free(struct tls_certificates *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < KEPT; i++)
        arena_fini(&c->kept[i].arena);
    free(c);
}

/* ---- what OpenSSL says ---- */

static int64_t seconds_of(const ASN1_TIME *t)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;

    if (epoch == NULL || ASN1_TIME_diff(&days, &seconds, epoch, t) != 1)
        days = seconds = 0;
    ASN1_TIME_free(epoch);
    return (int64_t)days * 86400 + seconds;
}

static void read_subject(struct kept *k, X509 *x)
{
    X509_NAME *name = X509_get_subject_name(x);
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    unsigned char *utf8 = NULL;

    if (at < 0)
        return;
    int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (n >= 0)
        k->certificate.subject = arena_copy(&k->arena, slice_of(utf8, (size_t)n));
    OPENSSL_free(utf8);
}

static bool addr_of(const ASN1_OCTET_STRING *s, struct ip_addr *addr)
{
    int n = ASN1_STRING_length(s);

    *addr = (struct ip_addr){.family = n == 4 ? 4 : 6};
    if (n != 4 && n != 16)
        return false;
    memcpy(addr->bytes, ASN1_STRING_get0_data(s), (size_t)n);
    return true;
}

static void read_name(struct kept *k, const GENERAL_NAME *name, struct slice *names, struct ip_addr *addrs)
{
    struct tls_certificate *c = &k->certificate;

    if (name->type == GEN_DNS && c->name_count < NAMES_MAX)
        names[c->name_count++] = arena_copy(
            &k->arena, slice_of(ASN1_STRING_get0_data(name->d.dNSName), (size_t)ASN1_STRING_length(name->d.dNSName)));
    else if (name->type == GEN_IPADD && c->addr_count < NAMES_MAX &&
             addr_of(name->d.iPAddress, &addrs[c->addr_count]))
        c->addr_count++;
}

static void read_names(struct kept *k, X509 *x)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    struct slice *names = arena_alloc(&k->arena, NAMES_MAX * sizeof *names);
    struct ip_addr *addrs = arena_alloc(&k->arena, NAMES_MAX * sizeof *addrs);

    for (int i = 0; names != NULL && addrs != NULL && i < sk_GENERAL_NAME_num(all); i++)
        read_name(k, sk_GENERAL_NAME_value(all, i), names, addrs);
    k->certificate.names = names;
    k->certificate.addrs = addrs;
    GENERAL_NAMES_free(all);
}

static void read_leaf(struct kept *k)
{
    const unsigned char *p = k->der.p;
    X509 *x = d2i_X509(NULL, &p, (long)k->der.n);

    if (x == NULL)
        return;
    k->certificate.readable = true;
    k->certificate.not_before_s = seconds_of(X509_get0_notBefore(x));
    k->certificate.not_after_s = seconds_of(X509_get0_notAfter(x));
    read_subject(k, x);
    read_names(k, x);
    X509_free(x);
}

/* ---- the message ---- */

/* Certificates end with their signature: enough to tell them apart before the bytes are compared. */
static struct kept *slot_of(struct tls_certificates *c, struct slice der)
{
    size_t n = der.n < 32 ? der.n : 32;
    return &c->kept[hash_bytes(der.p + der.n - n, n) % KEPT];
}

static struct tls_certificate *leaf_of(struct tls_certificates *c, struct slice der)
{
    struct kept *k = slot_of(c, der);

    if (der.n > LEAF_BYTES_MAX) {
        c->unread = (struct tls_certificate){.chain = 0};
        return &c->unread;
    }
    if (slice_eq(k->der, der))
        return &k->certificate;
    arena_start(&k->arena, ARENA_USUAL);
    arena_reset(&k->arena);
    k->certificate = (struct tls_certificate){.chain = 0};
    k->der = arena_copy(&k->arena, der);
    if (k->der.p != NULL)
        read_leaf(k);
    return &k->certificate;
}

const struct tls_certificate *tls_certificates_read(struct tls_certificates *c, struct slice body, bool v13)
{
    struct reader r = reader_of_slice(body);

    if (v13)
        reader_skip(&r, reader_u8(&r)); /* certificate_request_context */
    size_t total = reader_be24(&r), chain = 0;
    struct reader list = reader_child(&r, total < r.left ? total : r.left);
    struct slice leaf = {NULL, 0};

    for (; list.left > 0 && chain < CHAIN_MAX; chain++) {
        size_t n = reader_be24(&list);
        struct slice der = reader_slice(&list, n);
        if (v13)
            reader_skip(&list, reader_be16(&list)); /* its extensions */
        if (!reader_ok(&list))
            break;
        if (chain == 0)
            leaf = der;
    }
    if (leaf.n == 0)
        return NULL;
    struct tls_certificate *found = leaf_of(c, leaf);
    found->chain = chain;
    return found;
}
