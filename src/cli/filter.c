#include "cli/filter.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pcap2trace/status.h"

/* A host name has at most 255 bytes (RFC 1035 2.3.4), and a port 6 more; longer ones match nothing. */
enum { HOST_MAX = 512 };

/* ---- adding ---- */

/* Room for one more of `size` bytes; NULL when memory ran out. */
static void *add(void *list, size_t *count, size_t size)
{
    void **items = list;
    char *grown = realloc(*items, (*count + 1) * size);

    if (grown == NULL)
        return NULL;
    *items = grown;
    return grown + (*count)++ * size;
}

static int add_text(const char ***list, size_t *count, const char *text)
{
    if (*text == '\0')
        return P2T_ERR_USAGE;
    const char **slot = add(list, count, sizeof *slot);
    if (slot == NULL)
        return P2T_ERR_MEMORY;
    *slot = text;
    return P2T_OK;
}

int filter_add_host(struct filter *f, const char *glob)
{
    return add_text(&f->hosts, &f->host_count, glob);
}

int filter_add_method(struct filter *f, const char *method)
{
    return add_text(&f->methods, &f->method_count, method);
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "404" or "5xx"; RFC 9110 15 has classes 1 to 5, servers also send others. */
static bool parse_status(const char *p, size_t n, struct filter_status *s)
{
    if (n != 3 || p[0] < '1' || p[0] > '9')
        return false;
    int base = (p[0] - '0') * 100;
    if (strncasecmp(p + 1, "xx", 2) == 0) {
        *s = (struct filter_status){base, base + 99};
        return true;
    }
    if (!digit(p[1]) || !digit(p[2]))
        return false;
    s->first = s->last = base + (p[1] - '0') * 10 + p[2] - '0';
    return true;
}

int filter_add_status(struct filter *f, const char *list)
{
    for (const char *p = list;; p++) {
        size_t n = strcspn(p, ",");
        struct filter_status s;
        if (!parse_status(p, n, &s))
            return P2T_ERR_USAGE;
        struct filter_status *slot = add(&f->statuses, &f->status_count, sizeof *slot);
        if (slot == NULL)
            return P2T_ERR_MEMORY;
        *slot = s;
        p += n;
        if (*p == '\0')
            return P2T_OK;
    }
}

int filter_add_id(struct filter *f, const char *id)
{
    size_t n = strlen(id);

    if (n == 0 || n > 16 || strspn(id, "0123456789abcdefABCDEF") != n)
        return P2T_ERR_USAGE;
    struct filter_id *slot = add(&f->ids, &f->id_count, sizeof *slot);
    if (slot == NULL)
        return P2T_ERR_MEMORY;
    unsigned rest = (unsigned)(16 - n) * 4;
    slot->first = strtoull(id, NULL, 16) << rest;
    slot->last = slot->first | ((UINT64_C(1) << rest) - 1);
    return P2T_OK;
}

int filter_duration(const char *duration, int64_t *out_ns)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}};
    char *unit;

    if (!digit(*duration) && *duration != '.')
        return P2T_ERR_USAGE;
    double value = strtod(duration, &unit);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(unit, units[i].name) != 0)
            continue;
        double ns = value * units[i].ns;
        if (!(ns >= 1 && ns < 9e18))
            return P2T_ERR_USAGE;
        *out_ns = (int64_t)ns;
        return P2T_OK;
    }
    return P2T_ERR_USAGE;
}

int filter_set_slower_than(struct filter *f, const char *duration)
{
    return filter_duration(duration, &f->slower_than_ns);
}

void filter_free(struct filter *f)
{
    free(f->hosts);
    free(f->methods);
    free(f->statuses);
    free(f->ids);
    *f = (struct filter){0};
}

/* ---- asking ---- */

bool filter_is_empty(const struct filter *f)
{
    return f->host_count + f->method_count + f->status_count + f->id_count == 0 && f->slower_than_ns == 0 &&
           !f->failed;
}

static size_t without_port(const char *host, size_t n)
{
    size_t i = n;

    while (i > 0 && digit(host[i - 1]))
        i--;
    return i < n && i > 1 && host[i - 1] == ':' ? i - 1 : n;
}

static bool glob_matches(const char *glob, const char *text, size_t n)
{
    char host[HOST_MAX];

    if (n >= sizeof host || memchr(text, '\0', n) != NULL)
        return false;
    memcpy(host, text, n);
    host[n] = '\0';
    return fnmatch(glob, host, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

/* Where no host is known (a bare connection), its server's address stands for it. */
static bool host_matches(const struct filter *f, const struct p2t_exchange *x)
{
    struct p2t_text host = x->host;

    if (host.p == NULL && x->connection != NULL)
        host = x->connection->server;
    if (host.p == NULL)
        return false;
    size_t bare = without_port(host.p, host.n);
    for (size_t i = 0; i < f->host_count; i++)
        if (glob_matches(f->hosts[i], host.p, host.n) || glob_matches(f->hosts[i], host.p, bare))
            return true;
    return false;
}

static bool method_matches(const struct filter *f, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < f->method_count; i++)
        if (x->method.p != NULL && strlen(f->methods[i]) == x->method.n &&
            strncasecmp(f->methods[i], x->method.p, x->method.n) == 0)
            return true;
    return false;
}

static bool status_matches(const struct filter *f, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < f->status_count; i++)
        if (x->status >= f->statuses[i].first && x->status <= f->statuses[i].last)
            return true;
    return false;
}

static bool id_matches(const struct filter *f, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < f->id_count; i++)
        if (x->id >= f->ids[i].first && x->id <= f->ids[i].last)
            return true;
    return false;
}

bool filter_keeps(const struct filter *f, const struct p2t_exchange *x)
{
    if (f->failed && x->outcome == P2T_OUTCOME_OK)
        return false;
    if (f->slower_than_ns > 0 && x->end_ns - x->start_ns <= f->slower_than_ns)
        return false;
    return (f->host_count == 0 || host_matches(f, x)) && (f->method_count == 0 || method_matches(f, x)) &&
           (f->status_count == 0 || status_matches(f, x)) && (f->id_count == 0 || id_matches(f, x));
}
