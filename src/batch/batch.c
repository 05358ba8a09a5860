/* Sorts the folder's files by capture point, and processes the points' files in turn. */
#include "batch/batch.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/parallel.h"
#include "batch/own.h"
#include "batch/pattern.h"
#include "batch/point.h"
#include "batch/shard.h"
#include "batch/watch.h"
#include "pcap2trace/session.h"

/* The files of one capture point. */
struct group {
    struct point *point;
    char *name;
    struct folder_file **files; /* its captures, as of the last scan */
    size_t count, cap;

    /* The result of this round. */
    bool worked;
    int status;
};

struct batch {
    const struct batch_config *config;
    const struct shard *shard; /* NULL: all points of the folder */
    struct pattern pattern;
    struct folder folder;
    struct watch watch;
    struct group *groups;
    size_t count, cap;
    uint64_t problems;
    atomic_bool failed; /* a point failed: the others begin no other file */
};

static int say(const struct batch *b, const char *subject, const char *text)
{
    b->config->say(b->config->ctx, subject, text);
    return P2T_ERR_IO;
}

/* Decides only when a file is processed, never what is written. */
static int64_t wall_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- groups ---- */

static struct group *group_named(struct batch *b, const char *name)
{
    for (size_t i = 0; i < b->count; i++)
        if (strcmp(b->groups[i].name, name) == 0)
            return &b->groups[i];
    if (b->count == b->cap) {
        size_t cap = b->cap == 0 ? 4 : b->cap * 2;
        struct group *groups = realloc(b->groups, cap * sizeof *groups);
        if (groups == NULL)
            return NULL;
        b->groups = groups;
        b->cap = cap;
    }
    struct group *g = &b->groups[b->count];
    *g = (struct group){.name = strdup(name)};
    if (g->name == NULL)
        return NULL;
    b->count++;
    return g;
}

static int group_add(struct batch *b, const char *name, struct folder_file *file)
{
    struct group *g = group_named(b, name);

    if (g == NULL)
        return P2T_ERR_MEMORY;
    if (g->count == g->cap) {
        size_t cap = g->cap == 0 ? 64 : g->cap * 2;
        struct folder_file **files = realloc(g->files, cap * sizeof(struct folder_file *));
        if (files == NULL)
            return P2T_ERR_MEMORY;
        g->files = files;
        g->cap = cap;
    }
    g->files[g->count++] = file;
    return P2T_OK;
}

static void report_file(struct batch *b, struct folder_file *file, const char *text)
{
    char *path = folder_path(&b->folder, file->name);

    if (!file->reported) {
        b->problems++;
        (void)say(b, path, text);
    }
    file->reported = true;
    free(path);
}

static int sort_file(struct batch *b, struct folder_file *file)
{
    char point[PATTERN_POINT_MAX];

    if (file->kind == FOLDER_UNREADABLE)
        report_file(b, file, file->trouble);
    if (file->kind != FOLDER_CAPTURE && file->kind != FOLDER_NO_PACKETS)
        return P2T_OK;
    bool found = pattern_point(&b->pattern, file, point);
    if (found && b->shard != NULL)
        return strcmp(point, b->shard->point) == 0 ? group_add(b, b->shard->name, file) : P2T_OK;
    if (found)
        return group_add(b, point, file);
    if (b->shard == NULL && file->kind == FOLDER_CAPTURE)
        report_file(b, file, "belongs to no capture point: --point-from finds none in its name");
    return P2T_OK;
}

static int scan(struct batch *b)
{
    int status = folder_scan(&b->folder);

    if (status == P2T_ERR_IO)
        return say(b, b->folder.path, strerror(errno));
    for (size_t i = 0; i < b->count; i++)
        b->groups[i].count = 0;
    for (size_t i = 0; i < b->folder.count && status == P2T_OK; i++)
        status = sort_file(b, b->folder.files[i]);
    return status;
}

/* ---- work ---- */

static bool stopped(const struct batch *b)
{
    return b->config->stopped != NULL && b->config->stopped(b->config->ctx);
}

/* All points are open at once and share the memory limit. */
static int open_point(struct batch *b, struct group *g)
{
    size_t all = b->config->max_memory != 0 ? b->config->max_memory : P2T_MEMORY_DEFAULT;

    return g->point != NULL ? P2T_OK : point_open(&g->point, b->config, g->name, all / b->count);
}

/* Processes the point's files until none is left. The folder is not scanned again for each: files that grow or arrive
 * meanwhile are found by the next scan. */
static void process_files(void *ctx, size_t i)
{
    struct batch *b = ctx;
    struct group *g = &b->groups[i];
    struct folder_file *file;

    if (g->status == P2T_OK)
        point_see(g->point, g->files, g->count);
    while (g->status == P2T_OK && !stopped(b) && !b->failed &&
           (file = point_next(g->point, g->files, g->count, wall_clock())) != NULL) {
        g->worked = true;
        g->status = point_process(g->point, &b->folder, file);
        if (g->status != P2T_OK)
            b->failed = true;
    }
    if (g->status == P2T_OK)
        g->status = point_settle(g->point);
}

