/* A file that appears under its name only when it is whole and on the disk. */
#ifndef P2T_BATCH_STORE_H
#define P2T_BATCH_STORE_H

#include <stdbool.h>
#include <stddef.h>

enum store_packing {
    STORE_PLAIN,
    STORE_ZSTD,
    STORE_ZSTD_FAST /* for what is soon replaced */
};

struct store {
    char *target, *temporary;
    int fd;
    int error;  /* errno of the first failure, else 0 */
    void *zstd; /* NULL: written as it is */
    char *packed;
    size_t packed_cap;
};

/* The hidden name beside `target` that it is written under; free() it. NULL: out of memory. */
char *store_temporary(const char *target);
/* 0, P2T_ERR_IO with s->error set, or P2T_ERR_MEMORY. To be closed or abandoned in any case. */
int store_open(struct store *s, const char *target, enum store_packing packing, unsigned mode);
/* A sink for writers; ctx is the struct store. */
int store_write(void *ctx, const void *bytes, size_t n);
/* Past the compression. */
int store_write_plain(struct store *s, const void *bytes, size_t n);
/* All of it is on the disk under the temporary name. */
int store_finish(struct store *s);
/* Gives it its name; the folder is on the disk, too. */
int store_publish(struct store *s);
/* The same for one that was finished by a process that did not come to this. */
int store_rename(const char *temporary, const char *target, int *error);
/* Frees; what was not published stays behind under its temporary name ... */
void store_leave(struct store *s);
/* ... or is removed. */
void store_abandon(struct store *s);

#endif
