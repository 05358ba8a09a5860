/* A point's state, how it is restored from the checkpoint, and which file is next. */
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/saved_time.h"
#include "batch/state.h"
#include "batch/take.h"

uint64_t point_problems(const struct point *p)
{
    return p->problems;
}

/* ---- the last windows ---- */

static int append_lines(struct point *p)
{
    int fd = own_open(p->manifest, O_WRONLY | O_CREAT, 0666);
    struct stat st;
    int status = P2T_ERR_IO;

    if (fd < 0 || fstat(fd, &st) != 0)
        goto out;
    /* A manifest that was removed begins anew; one that has the lines already gets them again at the same place. */
    off_t at = (uint64_t)st.st_size >= p->manifest_n ? (off_t)p->manifest_n : st.st_size;
    if (ftruncate(fd, at) != 0 || pwrite(fd, p->lines.p, p->lines.n, at) != (ssize_t)p->lines.n || fsync(fd) != 0)
        goto out;
    status = P2T_OK;
out:
    if (status != P2T_OK)
        point_fail(p, p->manifest, status, errno != 0 ? errno : ENOSPC);
    if (fd >= 0)
        close(fd);
    return status;
}

static bool has_lines(const struct point *p)
{
    struct stat st;

    return stat(p->manifest, &st) == 0 && (uint64_t)st.st_size == p->manifest_n + p->lines.n;
}

/* Itself, and no link to one. */
static bool is_file(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int publish(struct point *p, struct slice output)
{
    char *target = NULL, *temporary = NULL;
    int status = P2T_ERR_MEMORY, error = ENOMEM;

    if (asprintf(&target, "%s/%.*s", p->out_dir, (int)output.n, (const char *)output.p) < 0)
        return point_fail(p, p->out_dir, status, error);
    temporary = store_temporary(target);
    if (temporary != NULL)
        status = is_file(temporary) ? store_rename(temporary, target, &error) : P2T_OK;
    if (status != P2T_OK)
        (void)point_fail(p, target, status, error);
    free(temporary);
    free(target);
    return status;
}

/* What was renamed in the folder of outputs stays so. */
int point_sync(struct point *p)
{
    int status = store_sync_folder(p->manifest);

    return status == P2T_OK ? status : point_fail(p, p->out_dir, status, errno);
}

int point_commit(struct point *p)
{
    struct slice rest = buf_view(&p->pending.output);
    int status = P2T_OK;

    while (status == P2T_OK && rest.n > 0) {
        rest = slice_from(rest, rest.p[0] == '/'); /* a single one may stand without */
        struct slice one = slice_of(rest.p, slice_find(rest, '/'));
        rest = slice_from(rest, one.n);
        status = publish(p, one);
    }
    if (status == P2T_OK)
        status = point_sync(p);
    if (status != P2T_OK || has_lines(p))
        return status;
    return append_lines(p);
}

/* Removes outputs that a crash left without a checkpoint: their windows are processed again. */
static void remove_leftovers(const struct point *p)
{
    DIR *dir = opendir(p->out_dir);

    if (dir == NULL)
        return;
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        size_t n = strlen(e->d_name);
        if (e->d_name[0] == '.' && n > 14 && strspn(e->d_name + 1, "0123456789") == 8 && e->d_name[9] == '-' &&
            strcmp(e->d_name + n - 4, ".tmp") == 0)
            (void)unlinkat(dirfd(dir), e->d_name, 0);
    }
    closedir(dir);
}

/* ---- from the checkpoint ---- */

static int take_head(struct point *p, struct slice saved, uint32_t version)
{
    struct reader r = reader_of_slice(saved);

    p->sequence = reader_le64(&r);
    p->next_file = reader_le32(&r);
    p->last_ns = saved_moment((int64_t)reader_le64(&r));
    p->any = reader_le32(&r) != 0;
    p->final = reader_le32(&r) != 0;
    p->manifest_n = reader_le64(&r);
    if (version == CHECKPOINT_VERSION)
        journal_load(&p->journal, &r);
    buf_slice(&p->pending.output, take_text(&r));
    buf_slice(&p->lines, take_text(&r));
    if (!reader_ok(&r))
        return P2T_ERR_USAGE;
    return !p->pending.output.failed && !p->lines.failed ? P2T_OK : P2T_ERR_MEMORY;
}

