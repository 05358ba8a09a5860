/* What Go's verifier would say of a server's certificate, as far as the certificate alone shows (crypto/x509
 * Certificate.Verify: dates first, then the name). */
#include <time.h>

#include "base/buf.h"
#include "correlate/tls/certificate.h"

enum { TIME_TEXT = 32 };

static void time_text(int64_t seconds, char out[TIME_TEXT])
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (gmtime_r(&t, &tm) == NULL || strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        out[0] = '\0';
}

static struct slice date_problem(struct arena *a, const struct tls_certificate *cert, int64_t now_s)
{
    bool early = now_s < cert->not_before_s;
    char now[TIME_TEXT], limit[TIME_TEXT];

    if (!early && now_s <= cert->not_after_s)
        return (struct slice){NULL, 0};
    time_text(now_s, now);
    time_text(early ? cert->not_before_s : cert->not_after_s, limit);
    return arena_printf(a, "x509: certificate has expired or is not yet valid: current time %s is %s %s", now,
                        early ? "before" : "after", limit);
}

/* RFC 6125 6.4.3: an asterisk stands for the whole of the leftmost label. */
static bool matches(struct slice pattern, struct slice host)
{
    if (pattern.n > 2 && pattern.p[0] == '*' && pattern.p[1] == '.') {
        size_t label = slice_find(host, '.');
        return label > 0 && label < host.n &&
               slice_ieq(slice_of(pattern.p + 1, pattern.n - 1), slice_of(host.p + label, host.n - label));
    }
    return slice_ieq(pattern, host);
}

static bool is_for(const struct tls_certificate *cert, struct slice host)
{
    for (size_t i = 0; i < cert->name_count; i++)
        if (matches(cert->names[i], host))
            return true;
    return false;
}

static struct slice name_problem(struct arena *a, const struct tls_certificate *cert, struct slice host)
{
    struct buf b = {0};

    if (host.n == 0 || is_for(cert, host))
        return (struct slice){NULL, 0};
    if (cert->name_count == 0 && cert->addr_count == 0 && matches(cert->subject, host))
        return SLICE_LIT("x509: certificate relies on legacy Common Name field, use SANs instead");
    if (cert->name_count == 0) {
        buf_lit(&b, "x509: certificate is not valid for any names, but wanted to match ");
    } else {
        buf_lit(&b, "x509: certificate is valid for ");
        for (size_t i = 0; i < cert->name_count; i++) {
            if (i > 0)
                buf_lit(&b, ", ");
            buf_slice(&b, cert->names[i]);
        }
        buf_lit(&b, ", not ");
    }
    buf_slice(&b, host);
    for (size_t i = 0; i < b.n; i++)
        if (b.p[i] < 0x20 || b.p[i] > 0x7e)
            b.p[i] = '?';
    struct slice text = arena_copy(a, buf_view(&b));
    buf_fini(&b);
    return text;
}

struct slice certificate_problem(struct arena *a, const struct tls_certificate *cert, struct slice host,
                                 int64_t ts_ns)
{
    if (!cert->readable)
        return (struct slice){NULL, 0};
    struct slice problem = date_problem(a, cert, ts_ns / 1000000000);
    return problem.n > 0 ? problem : name_problem(a, cert, host);
}
