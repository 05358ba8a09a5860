#include "correlate/image/image.h"

#include "base/number.h"
#include "base/saved_time.h"

#include <stdlib.h>

/* ---- numbers ---- */

static void put(struct image *m, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_putc(m->out, (char)(v | 0x80));
    buf_putc(m->out, (char)v);
}

static uint64_t get(struct image *m)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = reader_u8(&m->in);
        v |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return v;
    }
    reader_fail(&m->in, READ_BAD);
    return 0;
}

void image_number(struct image *m, void *p, size_t bytes)
{
    if (m->out != NULL)
        put(m, number_load(p, bytes));
    else
        number_store(p, bytes, get(m));
}

void image_enum(struct image *m, unsigned *value, unsigned last)
{
    image_number(m, value, sizeof *value);
    if (m->out == NULL && *value > last) {
        reader_fail(&m->in, READ_BAD);
        *value = 0;
    }
}

void image_ns(struct image *m, int64_t *ns)
{
    image_number(m, ns, sizeof *ns);
    if (m->out == NULL)
        *ns = saved_moment(*ns);
}

void image_duration(struct image *m, int64_t *ns)
{
    image_number(m, ns, sizeof *ns);
    if (m->out == NULL)
        *ns = saved_duration(*ns);
}

void image_bool(struct image *m, bool *b)
{
    *b = image_present(m, *b);
}

bool image_present(struct image *m, bool here)
{
    uint64_t v = here;

    if (m->out != NULL)
        put(m, v);
    else
        v = get(m);
    return v != 0;
}

size_t image_count(struct image *m, size_t n, size_t max)
{
    IMAGE(m, n);
    if (m->out == NULL && (n > max || n > m->in.left))
        reader_fail(&m->in, READ_BAD);
    return image_ok(m) ? n : 0;
}

/* ---- moments, addresses, text ---- */

static void image_ref(struct image *m, struct packet_ref *ref)
{
    uint64_t number = ref->number, file = ref->file;

    IMAGE(m, number);
    IMAGE(m, file);
    *ref = packet_ref_of(number, file);
    if (m->out != NULL && ref->number != 0)
        m->evidence(m->ctx, (uint32_t)ref->file);
}

void image_mark(struct image *m, struct packet_mark *mark)
{
    image_ns(m, &mark->ts_ns);
    image_ref(m, &mark->ref);
}

void image_ip(struct image *m, struct ip_addr *ip)
{
    size_t n;

    IMAGE(m, ip->family);
    if (ip->family != 0 && ip->family != 4 && ip->family != 6) {
        reader_fail(&m->in, READ_BAD);
        ip->family = 0;
    }
    n = ip->family == 0 ? 0 : ip->family == 4 ? 4 : sizeof ip->bytes;
    if (m->out != NULL) {
        buf_put(m->out, ip->bytes, n);
        return;
    }
    const uint8_t *p = reader_take(&m->in, n);
    if (p != NULL && n > 0)
        memcpy(ip->bytes, p, n);
}

void image_endpoint(struct image *m, struct endpoint *e)
{
    image_ip(m, &e->ip);
    IMAGE(m, e->port);
}

void image_slice(struct image *m, struct slice *s)
{
    if (!image_present(m, s->p != NULL)) {
        *s = (struct slice){NULL, 0};
        return;
    }
    size_t n = s->n;
    IMAGE(m, n);
    if (m->out != NULL)
        buf_slice(m->out, *s);
    else
        *s = arena_copy(m->arena, reader_slice(&m->in, n));
}

size_t image_array(struct image *m, void *items, size_t n, size_t bytes, size_t least)
{
    n = image_count(m, n, m->out != NULL ? SIZE_MAX : m->in.left / least);
    if (m->out != NULL || n == 0)
        return n;
    void *p = arena_alloc(m->arena, n * bytes);
    if (p == NULL) {
        m->failed = true;
        return 0;
    }
    memset(p, 0, n * bytes);
    memcpy(items, &p, sizeof p);
    return n;
}

