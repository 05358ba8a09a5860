#include "batch/shard.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy_of(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

int shards_add(struct shards *s, const struct shard *shard)
{
    if (s->count == s->cap) {
        size_t cap = s->cap == 0 ? 16 : s->cap * 2;
        struct shard *items = realloc(s->items, cap * sizeof *items);
        if (items == NULL)
            return P2T_ERR_MEMORY;
        s->items = items;
        s->cap = cap;
    }
    struct shard *made = &s->items[s->count++];
    *made = (struct shard){copy_of(shard->folder), copy_of(shard->point_from), copy_of(shard->point),
                           copy_of(shard->name)};
    bool whole = made->folder != NULL && made->point != NULL && made->name != NULL;
    return whole && (made->point_from != NULL) == (shard->point_from != NULL) ? P2T_OK : P2T_ERR_MEMORY;
}

const struct shard *shards_named(const struct shards *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->items[i].name, name) == 0)
            return &s->items[i];
    return NULL;
}

void shards_fini(struct shards *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->items[i].folder);
        free(s->items[i].point_from);
        free(s->items[i].point);
        free(s->items[i].name);
    }
    free(s->items);
    *s = (struct shards){0};
}

static char *member(const cJSON *line, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, key));
}

/* What a manifest says decides where is written: a name is one component of a path. */
static int take_line(struct shards *s, const char *text)
{
    char whole_folder[] = "";
    cJSON *line = cJSON_Parse(text);
    const char *schema = member(line, "schema");
    struct shard shard = {member(line, "folder"), member(line, "point_from"), member(line, "point"),
                          member(line, "name")};
    int status = P2T_ERR_USAGE;

    if (shard.point == NULL)
        shard.point = whole_folder;
    if (schema != NULL && strcmp(schema, SHARD_SCHEMA) == 0 && shard.folder != NULL && shard.name != NULL &&
        *shard.name != '\0' && shards_named(s, shard.name) == NULL)
        status = shards_add(s, &shard);
    cJSON_Delete(line);
    return status;
}

static int read_lines(struct shards *s, FILE *file, size_t *number)
{
    char *line = NULL;
    size_t cap = 0;
    int status = P2T_OK;

    for (*number = 1; status == P2T_OK && getline(&line, &cap, file) > 0; ++*number)
        if (line[strspn(line, " \t\r\n")] != '\0')
            status = take_line(s, line);
    free(line);
    return status == P2T_OK && ferror(file) ? P2T_ERR_IO : status;
}

enum batch_result shards_read(struct shards *s, const struct batch_config *config)
{
    FILE *file = fopen(config->manifest, "re");
    size_t line;
    char text[120];

    *s = (struct shards){0};
    if (file == NULL) {
        config->say(config->ctx, config->manifest, strerror(errno));
        return BATCH_FAILED;
    }
    int status = read_lines(s, file, &line);
    if (status == P2T_ERR_USAGE) {
        snprintf(text, sizeof text,
                 "line %zu is no shard of " SHARD_SCHEMA ", or has the same name as an earlier one", line - 1);
        config->say(config->ctx, config->manifest, text);
    } else if (status != P2T_OK)
        config->say(config->ctx, config->manifest, status == P2T_ERR_IO ? strerror(errno) : "out of memory");
    fclose(file);
    return status == P2T_OK ? BATCH_DONE : BATCH_FAILED;
}
