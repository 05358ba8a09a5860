#include "input/list.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"
#include "pcap2trace/status.h"

struct seen_file {
    struct hmap_node node;
    dev_t device;
    ino_t inode;
};

/* A folder still to be listed. Subfolders are a loop over these, so that depth costs no stack; the system's limit on the
 * length of a path bounds the depth. */
struct pending {
    struct list_link link;
    const char *path;
};

struct walk {
    struct input_list *list;
    size_t root;
    bool recursive;
    struct list_link pending; /* the latest last: it is listed next */
    list_problem_fn *problem;
    void *ctx;
};

static void cannot_open(struct walk *w, const char *path)
{
    char why[80], text[120];

    snprintf(text, sizeof text, "cannot open: %s", strerror_r(errno, why, sizeof why));
    w->list->roots[w->root].settled = true;
    w->problem(w->ctx, path, text);
}

static int add_item(struct walk *w, const char *path, const struct stat *st, bool regular)
{
    struct input_list *l = w->list;

    if (l->count == l->cap) {
        size_t cap = l->cap == 0 ? 64 : l->cap * 2;
        struct input_list_item *items = realloc(l->items, cap * sizeof *items);
        if (items == NULL)
            return P2T_ERR_MEMORY;
        l->items = items;
        l->cap = cap;
    }
    l->items[l->count++] = (struct input_list_item){
        .path = path,
        .root = w->root,
        .bytes = regular ? (uint64_t)st->st_size : 0,
        .device = st->st_dev,
        .inode = st->st_ino,
        .regular = regular,
    };
    return 0;
}

static int add_folder(struct walk *w, const char *path)
{
    struct pending *p = arena_alloc(&w->list->memory, sizeof *p);

    if (p == NULL)
        return P2T_ERR_MEMORY;
    p->path = path;
    list_append(&w->pending, &p->link);
    return 0;
}

static const char *joined(struct arena *memory, const char *folder, const char *name)
{
    size_t folder_n = strlen(folder), name_n = strlen(name);

    while (folder_n > 1 && folder[folder_n - 1] == '/')
        folder_n--;
    bool slash = folder[folder_n - 1] != '/';
    char *p = arena_alloc(memory, folder_n + slash + name_n + 1);
    if (p == NULL)
        return NULL;
    memcpy(p, folder, folder_n);
    if (slash)
        p[folder_n] = '/';
    memcpy(p + folder_n + slash, name, name_n + 1);
    return p;
}

/* Takes only regular files from a folder: opening a pipe could block forever. */
static int add_entry(struct walk *w, const char *path)
{
    struct stat st;

    if (lstat(path, &st) != 0) {
        if (errno != ENOENT) /* a file that was just rotated away */
            cannot_open(w, path);
        return 0;
    }
    if (S_ISDIR(st.st_mode) && w->recursive)
        return add_folder(w, path);
    w->list->roots[w->root].subfolders |= S_ISDIR(st.st_mode);
    if (S_ISLNK(st.st_mode) && stat(path, &st) != 0)
        return 0;
    return S_ISREG(st.st_mode) ? add_item(w, path, &st, true) : 0;
}

static int list_folder(struct walk *w, const char *folder)
{
    DIR *dir = opendir(folder);
    int r = 0;

    if (dir == NULL) {
        cannot_open(w, folder);
        return 0;
    }
    for (const struct dirent *e; r == 0 && (e = readdir(dir)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        const char *path = joined(&w->list->memory, folder, e->d_name);
        r = path != NULL ? add_entry(w, path) : P2T_ERR_MEMORY;
    }
    closedir(dir);
    return r;
}

static int by_path(const void *a, const void *b)
{
    const struct input_list_item *x = a, *y = b;

    return strcmp(x->path, y->path);
}

static bool is_seen(const struct input_list *l, const struct input_list_item *item, uint64_t hash)
{
    for (struct hmap_node *n = hmap_first(&l->seen, hash); n != NULL; n = hmap_next(n)) {
        const struct seen_file *s = hmap_entry(n, struct seen_file, node);
        if (s->device == item->device && s->inode == item->inode)
            return true;
    }
    return false;
}

/* From index `first` on, drops files that an earlier name has listed. */
static int keep_new(struct input_list *l, size_t first)
{
    size_t kept = first;

    for (size_t i = first; i < l->count; i++) {
        const struct input_list_item item = l->items[i];
        uint64_t key[2] = {(uint64_t)item.device, (uint64_t)item.inode};
        uint64_t hash = hash_bytes(key, sizeof key);
        if (is_seen(l, &item, hash)) {
            l->roots[item.root].settled = true;
            continue;
        }
        struct seen_file *s = arena_alloc(&l->memory, sizeof *s);
        if (s == NULL)
            return P2T_ERR_MEMORY;
        s->device = item.device;
        s->inode = item.inode;
        if (hmap_insert(&l->seen, &s->node, hash) != 0)
            return P2T_ERR_MEMORY;
        l->items[kept++] = item;
    }
    l->count = kept;
    return 0;
}

static int walk_root(struct walk *w, const char *path)
{
    struct input_list_root *root = &w->list->roots[w->root];
    bool is_stdin = strcmp(path, "-") == 0;
    struct stat st;

    root->path = path;
    if ((is_stdin ? fstat(STDIN_FILENO, &st) : stat(path, &st)) != 0) {
        cannot_open(w, path);
        return 0;
    }
    root->folder = !is_stdin && S_ISDIR(st.st_mode);
    if (!root->folder)
        return add_item(w, path, &st, !is_stdin && S_ISREG(st.st_mode));
    int r = add_folder(w, path);
    while (r == 0 && !list_empty(&w->pending)) {
        const struct pending *p = list_entry(w->pending.prev, struct pending, link);
        list_remove(w->pending.prev);
        r = list_folder(w, p->path);
    }
    return r;
}

int input_list_open(struct input_list *l, const char *const *paths, size_t count, bool recursive,
                    list_problem_fn *problem, void *ctx)
{
    *l = (struct input_list){0};
    l->roots = calloc(count != 0 ? count : 1, sizeof *l->roots);
    if (l->roots == NULL)
        return P2T_ERR_MEMORY;
    l->root_count = count;
    for (size_t i = 0; i < count; i++) {
        struct walk w = {.list = l, .root = i, .recursive = recursive, .problem = problem, .ctx = ctx};
        size_t first = l->count;
        list_init(&w.pending);
        struct slice path = arena_copy(&l->memory, slice_str(paths[i]));
        int r = walk_root(&w, (const char *)path.p);
        if (r != 0)
            return r;
        if (l->count > first)
            qsort(l->items + first, l->count - first, sizeof *l->items, by_path);
        r = keep_new(l, first);
        if (r != 0)
            return r;
    }
    return 0;
}

void input_list_close(struct input_list *l)
{
    hmap_fini(&l->seen);
    arena_fini(&l->memory);
    free(l->items);
    free(l->roots);
    *l = (struct input_list){0};
}
