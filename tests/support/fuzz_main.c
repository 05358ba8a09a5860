/* Runs a fuzz target over files and folders of inputs, without libFuzzer: the corpus as an ordinary test. Each
 * input lies right before a page that cannot be read, so that one byte too far is a crash even without ASan. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t files_run;

static uint8_t *guarded(size_t size, size_t *mapped)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t body = (size + page - 1) / page * page;

    *mapped = body + page;
    uint8_t *base = mmap(NULL, *mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + body, page, PROT_NONE) != 0)
        abort();
    return base;
}

static int run_file(const char *path, size_t size)
{
    size_t mapped;
    uint8_t *base = guarded(size, &mapped);
    uint8_t *data = base + (mapped - (size_t)sysconf(_SC_PAGESIZE)) - size;
    FILE *f = fopen(path, "rb");

    if (f == NULL || fread(data, 1, size, f) != size) {
        fprintf(stderr, "cannot read %s\n", path);
        return 1;
    }
    fclose(f);
    (void)LLVMFuzzerTestOneInput(data, size);
    munmap(base, mapped);
    files_run++;
    return 0;
}

static int run_path(const char *path)
{
    struct stat st;
    int failures = 0;

    if (stat(path, &st) != 0) {
        fprintf(stderr, "cannot read %s\n", path);
        return 1;
    }
    if (!S_ISDIR(st.st_mode))
        return run_file(path, (size_t)st.st_size);
    DIR *dir = opendir(path);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        char child[4096];
        snprintf(child, sizeof child, "%s/%s", path, e->d_name);
        if (stat(child, &st) == 0 && S_ISREG(st.st_mode))
            failures += run_file(child, (size_t)st.st_size);
    }
    if (dir != NULL)
        closedir(dir);
    return failures;
}

int main(int argc, char **argv)
{
    int failures = 0;

    for (int i = 1; i < argc; i++)
        failures += run_path(argv[i]);
    if (files_run == 0) {
        fprintf(stderr, "no inputs were run\n");
        return 1;
    }
    printf("%zu inputs run\n", files_run);
    return failures != 0;
}
