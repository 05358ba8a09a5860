#include "reread/fields.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/timefmt.h"
#include "base/timeparse.h"
#include "reread/line.h"

void fields_wrong(struct fields *f, const char *member)
{
    if (f->wrong == NULL)
        f->wrong = member;
}

void *fields_list(struct fields *f, size_t n, size_t size)
{
    /* A list is no longer than its line: the product cannot overflow. */
    size_t bytes = (n > 0 ? n : 1) * size;
    void *list = arena_alloc(&f->arena, bytes);

    if (list == NULL)
        f->failed = true;
    else
        memset(list, 0, bytes);
    return list;
}

const cJSON *fields_get(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsNull(item) ? NULL : item;
}

const cJSON *fields_object(struct fields *f, const cJSON *object, const char *name)
{
    const cJSON *item = fields_get(object, name);

    if (item == NULL || cJSON_IsObject(item))
        return item;
    fields_wrong(f, name);
    return NULL;
}

const cJSON *fields_array(struct fields *f, const cJSON *object, const char *name)
{
    const cJSON *item = fields_get(object, name);

    if (cJSON_IsArray(item))
        return item;
    fields_wrong(f, name);
    return NULL;
}

/* ---- texts ---- */

/* In place: each NUL was a byte that no text has. Done once, as a second look would end at it. */
static struct p2t_text restored(char *text)
{
    struct p2t_text s = {text, strlen(text)};

    for (char *c = text; (c = strchr(c, LINE_NUL)) != NULL;)
        *c++ = '\0';
    return s;
}

struct p2t_text fields_key(const cJSON *item)
{
    return restored(item->string);
}

struct p2t_text fields_string(struct fields *f, const cJSON *item, const char *name)
{
    if (!cJSON_IsString(item)) {
        fields_wrong(f, name);
        return (struct p2t_text){NULL, 0};
    }
    return restored(item->valuestring);
}

struct p2t_text fields_text(struct fields *f, const cJSON *object, const char *name)
{
    const cJSON *item = fields_get(object, name);

    return item != NULL ? fields_string(f, item, name) : (struct p2t_text){NULL, 0};
}

/* ---- numbers ---- */

/* A number that was too long for a double. */
static const char *long_number(const cJSON *item)
{
    return cJSON_IsString(item) && (uint8_t)item->valuestring[0] == LINE_NUMBER ? item->valuestring + 1 : NULL;
}

static bool integer_of(const cJSON *item, int64_t *v)
{
    static const double exact = 1e15;
    const char *text = long_number(item);
    char *end;

    if (text != NULL) {
        errno = 0;
        *v = strtoll(text, &end, 10);
        return errno == 0 && *end == '\0';
    }
    if (!cJSON_IsNumber(item) || !(fabs(item->valuedouble) <= exact) || floor(item->valuedouble) != item->valuedouble)
        return false;
    *v = (int64_t)item->valuedouble;
    return true;
}

int64_t fields_integer(struct fields *f, const cJSON *item, const char *name, int64_t min, int64_t max)
{
    int64_t v;

    if (integer_of(item, &v) && v >= min && v <= max)
        return v;
    fields_wrong(f, name);
    return min;
}

int64_t fields_int(struct fields *f, const cJSON *object, const char *name, int64_t min, int64_t max, int64_t missing)
{
    const cJSON *item = fields_get(object, name);

    return item != NULL ? fields_integer(f, item, name, min, max) : missing;
}

uint32_t fields_count(struct fields *f, const cJSON *object, const char *name)
{
    return (uint32_t)fields_int(f, object, name, 0, UINT32_MAX, 0);
}

