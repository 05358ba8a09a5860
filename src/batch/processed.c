#include "batch/processed.h"

#include <stdlib.h>

#include "batch/checkpoint.h"
#include "batch/take.h"

void processed_init(struct processed_set *s)
{
    *s = (struct processed_set){0};
    list_init(&s->order);
}

struct processed *processed_find(const struct processed_set *s, uint64_t fingerprint)
{
    struct hmap_node *n = hmap_first(&s->map, fingerprint);

    return n != NULL ? hmap_entry(n, struct processed, node) : NULL;
}

static int add(struct processed_set *s, struct processed r)
{
    struct processed *made = malloc(sizeof *made);

    if (made == NULL || r.name == NULL || hmap_insert(&s->map, &made->node, r.fingerprint) != 0) {
        free(r.name);
        free(made);
        return P2T_ERR_MEMORY;
    }
    r.node = made->node;
    *made = r;
    list_append(&s->order, &made->link);
    return P2T_OK;
}

int processed_note(struct processed_set *s, const struct folder_file *file, uint64_t packets)
{
    struct processed *r = processed_find(s, file->fingerprint);
    char *name = strdup(file->name);

    if (r == NULL)
        return add(s, (struct processed){.name = name,
                                         .inode = file->inode,
                                         .bytes = file->bytes,
                                         .fingerprint = file->fingerprint,
                                         .packets = packets,
                                         .here = true});
    if (name == NULL)
        return P2T_ERR_MEMORY;
    free(r->name);
    r->name = name;
    r->inode = file->inode;
    r->bytes = file->bytes;
    if (packets > r->packets)
        r->packets = packets;
    return P2T_OK;
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
    buf_le64(out, r->packets);
    checkpoint_text(out, slice_str(r->name));
}

int processed_load(struct processed_set *s, struct slice saved)
{
    struct reader fields = reader_of_slice(saved);
    struct processed r = {0};

    r.inode = reader_le64(&fields);
    r.bytes = reader_le64(&fields);
    r.fingerprint = reader_le64(&fields);
    r.packets = reader_le64(&fields);
    struct slice name = take_text(&fields);
    if (!reader_ok(&fields))
        return P2T_ERR_USAGE;
    r.name = take_copy(name);
    return add(s, r);
}

void processed_fini(struct processed_set *s)
{
    while (!list_empty(&s->order))
        drop(s, at(s->order.next));
    hmap_fini(&s->map);
}
