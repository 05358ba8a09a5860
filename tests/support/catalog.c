#include "support/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const catalog_count_names[CATALOG_COUNTS] = {
#define X(name, column) #name,
    CATALOG_COUNT_LIST(X)
#undef X
};

static const char *const columns[CATALOG_COUNTS] = {
#define X(name, column) column,
    CATALOG_COUNT_LIST(X)
#undef X
};

enum { COLUMNS_MAX = 64 };

struct heading {
    int repo, path, robustness, malformed, file_end;
    int counts[CATALOG_COUNTS];
};

char *tsv_field(char **line)
{
    return strsep(line, "\t");
}

static size_t split(char *line, char *fields[COLUMNS_MAX])
{
    size_t n = 0;

    line[strcspn(line, "\r\n")] = '\0';
    for (char *f; n < COLUMNS_MAX && (f = tsv_field(&line)) != NULL;)
        fields[n++] = f;
    return n;
}

static int find(char *const *fields, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i], name) == 0)
            return (int)i;
    return -1;
}

static bool read_heading(struct heading *h, char *line)
{
    char *fields[COLUMNS_MAX];
    size_t n = split(line, fields);
    bool found;

    h->repo = find(fields, n, "repo");
    h->path = find(fields, n, "path");
    h->robustness = find(fields, n, "robustness");
    h->malformed = find(fields, n, "n_malformed");
    h->file_end = find(fields, n, "file_end");
    found = h->repo >= 0 && h->path >= 0 && h->robustness >= 0 && h->malformed >= 0 && h->file_end >= 0;
    for (size_t i = 0; i < CATALOG_COUNTS; i++) {
        h->counts[i] = find(fields, n, columns[i]);
        found = found && h->counts[i] >= 0;
    }
    return found;
}

static bool read_entry(struct catalog_entry *e, const struct heading *h, const char *folder, char *line)
{
    char *fields[COLUMNS_MAX];
    size_t n = split(line, fields);

    if (n <= (size_t)h->robustness)
        return false;
    e->well_formed =
        fields[h->robustness][0] == '\0' && strcmp(fields[h->malformed], "0") == 0 && fields[h->file_end][0] == '\0';
    for (size_t i = 0; i < CATALOG_COUNTS; i++)
        e->counts[i] = strtoull(fields[h->counts[i]], NULL, 10);
    return asprintf(&e->name, "%s/%s", fields[h->repo], fields[h->path]) > 0 &&
           asprintf(&e->path, "%s/%s", folder, e->name) > 0;
}

static bool read_all(struct catalog *c, FILE *f, const char *folder)
{
    struct heading h;
    char *line = NULL;
    size_t cap = 0;
    bool ok = getline(&line, &cap, f) > 0 && read_heading(&h, line);

    while (ok && getline(&line, &cap, f) > 0) {
        struct catalog_entry *e = realloc(c->entries, (c->n + 1) * sizeof *e);
        ok = e != NULL;
        if (!ok)
            break;
        c->entries = e;
        e[c->n] = (struct catalog_entry){0};
        ok = read_entry(&e[c->n++], &h, folder, line);
    }
    free(line);
    return ok;
}

bool catalog_load(struct catalog *c, const char *folder)
{
    char *path;

    *c = (struct catalog){0};
    if (asprintf(&path, "%s/catalog.tsv", folder) < 0)
        return false;
    FILE *f = fopen(path, "r");
    free(path);
    if (f == NULL)
        return false;
    bool ok = read_all(c, f, folder);
    fclose(f);
    return ok;
}

void catalog_free(struct catalog *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->entries[i].name);
        free(c->entries[i].path);
    }
    free(c->entries);
}