/* "-12.345", with three decimals at most. */
static bool long_us(const char *text, int64_t *ns)
{
    static const uint64_t ns_of[] = {1000, 100, 10, 1}; /* a unit of the last decimal, by how many there are */
    size_t whole_digits = strcspn(text, "."), decimals = strlen(text + whole_digits);
    bool negative = *text == '-';
    uint64_t whole, part = 0;

    text += negative;
    whole_digits -= negative;
    decimals -= decimals > 0; /* the point */
    if (decimals > 3 || !slice_u64(slice_of(text, whole_digits), &whole) || whole >= INT64_MAX / 1000 ||
        (text[whole_digits] == '.' && !slice_u64(slice_of(text + whole_digits + 1, decimals), &part)))
        return false;
    part *= ns_of[decimals];
    *ns = (int64_t)(whole * 1000 + part) * (negative ? -1 : 1);
    return true;
}

int64_t fields_us(struct fields *f, const cJSON *item, const char *name)
{
    static const double most_us = 1e15; /* 30 years */
    const char *text = long_number(item);
    int64_t ns = 0;

    if (text != NULL && long_us(text, &ns))
        return ns;
    if (text == NULL && cJSON_IsNumber(item) && fabs(item->valuedouble) < most_us)
        return llround(item->valuedouble * 1000);
    fields_wrong(f, name);
    return 0;
}

bool fields_bool(struct fields *f, const cJSON *object, const char *name)
{
    return fields_tristate(f, object, name) == 1;
}

int fields_tristate(struct fields *f, const cJSON *object, const char *name)
{
    const cJSON *item = fields_get(object, name);

    if (item != NULL && !cJSON_IsBool(item))
        fields_wrong(f, name);
    return cJSON_IsBool(item) ? cJSON_IsTrue(item) : -1;
}

uint64_t fields_id(struct fields *f, const cJSON *object, const char *name)
{
    return fields_id_of(f, fields_get(object, name), name);
}

uint64_t fields_id_of(struct fields *f, const cJSON *item, const char *name)
{
    struct p2t_text s = fields_string(f, item, name);

    if (s.n == 16 && strspn(s.p, "0123456789abcdef") == s.n)
        return strtoull(s.p, NULL, 16);
    fields_wrong(f, name);
    return 0;
}

int64_t fields_time(struct fields *f, const cJSON *object, const char *name)
{
    struct p2t_text s = fields_text(f, object, name);
    int64_t ns = 0;

    if (s.n != TIME_TEXT_BYTES || !time_parse(slice_of(s.p, s.n), &ns))
        fields_wrong(f, name);
    return ns;
}

/* ---- lists ---- */

uint8_t fields_evidence(struct fields *f, const cJSON *object, struct p2t_evidence *e, size_t max)
{
    const cJSON *list = fields_array(f, object, "evidence"), *pair;
    size_t n = 0;

    cJSON_ArrayForEach(pair, list)
    {
        if (!cJSON_IsArray(pair) || cJSON_GetArraySize(pair) != 2 || n == max) {
            fields_wrong(f, "evidence");
            break;
        }
        e[n].file = (uint32_t)fields_integer(f, pair->child, "evidence", 0, UINT32_MAX);
        e[n].packet = (uint64_t)fields_integer(f, pair->child->next, "evidence", 0, INT64_MAX);
        n++;
    }
    return (uint8_t)n;
}

int fields_name(struct fields *f, const cJSON *object, const char *member, int count, const char *(*name)(int index))
{
    return fields_name_of(f, fields_get(object, member), member, count, name);
}

int fields_name_of(struct fields *f, const cJSON *item, const char *member, int count, const char *(*name)(int index))
{
    struct p2t_text s = fields_string(f, item, member);

    for (int i = 0; s.p != NULL && i < count; i++) {
        const char *known = name(i);
        if (known != NULL && slice_eq(slice_of(s.p, s.n), slice_str(known)))
            return i;
    }
    fields_wrong(f, member);
    return 0;
}

const char *fields_relation(struct fields *f, struct p2t_text text)
{
    if (text.p != NULL && text.n > 0 && strspn(text.p, "abcdefghijklmnopqrstuvwxyz_") == text.n)
        return text.p;
    fields_wrong(f, "links");
    return "";
}
