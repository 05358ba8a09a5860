#include "batch/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/system.h"
#include "base/hash.h"

/* ---- reading one ---- */

static ssize_t read_fd(void *ctx, void *p, size_t n)
{
    const struct folder_reader *r = ctx;
    ssize_t got;

    do {
        got = read(r->fd, p, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

static int begin(struct folder_reader *r, const struct input_capture_events *events)
{
    r->open = true;
    return input_capture_open(&r->capture, read_fd, r, events);
}

int folder_reader_open(struct folder_reader *r, const char *path, const struct input_capture_events *events)
{
    *r = (struct folder_reader){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    return r->fd >= 0 ? begin(r, events) : P2T_ERR_IO;
}

int folder_reader_rewind(struct folder_reader *r, const struct input_capture_events *events)
{
    if (r->open)
        input_capture_close(&r->capture);
    r->open = false;
    return lseek(r->fd, 0, SEEK_SET) == 0 ? begin(r, events) : P2T_ERR_IO;
}

bool folder_reader_unpacks(const struct folder_reader *r)
{
    return r->capture.source.supply.unpack.codec != NULL;
}

void folder_reader_close(struct folder_reader *r)
{
    if (r->open)
        input_capture_close(&r->capture);
    if (r->fd >= 0)
        close(r->fd);
    *r = (struct folder_reader){.fd = -1};
}

void folder_reader_move(struct folder_reader *to, struct folder_reader *from)
{
    *to = (struct folder_reader){.fd = from->fd};
    from->fd = -1;
    folder_reader_close(from);
}

uint64_t folder_fingerprint(const struct input_frame *f)
{
    uint64_t h = hash_stable_number(HASH_STABLE_SEED, (uint64_t)f->ts_ns, sizeof f->ts_ns);

    h = hash_stable_number(h, f->wire_len, sizeof f->wire_len);
    return hash_stable_finish(hash_stable(h, f->bytes, f->cap_len));
}

/* ---- probing ---- */

static void probe_problem(void *ctx, const char *text, uint64_t packet, uint64_t offset)
{
    struct folder_file *file = ctx;

    (void)packet;
    (void)offset;
    snprintf(file->trouble, sizeof file->trouble, "%s", text);
}

static char *interface_names(const struct input_capture *c)
{
    struct slice names = input_pcapng_interfaces_names(&c->interfaces);

    return names.n > 0 ? strndup((const char *)names.p, names.n) : NULL;
}

/* The length of a name without the suffix of a compression. */
static size_t plain_length(const char *name)
{
    static const char *const suffixes[] = {".gz", ".zst", ".lz4", ".xz"};
    size_t n = strlen(name);

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t end = strlen(suffixes[i]);
        if (n > end && strcmp(name + n - end, suffixes[i]) == 0)
            return n - end;
    }
    return n;
}

static bool ends_with(const char *name, size_t n, const char *suffix)
{
    size_t end = strlen(suffix);

    return n > end && strncmp(name + n - end, suffix, end) == 0;
}

/* 00000042-NAME.ndjson and .summary, or manifest.ndjson, perhaps compressed: what batch writes is no capture, however empty. */
static bool is_own_output(const char *name)
{
    size_t n = plain_length(name), digits = strspn(name, "0123456789");

    if (!ends_with(name, n, ".ndjson") && !ends_with(name, n, ".summary"))
        return false;
    return strncmp(name, "manifest.", 9) == 0 || (digits >= 8 && name[digits] == '-');
}

/* Without a packet, a file is identified by its name and modification time: compressing keeps both. */
static enum folder_kind without_packets(struct folder_file *file)
{
    int64_t second = file->changed_ns / 1000000000;
    uint64_t h = hash_stable(HASH_STABLE_SEED, file->name, plain_length(file->name));

    file->first_ns = file->changed_ns;
    file->fingerprint = hash_stable_finish(hash_stable_number(h, (uint64_t)second, sizeof second));
    return FOLDER_NO_PACKETS;
}

/* Damaged counts as empty: of a compressed file, more may still be written. */
static enum folder_kind judge(struct folder_file *file, struct folder_reader *r, int found)
{
    struct input_frame frame;

    if (is_own_output(file->name))
        return FOLDER_FOREIGN;
    if (found == INPUT_CAPTURE_EMPTY_FILE || found == INPUT_CAPTURE_DAMAGED)
        return without_packets(file);
    if (found == INPUT_CAPTURE_FOREIGN)
        return FOLDER_FOREIGN;
    if (found != INPUT_CAPTURE_FOUND) {
        snprintf(file->trouble, sizeof file->trouble, "cannot open: %s", strerror(errno));
        return errno == ENOENT ? FOLDER_UNKNOWN : FOLDER_UNREADABLE;
    }
    bool any = input_capture_next(&r->capture, &frame) == 1;
    file->interfaces = interface_names(&r->capture);
    if (!any)
        return without_packets(file);
    file->first_ns = frame.ts_ns;
    file->fingerprint = folder_fingerprint(&frame);
    return FOLDER_CAPTURE;
}

static int probe(const struct folder *f, struct folder_file *file)
{
    const struct input_capture_events events = {.ctx = file, .problem = probe_problem};
    char *path = folder_path(f, file->name);
    struct folder_reader r;

    if (path == NULL)
        return P2T_ERR_MEMORY;
    free(file->interfaces);
    file->interfaces = NULL;
    file->trouble[0] = '\0';
    file->left = file->reported = false;
    int found = folder_reader_open(&r, path, &events);
    if (found != P2T_ERR_MEMORY)
        file->kind = judge(file, &r, found);
    folder_reader_close(&r);
    free(path);
    return found == P2T_ERR_MEMORY ? found : P2T_OK;
}

/* ---- listing ---- */

int folder_open(struct folder *f, const char *path)
{
    size_t n = strlen(path);

    while (n > 1 && path[n - 1] == '/')
        n--;
    *f = (struct folder){.path = strndup(path, n)};
    return f->path != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

static void file_free(struct folder_file *file)
{
    free(file->name);
    free(file->interfaces);
    free(file);
}

void folder_close(struct folder *f)
{
    for (size_t i = 0; i < f->count; i++)
        file_free(f->files[i]);
    free(f->files);
    free(f->path);
    *f = (struct folder){0};
}

char *folder_path(const struct folder *f, const char *name)
{
    char *path;

    return asprintf(&path, "%s%s%s", f->path, strcmp(f->path, "/") == 0 ? "" : "/", name) < 0 ? NULL : path;
}

static int by_name(const void *a, const void *b)
{
    const struct folder_file *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

/* Among the first n, which are sorted. */
static struct folder_file *find(const struct folder *f, size_t n, const char *name)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(f->files[mid]->name, name);
        if (order == 0)
            return f->files[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

static struct folder_file *append(struct folder *f, const char *name)
{
    if (f->count == f->cap) {
        size_t cap = f->cap == 0 ? 64 : f->cap * 2;
        struct folder_file **files = realloc(f->files, cap * sizeof(struct folder_file *));
        if (files == NULL)
            return NULL;
        f->files = files;
        f->cap = cap;
    }
    struct folder_file *file = calloc(1, sizeof *file);
    if (file == NULL || (file->name = strdup(name)) == NULL) {
        free(file);
        return NULL;
    }
    return f->files[f->count++] = file;
}

static bool is_same(const struct folder_file *file, const struct stat *st, int64_t changed_ns)
{
    return file->kind != FOLDER_UNKNOWN && file->device == st->st_dev && file->inode == st->st_ino &&
           file->bytes == (uint64_t)st->st_size && file->changed_ns == changed_ns;
}

static int look_at(struct folder *f, size_t known, int dir, const char *name)
{
    struct stat st;

    if (fstatat(dir, name, &st, 0) != 0 || !S_ISREG(st.st_mode))
        return P2T_OK;
    int64_t changed_ns = system_changed_ns(&st);
    struct folder_file *file = find(f, known, name);
    if (file == NULL && (file = append(f, name)) == NULL)
        return P2T_ERR_MEMORY;
    file->seen = true;
    if (is_same(file, &st, changed_ns))
        return P2T_OK;
    file->device = st.st_dev;
    file->inode = st.st_ino;
    file->bytes = (uint64_t)st.st_size;
    file->changed_ns = changed_ns;
    return probe(f, file);
}

static void drop_unseen(struct folder *f)
{
    size_t kept = 0;

    for (size_t i = 0; i < f->count; i++) {
        if (f->files[i]->seen)
            f->files[kept++] = f->files[i];
        else
            file_free(f->files[i]);
    }
    f->count = kept;
}

int folder_scan(struct folder *f)
{
    DIR *dir = opendir(f->path);
    size_t known = f->count;
    int status = P2T_OK;

    if (dir == NULL)
        return P2T_ERR_IO;
    for (size_t i = 0; i < f->count; i++)
        f->files[i]->seen = false;
    for (const struct dirent *e; status == P2T_OK && (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.')
            status = look_at(f, known, dirfd(dir), e->d_name);
    closedir(dir);
    drop_unseen(f);
    if (f->count > 0)
        qsort(f->files, f->count, sizeof(struct folder_file *), by_name);
    return status;
}
