#include "unit/batch/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/cmocka_all.h"

static char folder[] = "/tmp/p2t-batch-XXXXXX";

int scratch_make(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

int scratch_remove(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scratch(const char *name)
{
    static char paths[8][300];
    static unsigned next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s%s%s", folder, *name != '\0' ? "/" : "", name);
    return path;
}

void scratch_write(const char *name, const void *bytes, size_t n)
{
    FILE *f = fopen(scratch(name), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

void scratch_copy(const char *from, const char *name)
{
    static char bytes[1 << 20];
    FILE *f = fopen(from, "rb");

    assert_non_null(f);
    scratch_write(name, bytes, fread(bytes, 1, sizeof bytes, f));
    fclose(f);
}

bool scratch_has(const char *name)
{
    return access(scratch(name), F_OK) == 0;
}

size_t scratch_read(const char *name, char *out, size_t n)
{
    FILE *f = fopen(scratch(name), "rb");

    assert_non_null(f);
    size_t got = fread(out, 1, n, f);
    out[got] = '\0';
    fclose(f);
    return got;
}
