#include "batch/processed.h"

#include <stdlib.h>

#include "batch/checkpoint.h"
#include "batch/take.h"

void processed_init(struct processed_set *s)
{
    *s = (struct processed_set){0};
    list_init(&s->order);
}

static struct processed *of_node(struct hmap_node *n)
{
    return n != NULL ? hmap_entry(n, struct processed, node) : NULL;
}

struct processed *processed_first(const struct processed_set *s, uint64_t fingerprint)
{
    return of_node(hmap_first(&s->map, fingerprint));
}

struct processed *processed_next(const struct processed *r)
{
    return of_node(hmap_next(&r->node));
}

bool processed_has(const struct processed_set *s, const struct folder_file *file)
{
    for (const struct processed *r = processed_first(s, file->fingerprint); r != NULL; r = processed_next(r))
        if (r->inode == (uint64_t)file->inode && r->bytes == file->bytes)
            return true;
    return false;
}

static struct processed *named(const struct processed_set *s, uint64_t fingerprint, struct slice name)
{
    struct processed *r = processed_first(s, fingerprint);

    while (r != NULL && !slice_eq(slice_str(r->name), name))
        r = processed_next(r);
    return r;
}

static struct processed *add(struct processed_set *s, uint64_t fingerprint, struct slice name)
{
    struct processed *made = calloc(1, sizeof *made);

    if (made == NULL)
        return NULL;
    made->fingerprint = fingerprint;
    made->name = take_copy(name);
    if (made->name == NULL || hmap_insert(&s->map, &made->node, fingerprint) != 0) {
        free(made->name);
        free(made);
        return NULL;
    }
    list_append(&s->order, &made->link);
    return made;
}

static struct processed *find_or_add(struct processed_set *s, uint64_t fingerprint, struct slice name)
{
    struct processed *r = named(s, fingerprint, name);

    return r != NULL ? r : add(s, fingerprint, name);
}

/* One that is shorter now was cut: what was read stays read. */
struct processed *processed_note(struct processed_set *s, const struct folder_file *file,
                                 const struct content *content)
{
    struct processed *r = find_or_add(s, file->fingerprint, slice_str(file->name));

    if (r == NULL)
        return NULL;
    r->inode = file->inode;
    r->bytes = file->bytes;
    r->here = true;
    if (content->packets >= r->content.packets)
        r->content = *content;
    return r;
}

static struct processed *at(struct list_link *link)
{
    return list_entry(link, struct processed, link);
}

static void drop(struct processed_set *s, struct processed *r)
{
    list_remove(&r->link);
    hmap_remove(&s->map, &r->node);
    free(r->name);
    free(r);
}

void processed_trim(struct processed_set *s)
{
    size_t gone = 0;

    for (struct list_link *l = s->order.next; l != &s->order; l = l->next)
        gone += !at(l)->here;
    for (struct list_link *l = s->order.next, *next; l != &s->order && gone > PROCESSED_GONE_MAX; l = next) {
        next = l->next;
        if (at(l)->here)
            continue;
        drop(s, at(l));
        gone--;
    }
}

void processed_save(const struct processed *r, struct buf *out)
{
    buf_le64(out, r->inode);
    buf_le64(out, r->bytes);
    buf_le64(out, r->fingerprint);
    content_save(&r->content, out);
    checkpoint_text(out, slice_str(r->name));
}

static int load(struct processed_set *s, struct slice saved, bool version_3)
{
    struct reader fields = reader_of_slice(saved);
    uint64_t inode = reader_le64(&fields), bytes = reader_le64(&fields), fingerprint = reader_le64(&fields);
    struct content content = {0};

    if (version_3)
        content.packets = reader_le64(&fields);
    else
        content = content_load(&fields);
    struct slice name = take_text(&fields);
    if (!reader_ok(&fields))
        return P2T_ERR_USAGE;
    struct processed *r = find_or_add(s, fingerprint, name);
    if (r == NULL)
        return P2T_ERR_MEMORY;
    r->inode = inode;
    r->bytes = bytes;
    r->content = content;
    return P2T_OK;
}

int processed_load(struct processed_set *s, struct slice saved)
{
    return load(s, saved, false);
}

int processed_load_3(struct processed_set *s, struct slice saved)
{
    return load(s, saved, true);
}

void processed_fini(struct processed_set *s)
{
    while (!list_empty(&s->order))
        drop(s, at(s->order.next));
    hmap_fini(&s->map);
}
