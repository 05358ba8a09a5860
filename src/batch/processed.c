#include "batch/processed.h"

#include <stdlib.h>

#include "batch/checkpoint.h"
#include "batch/take.h"

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
    if (s->last != NULL)
        s->last->next = made;
    else
        s->first = made;
    s->last = made;
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

static void drop(struct processed_set *s, struct processed *r, struct processed *before)
{
    if (before != NULL)
        before->next = r->next;
    else
        s->first = r->next;
    if (s->last == r)
        s->last = before;
    hmap_remove(&s->map, &r->node);
    free(r->name);
    free(r);
}

void processed_trim(struct processed_set *s)
{
    size_t gone = 0;

    for (const struct processed *r = s->first; r != NULL; r = r->next)
        gone += !r->here;
    struct processed *before = NULL;
    for (struct processed *r = s->first, *next; r != NULL && gone > PROCESSED_GONE_MAX; r = next) {
        next = r->next;
        if (r->here) {
            before = r;
            continue;
        }
        drop(s, r, before);
        gone--;
    }
}

void processed_save(const struct processed *r, struct buf *out)
{
    checkpoint_u64(out, r->inode);
    checkpoint_u64(out, r->bytes);
    checkpoint_u64(out, r->fingerprint);
    checkpoint_u64(out, r->packets);
    checkpoint_text(out, slice_str(r->name));
}

int processed_load(struct processed_set *s, struct slice saved)
{
    struct reader fields = reader_of_slice(saved);
    struct processed r = {0};

    r.inode = take_u64(&fields);
    r.bytes = take_u64(&fields);
    r.fingerprint = take_u64(&fields);
    r.packets = take_u64(&fields);
    struct slice name = take_text(&fields);
    if (!reader_ok(&fields))
        return P2T_ERR_USAGE;
    r.name = take_copy(name);
    return add(s, r);
}

void processed_fini(struct processed_set *s)
{
    while (s->first != NULL)
        drop(s, s->first, NULL);
    hmap_fini(&s->map);
}
