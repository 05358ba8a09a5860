/* Writes the manifest of shards. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "batch/pattern.h"
#include "batch/shard.h"
#include "write/json/json.h"

struct tally {
    char point[PATTERN_POINT_MAX];
    uint64_t files, bytes;
    int64_t first_ns, last_ns; /* the least and the greatest time of a first packet */
};

struct plan {
    const struct batch_config *config;
    struct pattern pattern;
    struct shards shards;
    struct tally *tallies; /* of one folder */
    size_t count, cap;
    struct buf out;
    uint64_t problems;
};

static struct p2t_text text_of(const char *s)
{
    return (struct p2t_text){s, s != NULL ? strlen(s) : 0};
}

static struct tally *tally_of(struct plan *p, const char *point)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->tallies[i].point, point) == 0)
            return &p->tallies[i];
    if (p->count == p->cap) {
        size_t cap = p->cap == 0 ? 16 : p->cap * 2;
        struct tally *tallies = realloc(p->tallies, cap * sizeof *tallies);
        if (tallies == NULL)
            return NULL;
        p->tallies = tallies;
        p->cap = cap;
    }
    struct tally *t = &p->tallies[p->count++];
    *t = (struct tally){.first_ns = INT64_MAX, .last_ns = INT64_MIN};
    snprintf(t->point, sizeof t->point, "%s", point);
    return t;
}

static void report(struct plan *p, const struct folder *folder, const char *name, const char *text)
{
    char *path = folder_path(folder, name);

    p->problems++;
    p->config->say(p->config->ctx, path, text);
    free(path);
}

static int count_file(struct plan *p, const struct folder *folder, const struct folder_file *file)
{
    char point[PATTERN_POINT_MAX];

    if (file->kind == FOLDER_UNREADABLE)
        report(p, folder, file->name, file->trouble);
    if (file->kind != FOLDER_CAPTURE)
        return P2T_OK;
    if (!pattern_point(&p->pattern, file, point)) {
        report(p, folder, file->name, "belongs to no capture point: --point-from finds none in its name");
        return P2T_OK;
    }
    struct tally *t = tally_of(p, point);
    if (t == NULL)
        return P2T_ERR_MEMORY;
    t->files++;
    t->bytes += file->bytes;
    if (file->first_ns < t->first_ns)
        t->first_ns = file->first_ns;
    if (file->first_ns > t->last_ns)
        t->last_ns = file->first_ns;
    return P2T_OK;
}

/* The point's name, or the folder's where the folder is one point; a number makes it unique. */
static void choose_name(const struct plan *p, const char *folder, const char *point, struct buf *name)
{
    const char *slash = strrchr(folder, '/');

    for (unsigned n = 1; n == 1 || shards_named(&p->shards, (const char *)name->p) != NULL; n++) {
        buf_reset(name);
        buf_str(name, *point != '\0' ? point : slash != NULL && slash[1] != '\0' ? slash + 1 : folder);
        if (n > 1)
            buf_printf(name, "-%u", n);
        buf_putc(name, '\0');
        if (name->failed)
            return;
    }
}

static void put_shard(struct plan *p, const struct shard *shard, const struct tally *t)
{
    struct buf *b = &p->out;

    buf_printf(b, "{\"schema\":\"" SHARD_SCHEMA "\",\"shard\":%zu,\"name\":", p->shards.count - 1);
    json_string(b, text_of(shard->name));
    buf_lit(b, ",\"folder\":");
    json_string(b, text_of(shard->folder));
    buf_lit(b, ",\"point_from\":");
    json_text(b, text_of(shard->point_from));
    buf_lit(b, ",\"point\":");
    json_string(b, text_of(shard->point));
    buf_printf(b, ",\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"first\":", t->files, t->bytes);
    json_time(b, t->first_ns);
    buf_lit(b, ",\"last_begins\":");
    json_time(b, t->last_ns);
    buf_lit(b, "}\n");
}

static int add_shard(struct plan *p, const char *folder, struct tally *t)
{
    struct buf name = {0};

    choose_name(p, folder, t->point, &name);
    struct shard shard = {(char *)folder, (char *)p->config->point_from, t->point, (char *)name.p};
    int status = name.failed ? P2T_ERR_MEMORY : shards_add(&p->shards, &shard);
    if (status == P2T_OK)
        put_shard(p, &shard, t);
    buf_fini(&name);
    return status;
}

static int by_point(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;

    return strcmp(x->point, y->point);
}

static int plan_folder(struct plan *p, const char *path)
{
    struct folder folder;
    char *whole = realpath(path, NULL);

    if (whole == NULL) {
        p->config->say(p->config->ctx, path, strerror(errno));
        return P2T_ERR_IO;
    }
    int status = folder_open(&folder, whole);
    if (status == P2T_OK)
        status = folder_scan(&folder);
    if (status == P2T_ERR_IO)
        p->config->say(p->config->ctx, path, strerror(errno));
    p->count = 0;
    for (size_t i = 0; i < folder.count && status == P2T_OK; i++)
        status = count_file(p, &folder, folder.files[i]);
    if (p->count > 0)
        qsort(p->tallies, p->count, sizeof *p->tallies, by_point);
    for (size_t i = 0; i < p->count && status == P2T_OK; i++)
        status = add_shard(p, whole, &p->tallies[i]);
    folder_close(&folder);
    free(whole);
    return status;
}

static void plan_fini(struct plan *p)
{
    pattern_fini(&p->pattern);
    shards_fini(&p->shards);
    free(p->tallies);
    buf_fini(&p->out);
}

enum batch_result batch_plan(const struct batch_config *config, const char *const *folders, size_t n,
                             int (*write)(void *ctx, const void *bytes, size_t n), void *sink)
{
    struct plan p = {.config = config};
    int status = pattern_init(&p.pattern, config->point_from);

    if (status != P2T_OK) {
        config->say(config->ctx, config->point_from, p.pattern.error);
        return BATCH_USAGE;
    }
    for (size_t i = 0; i < n && status == P2T_OK; i++)
        status = plan_folder(&p, folders[i]);
    if (status == P2T_OK && p.out.failed)
        status = P2T_ERR_MEMORY;
    if (status == P2T_ERR_MEMORY)
        config->say(config->ctx, NULL, "out of memory");
    if (status == P2T_OK)
        status = write(sink, p.out.p, p.out.n);
    uint64_t problems = p.problems;
    plan_fini(&p);
    if (status != P2T_OK)
        return BATCH_FAILED;
    return problems > 0 ? BATCH_PROBLEMS : BATCH_DONE;
}