static int take_records(struct point *p, struct checkpoint_reader *r)
{
    struct checkpoint_record record;
    int got, status = P2T_OK;

    while (status == P2T_OK && (got = checkpoint_next(r, &record)) != 0) {
        if (got != 1)
            return got < 0 ? got : P2T_ERR_USAGE;
        if (record.type == CHECKPOINT_HEAD)
            status = take_head(p, record.bytes, r->version);
        else if (record.type == CHECKPOINT_FILE && r->version == CHECKPOINT_VERSION_BEFORE)
            status = processed_load_3(&p->processed, record.bytes);
    }
    return status == P2T_OK && p->pending.output.n == 0 ? P2T_ERR_USAGE : status;
}

static int say_version(const struct point *p, uint32_t version)
{
    char text[200];

    snprintf(text, sizeof text,
             "state version %u, of another version of pcap2trace; this one has %d. Run that version once more with "
             "--final, which writes what is open, or start again with another --state",
             (unsigned)version, (int)CHECKPOINT_VERSION);
    p->config->say(p->config->ctx, p->checkpoint, text);
    return P2T_ERR_USAGE;
}

/* Reads all records before anything is done, so that damage anywhere is found now. */
static int load(struct point *p)
{
    struct checkpoint_reader r;
    int found = checkpoint_open(&r, p->checkpoint), status = P2T_OK;
    int error = errno;
    bool before = found == CHECKPOINT_OTHER_VERSION && r.version == CHECKPOINT_VERSION_BEFORE;

    if (found == CHECKPOINT_FOUND || before)
        status = take_records(p, &r);
    else if (found != CHECKPOINT_NONE && found != CHECKPOINT_OTHER_VERSION)
        status = found < 0 ? found : P2T_ERR_USAGE;
    uint32_t version = r.version;
    checkpoint_close(&r);
    if (found == CHECKPOINT_OTHER_VERSION && (!before || (status == P2T_OK && !p->final)))
        return say_version(p, version);
    if (status != P2T_OK)
        return point_fail(p, p->checkpoint, status, error);
    p->has_checkpoint = found == CHECKPOINT_FOUND || before;
    p->has_frames = p->has_checkpoint && !p->final;
    status = journal_read(&p->journal, &p->processed);
    return status != P2T_OK ? point_fail(p, p->journal.base, status, errno) : status;
}

/* ---- names ---- */

/* A point's name may hold any byte; encode what is not safe in a file name. */
static void put_safe(struct buf *b, const char *name)
{
    for (const char *c = name; *c != '\0'; c++)
        if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_' ||
            *c == '-' || *c == '+' || (*c == '.' && c > name))
            buf_putc(b, *c);
        else
            buf_printf(b, "%%%02X", (unsigned)(unsigned char)*c);
}

/* Encoded names may be three times as long as a point's name: what is too long is told apart by its hash. */
static void put_short(struct buf *b, const char *name)
{
    enum { SAFE_MAX = 180 };
    size_t from = b->n;

    put_safe(b, name);
    if (b->n - from <= SAFE_MAX)
        return;
    b->n = from + SAFE_MAX;
    buf_printf(b, "~%016" PRIx64, hash_stable_finish(hash_stable(HASH_STABLE_SEED, name, strlen(name))));
}

static char *joined(const char *folder, const char *name, const char *suffix)
{
    struct buf b = {0};

    buf_str(&b, folder);
    if (*name != '\0' || *suffix == '/') {
        buf_putc(&b, '/');
        put_short(&b, name);
    }
    buf_str(&b, suffix);
    buf_putc(&b, '\0');
    if (!b.failed)
        return (char *)b.p;
    buf_fini(&b);
    return NULL;
}

static int make_folder(const struct point *p, const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return P2T_OK;
    return point_fail(p, path, P2T_ERR_IO, errno);
}

static int set_names(struct point *p, const char *name)
{
    const struct batch_config *config = p->config;

    p->name = strdup(name);
    p->out_dir = joined(config->out, name, "");
    p->checkpoint = joined(config->state, *name != '\0' ? name : "all", ".checkpoint");
    journal_init(&p->journal, joined(config->state, *name != '\0' ? name : "all", ".processed"));
    if (p->name == NULL || p->out_dir == NULL || p->checkpoint == NULL || p->journal.base == NULL ||
        asprintf(&p->manifest, "%s/manifest.ndjson", p->out_dir) < 0)
        return point_fail(p, config->out, P2T_ERR_MEMORY, 0);
    return make_folder(p, p->out_dir);
}

