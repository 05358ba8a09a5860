#include <math.h>
#include <stdlib.h>

#include "analyze/live/forms.h"
#include "base/timeparse.h"

const cJSON *live_member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItem(object, name);
}

struct slice live_string(const cJSON *item)
{
    return cJSON_IsString(item) ? slice_str(item->valuestring) : (struct slice){NULL, 0};
}

struct slice live_string_member(const cJSON *object, const char *name)
{
    return live_string(live_member(object, name));
}

struct slice live_error(const cJSON *item)
{
    static const char *const names[] = {"message", "msg", "error", "err", "text"};

    for (size_t i = 0; cJSON_IsObject(item) && i < sizeof names / sizeof *names; i++)
        if (cJSON_IsString(live_member(item, names[i])))
            return live_string_member(item, names[i]);
    return live_string(item);
}

bool live_time(const cJSON *item, int64_t *ns)
{
    struct slice text = live_string(item);
    char *end;

    if (cJSON_IsNumber(item))
        return time_from_number(item->valuedouble, ns);
    if (text.n == 0)
        return false;
    if (time_parse(text, ns))
        return true;
    uint64_t whole;
    if (slice_u64(text, &whole) && whole > 100000000000000000u && whole < 9200000000000000000u) {
        *ns = (int64_t)whole; /* nanoseconds that a double could not hold */
        return true;
    }
    double v = strtod((const char *)text.p, &end);
    return *end == '\0' && time_from_number(v, ns);
}

bool live_duration(const cJSON *item, double unit_ns, int64_t *ns)
{
    static const double most_ns = 1e18;

    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
        return false;
    double v = item->valuedouble * unit_ns;
    if (!(v >= 0 && v < most_ns))
        return false;
    *ns = (int64_t)(v + 0.5);
    return true;
}

bool live_hook_by_name(struct slice name, enum p2t_hook *hook)
{
    for (int h = 0; h < P2T_HOOK_COUNT; h++)
        if (slice_ieq(name, slice_str(p2t_hook_name((enum p2t_hook)h)))) {
            *hook = (enum p2t_hook)h;
            return true;
        }
    return false;
}

/* ---- addresses ---- */

enum { ADDRESSES_MAX = 256 };

static int by_text(const void *a, const void *b)
{
    const struct slice *s = a, *t = b;
    int order = memcmp(s->p, t->p, s->n < t->n ? s->n : t->n);

    return order != 0 ? order : (s->n > t->n) - (s->n < t->n);
}

static size_t collect(const cJSON *list, struct slice out[ADDRESSES_MAX])
{
    const cJSON *item;
    size_t n = 0;

    cJSON_ArrayForEach(item, list)
    {
        struct slice s = cJSON_IsObject(item) ? live_string_member(item, "IP") : live_string(item);
        if (s.n > 0 && n < ADDRESSES_MAX)
            out[n++] = s;
    }
    return n;
}

struct slice live_addresses(struct live *l, const cJSON *list)
{
    struct slice all[ADDRESSES_MAX];
    struct buf text = {0};

    if (!cJSON_IsArray(list))
        return (struct slice){NULL, 0};
    size_t n = collect(list, all);
    qsort(all, n, sizeof *all, by_text);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_putc(&text, ',');
        buf_slice(&text, all[i]);
    }
    l->config.pool->failed |= text.failed;
    struct slice kept = record_text(l->config.pool, n > 0 ? buf_view(&text) : slice_of("", 0));
    buf_fini(&text);
    return kept;
}
