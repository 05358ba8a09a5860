#include "write/sorter.h"

#include <stdlib.h>

#include "pcap2trace/status.h"

struct held {
    struct heap_node order;
    size_t n;
    uint8_t text[];
};

static bool is_too_early(const struct sorter *s, int64_t start_ns, uint64_t id)
{
    if (s->runs == 0)
        return false;
    return start_ns != s->last.key ? start_ns < s->last.key : id < s->last.tie;
}

int sorter_put(struct sorter *s, int64_t start_ns, uint64_t id, struct slice text)
{
    struct held *h = malloc(sizeof *h + text.n);

    if (h == NULL)
        return P2T_ERR_MEMORY;
    *h = (struct held){.n = text.n};
    memcpy(h->text, text.p, text.n);
    if (heap_push(is_too_early(s, start_ns, id) ? &s->next : &s->run, &h->order, start_ns, id) != 0) {
        free(h);
        return P2T_ERR_MEMORY;
    }
    s->bytes += sizeof *h + text.n;
    return P2T_OK;
}

bool sorter_is_full(const struct sorter *s)
{
    return s->bytes > s->limit;
}

static void begin_run(struct sorter *s)
{
    struct heap over = s->run;

    s->runs++;
    if (over.n > 0)
        return;
    s->run = s->next;
    s->next = over;
}

bool sorter_take(struct sorter *s, struct slice *text)
{
    if (s->run.n == 0 && s->next.n == 0)
        return false;
    if (s->run.n == 0 || s->runs == 0)
        begin_run(s);
    struct heap_node *first = heap_top(&s->run);
    struct held *h = heap_entry(first, struct held, order);
    heap_remove(&s->run, first);
    s->last = *first;
    s->bytes -= sizeof *h + h->n;
    buf_reset(&s->text);
    buf_put(&s->text, h->text, h->n);
    free(h);
    *text = buf_view(&s->text);
    return !s->text.failed;
}

static void drop(struct heap *heap)
{
    for (struct heap_node *node; (node = heap_top(heap)) != NULL;) {
        heap_remove(heap, node);
        free(heap_entry(node, struct held, order));
    }
    heap_fini(heap);
}

void sorter_fini(struct sorter *s)
{
    drop(&s->run);
    drop(&s->next);
    buf_fini(&s->text);
}