/* ---- things and links ---- */

struct known {
    struct hmap_node node;
    const void *thing;
    size_t link;
};

static size_t link_of(const struct image *m, const void *thing)
{
    struct hmap_node *n = hmap_first(&m->known, hash_bytes(&thing, sizeof thing));

    for (; n != NULL; n = hmap_next(n))
        if (hmap_entry(n, struct known, node)->thing == thing)
            return hmap_entry(n, struct known, node)->link;
    return 0;
}

static bool set_grow(struct image_set *s)
{
    size_t cap = s->cap == 0 ? 64 : s->cap * 2;
    void **items = realloc(s->items, cap * sizeof(void *));

    if (items == NULL)
        return false;
    s->items = items;
    s->cap = cap;
    return true;
}

void image_add(struct image *m, enum image_kind kind, void *thing)
{
    struct image_set *s = &m->sets[kind];

    if (thing == NULL || link_of(m, thing) != 0)
        return;
    struct known *k = arena_alloc(&m->nodes, sizeof *k);
    if (k == NULL || (s->n == s->cap && !set_grow(s))) {
        m->failed = true;
        return;
    }
    k->thing = thing;
    m->failed |= hmap_insert(&m->known, &k->node, hash_bytes(&thing, sizeof thing)) != 0;
    s->items[s->n++] = thing;
    k->link = s->n;
}

/* Reading: 0 for none. */
static size_t image_number_of(struct image *m, enum image_kind kind, void *link)
{
    const struct image_set *s = &m->sets[kind];
    void *thing = NULL;
    size_t i = 0;

    if (m->out != NULL) {
        memcpy(&thing, link, sizeof thing);
        i = thing != NULL ? link_of(m, thing) : 0;
    }
    IMAGE(m, i);
    if (m->out != NULL)
        return i;
    if (i > s->n) {
        reader_fail(&m->in, READ_BAD);
        i = 0;
    }
    if (i > 0)
        thing = s->items[i - 1];
    memcpy(link, &thing, sizeof thing);
    return i;
}

void image_link(struct image *m, enum image_kind kind, void *link)
{
    (void)image_number_of(m, kind, link);
}

bool image_member(struct image *m, enum image_kind kind, void *link, enum image_place place)
{
    size_t i = image_number_of(m, kind, link);

    if (m->out != NULL)
        return true;
    if (i == 0 || (m->sets[kind].places[i - 1] & place) != 0) {
        reader_fail(&m->in, READ_BAD);
        return false;
    }
    m->sets[kind].places[i - 1] |= (uint8_t)place;
    return true;
}

size_t image_list(struct image *m, struct list_link *list, enum image_kind kind, size_t offset,
                  enum image_place place)
{
    struct list_link *at = list->next;
    size_t n = 0, i;

    for (; m->out != NULL && at != list; at = at->next)
        n++;
    n = image_count(m, n, SIZE_MAX);
    at = list->next;
    for (i = 0; i < n && image_ok(m); i++) {
        char *thing = m->out != NULL ? (char *)at - offset : NULL;
        if (!image_member(m, kind, &thing, place))
            break;
        if (m->out != NULL)
            at = at->next;
        else
            list_append(list, (struct list_link *)(void *)(thing + offset));
    }
    return i;
}

/* ---- heaps ---- */

static void image_node(struct image *m, struct heap *heap, struct heap_node *node)
{
    struct heap_node like = *node;

    if (!image_present(m, heap_holds(node)))
        return;
    image_ns(m, &like.key);
    IMAGE(m, like.tie);
    if (m->out == NULL)
        m->failed |= heap_push(heap, node, like.key, like.tie) != 0;
}

void image_timer(struct image *m, struct timer *t)
{
    image_node(m, &m->correlate->timers, &t->node);
}

bool image_ok(const struct image *m)
{
    return !m->failed && (m->out != NULL ? !m->out->failed : reader_ok(&m->in));
}
