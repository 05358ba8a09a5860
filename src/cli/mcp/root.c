#include "cli/mcp/root.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pcap2trace/status.h"

int root_open(struct root *r, const char *folder)
{
    struct stat st;

    r->path = realpath(folder, NULL);
    if (r->path == NULL || stat(r->path, &st) != 0)
        return P2T_ERR_IO;
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return P2T_ERR_IO;
    }
    r->n = strlen(r->path);
    if (r->path[r->n - 1] == '/')
        r->n--;
    return P2T_OK;
}

void root_fini(struct root *r)
{
    free(r->path);
}

static bool lies_below(const struct root *r, const char *path)
{
    return strncmp(path, r->path, r->n) == 0 && (path[r->n] == '/' || path[r->n] == '\0');
}

static const char *in_arena(struct arena *arena, const char *text)
{
    struct slice copy = arena_copy(arena, slice_str(text));

    return copy.n > 0 ? (const char *)copy.p : NULL;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The name as a client may use it, if it does not lead out of the root. */
static bool put_entry(const struct root *r, const char *folder, const char *name, const char *between, struct buf *b)
{
    struct stat st;
    char *joined;

    if (asprintf(&joined, "%s/%s", folder, name) < 0)
        return false;
    char *real = realpath(joined, NULL);
    bool below =
        real != NULL && lies_below(r, real) && stat(real, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
    if (below)
        buf_printf(b, "%s%s%s", between, joined + r->n + 1, S_ISDIR(st.st_mode) ? "/" : "");
    free(joined);
    free(real);
    return below;
}

/* What a client may ask for instead: the first names of a folder. */
static void put_entries(const struct root *r, const char *folder, struct buf *b)
{
    enum { NAMES_MAX = 40 };
    struct dirent **entries;
    int n = scandir(folder, &entries, visible, alphasort), put = 0;

    for (int i = 0; i < n; i++) {
        if (put < NAMES_MAX && put_entry(r, folder, entries[i]->d_name, put == 0 ? "; there are: " : ", ", b) &&
            ++put == NAMES_MAX)
            buf_lit(b, ", ...");
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

/* What exists outside must not be told from what does not exist. */
static const char *not_there(const struct root *r, const char *name, struct buf *complaint)
{
    buf_printf(complaint, "there is no '%s' below the folder that this server reads", name);
    put_entries(r, r->path, complaint);
    return NULL;
}

/* The real path; NULL with a complaint. */
static const char *resolve(const struct root *r, const char *name, struct arena *arena, struct buf *complaint)
{
    struct slice joined = *name == '/' ? slice_str(name) : arena_printf(arena, "%s/%s", r->path, name);
    char *real = joined.n > 0 ? realpath((const char *)joined.p, NULL) : NULL;
    const char *path = real != NULL && lies_below(r, real) ? in_arena(arena, real) : NULL;

    free(real);
    return path != NULL ? path : not_there(r, name, complaint);
}

static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

const char *root_file(const struct root *r, const char *name, struct arena *arena, struct buf *complaint)
{
    const char *path = resolve(r, name, arena, complaint);

    if (path == NULL || is_file(path))
        return path;
    buf_printf(complaint, "'%s' is not a file", name);
    return NULL;
}

static int append(struct names *files, const char *path)
{
    if (path == NULL)
        return P2T_ERR_MEMORY;
    if ((files->n & (files->n - 1)) == 0) { /* a power of two, and full */
        const char **more = realloc(files->item, (files->n == 0 ? 1 : files->n * 2) * sizeof *more);
        if (more == NULL)
            return P2T_ERR_MEMORY;
        files->item = more;
    }
    files->item[files->n++] = path;
    return P2T_OK;
}

static int append_entry(const struct root *r, const char *folder, const char *name, struct arena *arena,
                        struct names *files)
{
    struct slice joined = arena_printf(arena, "%s/%s", folder, name);
    char *real = realpath((const char *)joined.p, NULL);
    bool wanted = real != NULL && lies_below(r, real) && is_file(real);
    int status = wanted ? append(files, in_arena(arena, real)) : P2T_OK;

    free(real);
    return status;
}

int root_files(const struct root *r, const char *name, struct arena *arena, struct names *files,
               struct buf *complaint)
{
    const char *path = resolve(r, name, arena, complaint);
    struct dirent **entries;
    int status = P2T_OK;
    size_t before = files->n;

    if (path == NULL)
        return P2T_ERR_USAGE;
    if (is_file(path))
        return append(files, path);
    int n = scandir(path, &entries, visible, alphasort);
    if (n < 0) {
        buf_printf(complaint, "'%s' cannot be read: %s", name,
                   errno == ENOTDIR ? "it is neither a file nor a folder" : strerror(errno));
        return P2T_ERR_USAGE;
    }
    for (int i = 0; i < n; i++) {
        if (status == P2T_OK && files->n < ROOT_FILES_MAX)
            status = append_entry(r, path, entries[i]->d_name, arena, files);
        free(entries[i]);
    }
    free(entries);
    if (status == P2T_OK && files->n == before) {
        buf_printf(complaint, "no file is in '%s'", name);
        put_entries(r, path, complaint);
        return P2T_ERR_USAGE;
    }
    if (status == P2T_OK && files->n >= ROOT_FILES_MAX) {
        buf_printf(complaint, "'%s' has more than %d files: name some of them", name, ROOT_FILES_MAX - 1);
        return P2T_ERR_USAGE;
    }
    return status;
}

void root_leave_out(const struct root *r, struct buf *text)
{
    size_t put = 0;

    for (size_t i = 0; i < text->n; put++) {
        bool named = text->n - i > r->n && memcmp(text->p + i, r->path, r->n) == 0 && text->p[i + r->n] == '/';
        i += named ? r->n + 1 : 0;
        if (i < text->n)
            text->p[put] = text->p[i++];
    }
    text->n = put;
}