/* Two batches on one state would both write the same windows. */
static int take_lock(struct point *p)
{
    char *path;

    if (asprintf(&path, "%s.lock", p->checkpoint) < 0)
        return point_fail(p, p->checkpoint, P2T_ERR_MEMORY, 0);
    p->lock = own_open(path, O_RDWR | O_CREAT, 0600);
    int status = p->lock >= 0 && flock(p->lock, LOCK_EX | LOCK_NB) == 0 ? P2T_OK : P2T_ERR_IO;
    if (status != P2T_OK && errno == EWOULDBLOCK)
        p->config->say(p->config->ctx, path, "another batch is using this state");
    else if (status != P2T_OK)
        (void)point_fail(p, path, status, errno);
    free(path);
    return status;
}

static int set_filter(struct point *p)
{
    char *error = NULL;

    if (p->config->filter == NULL)
        return P2T_OK;
    int status = input_filter_new(&p->filter, p->config->filter, &error);
    if (status != P2T_OK)
        p->config->say(p->config->ctx, p->config->filter, error != NULL ? error : "the filter does not compile");
    free(error);
    return status;
}

/* Beside the checkpoint, for its owner's eyes, too. NULL: out of memory. */
static char *frames_name(const struct point *p)
{
    char *name;

    return asprintf(&name, "%s.frames", p->checkpoint) < 0 ? NULL : name;
}

int point_open(struct point **out, const struct batch_config *config, const char *name, size_t max_memory)
{
    struct point *p = calloc(1, sizeof *p);

    *out = NULL;
    if (p == NULL)
        return P2T_ERR_MEMORY;
    p->config = config;
    p->max_memory = max_memory;
    p->lock = -1;
    p->kept.fd = -1;
    processed_init(&p->processed);
    int status = set_names(p, name);
    if (status == P2T_OK)
        status = set_filter(p);
    if (status == P2T_OK)
        status = take_lock(p);
    if (status == P2T_OK)
        kept_init(&p->kept, frames_name(p));
    if (status == P2T_OK)
        status = load(p);
    if (status == P2T_OK && p->has_checkpoint)
        status = point_commit(p);
    if (status != P2T_OK) {
        point_close(p);
        return status;
    }
    remove_leftovers(p);
    *out = p;
    return P2T_OK;
}

void point_close(struct point *p)
{
    if (p == NULL)
        return;
    point_drop_session(p);
    processed_fini(&p->processed);
    journal_fini(&p->journal);
    names_fini(&p->names);
    input_filter_free(p->filter);
    pending_clear(p);
    kept_fini(&p->kept);
    buf_fini(&p->pending.output);
    buf_fini(&p->lines);
    buf_fini(&p->reported);
    if (p->lock >= 0)
        close(p->lock);
    free(p->output);
    sums_fini(&p->sums);
    alerts_fini(&p->alerts);
    free(p->name);
    free(p->out_dir);
    free(p->checkpoint);
    free(p->manifest);
    free(p);
}

/* ---- what is next ---- */

static int by_beginning(const void *a, const void *b)
{
    const struct folder_file *x = *(struct folder_file *const *)a, *y = *(struct folder_file *const *)b;

    if (x->first_ns != y->first_ns)
        return x->first_ns < y->first_ns ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void note_presence(struct point *p, struct folder_file *const *files, size_t n)
{
    for (struct list_link *l = p->processed.order.next; l != &p->processed.order; l = l->next)
        list_entry(l, struct processed, link)->here = false;
    for (size_t i = 0; i < n; i++)
        for (struct processed *r = processed_first(&p->processed, files[i]->fingerprint); r != NULL;
             r = processed_next(r))
            r->here = true;
    processed_trim(&p->processed);
}

void point_see(struct point *p, struct folder_file **files, size_t n)
{
    if (n > 0)
        qsort(files, n, sizeof(struct folder_file *), by_beginning);
    note_presence(p, files, n);
    p->at = 0;
}

struct folder_file *point_next(struct point *p, struct folder_file *const *files, size_t n, int64_t now_ns)
{
    while (p->at < n && (files[p->at]->left || processed_has(&p->processed, files[p->at])))
        p->at++;
    if (p->at == n)
        return NULL;
    bool may_grow = p->at == n - 1 && p->config->settle_ns > 0;
    return may_grow && now_ns - files[p->at]->changed_ns < p->config->settle_ns ? NULL : files[p->at];
}

const struct folder_file *point_waiting(const struct point *p, struct folder_file *const *files, size_t n)
{
    return p->at < n ? files[p->at] : NULL;
}