/* A point that cannot be opened does not stop the others. */
static void open_points(struct batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        b->groups[i].worked = false;
        b->groups[i].status = open_point(b, &b->groups[i]);
    }
}

static int work_once(struct batch *b, bool *worked)
{
    int status = scan(b);

    *worked = false;
    if (status != P2T_OK)
        return status;
    open_points(b);
    parallel_for(b->config->jobs, b->count, process_files, b);
    for (size_t i = 0; i < b->count; i++) {
        *worked |= b->groups[i].worked;
        if (status == P2T_OK)
            status = b->groups[i].status;
    }
    return status;
}

static int finish_points(struct batch *b)
{
    int status = P2T_OK;

    for (size_t i = 0; i < b->count && status == P2T_OK; i++) {
        status = open_point(b, &b->groups[i]);
        if (status == P2T_OK)
            status = point_finish(b->groups[i].point);
    }
    return status;
}

static void say_waiting(const struct batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        const struct group *g = &b->groups[i];
        const struct folder_file *file = g->point != NULL ? point_waiting(g->point, g->files, g->count) : NULL;
        if (file != NULL)
            b->config->say(b->config->ctx, file->name,
                           "left for the next run, as it may still grow; if no file follows, --final reads it now");
    }
}

static int work(struct batch *b)
{
    const int64_t settle_ns = b->config->settle_ns;
    int status;
    bool worked;

    do {
        status = work_once(b, &worked);
        if (status == P2T_OK && !worked && b->config->follow && !stopped(b))
            watch_wait(&b->watch, settle_ns > 0 ? settle_ns : 1000000000);
    } while (status == P2T_OK && !stopped(b) && (worked || b->config->follow));
    if (status == P2T_OK && b->config->final && !stopped(b))
        status = finish_points(b);
    if (status == P2T_OK && b->config->say_waiting && !stopped(b))
        say_waiting(b);
    return status;
}

/* ---- the start ---- */

static int make_folder(const struct batch *b, const char *path)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST ? P2T_OK : say(b, path, strerror(errno));
}

/* It holds packets and TLS secrets, and decides what is written. */
static int make_state(const struct batch *b, const char *path)
{
    struct stat st;

    if ((mkdir(path, 0700) != 0 && errno != EEXIST) || stat(path, &st) != 0)
        return say(b, path, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return say(b, path, strerror(ENOTDIR));
    const char *complaint = own_complaint(&st);
    return complaint == NULL ? P2T_OK : say(b, path, complaint);
}

static int start(struct batch *b, const char *folder)
{
    int status = folder_open(&b->folder, folder);

    if (status == P2T_OK)
        status = make_folder(b, b->config->out);
    if (status == P2T_OK)
        status = make_state(b, b->config->state);
    watch_open(&b->watch, folder);
    return status;
}

static enum batch_result result(struct batch *b, int status)
{
    uint64_t problems = b->problems;

    for (size_t i = 0; i < b->count; i++)
        problems += b->groups[i].point != NULL ? point_problems(b->groups[i].point) : 0;
    if (status != P2T_OK)
        return BATCH_FAILED;
    if (stopped(b) && !b->config->follow)
        return BATCH_STOPPED;
    return problems > 0 ? BATCH_PROBLEMS : BATCH_DONE;
}

static void end(struct batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        point_close(b->groups[i].point);
        free(b->groups[i].name);
        free(b->groups[i].files);
    }
    free(b->groups);
    folder_close(&b->folder);
    watch_close(&b->watch);
    pattern_fini(&b->pattern);
}

/* shard: NULL for all of the folder. */
static enum batch_result run_folder(const struct batch_config *config, const struct shard *shard)
{
    struct batch b = {.config = config, .shard = shard, .watch.fd = -1};
    const char *folder = shard != NULL ? shard->folder : config->folder;
    const char *point_from = shard != NULL ? shard->point_from : config->point_from;

    if (pattern_init(&b.pattern, point_from) != P2T_OK) {
        config->say(config->ctx, point_from, b.pattern.error);
        return BATCH_USAGE;
    }
    int status = start(&b, folder);
    if (status == P2T_OK)
        status = work(&b);
    if (status == P2T_ERR_MEMORY)
        config->say(config->ctx, NULL, "out of memory");
    enum batch_result r = result(&b, status);
    end(&b);
    return r;
}

static bool goes_on(enum batch_result r)
{
    return r == BATCH_DONE || r == BATCH_PROBLEMS;
}

static enum batch_result run_shards(const struct batch_config *config)
{
    struct shards all;
    enum batch_result result = shards_read(&all, config);

    for (size_t i = 0; i < all.count && goes_on(result); i++) {
        if (i % config->shards != config->shard)
            continue;
        enum batch_result one = run_folder(config, &all.items[i]);
        result = goes_on(one) && result == BATCH_PROBLEMS ? result : one;
    }
    shards_fini(&all);
    return result;
}

enum batch_result batch_run(const struct batch_config *config)
{
    return config->manifest != NULL ? run_shards(config) : run_folder(config, NULL);
}
