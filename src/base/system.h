/* What differs between systems: Linux with glibc or musl, macOS, the BSDs. No other file asks which system this is. */
#ifndef P2T_BASE_SYSTEM_H
#define P2T_BASE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* htole32() and its like. */
#if defined(__linux__)
#include <endian.h>
#elif defined(__APPLE__)
#include <libkern/OSByteOrder.h>
#define htole32(v) OSSwapHostToLittleInt32(v)
#define htole64(v) OSSwapHostToLittleInt64(v)
#define le32toh(v) OSSwapLittleToHostInt32(v)
#define le64toh(v) OSSwapLittleToHostInt64(v)
#define be32toh(v) OSSwapBigToHostInt32(v)
#define htobe64(v) OSSwapHostToBigInt64(v)
#else
#include <sys/endian.h>
#endif

/* Functions that macOS lacks, as the others have them. */
#if defined(__APPLE__)
static inline void *memrchr(const void *p, int c, size_t n)
{
    const unsigned char *b = p;

    while (n > 0)
        if (b[--n] == (unsigned char)c)
            return (void *)(uintptr_t)(b + n);
    return NULL;
}

static inline void explicit_bzero(void *p, size_t n)
{
    volatile unsigned char *b = p;

    while (n > 0)
        b[--n] = 0;
}

static inline void *reallocarray(void *p, size_t count, size_t bytes)
{
    return bytes > 0 && count > SIZE_MAX / bytes ? NULL : realloc(p, count * bytes);
}
#endif

/* When the file's content changed last, in nanoseconds since 1970. */
int64_t system_changed_ns(const struct stat *st);
/* Fills n bytes without waiting; false where the system cannot yet. */
bool system_random(void *p, size_t n);
/* Sorts as qsort() does; ctx is compare's last argument. */
void system_sort(void *items, size_t n, size_t bytes, int (*compare)(const void *, const void *, void *), void *ctx);
/* Freed memory is kept for what is allocated next, where that can be asked for. */
void system_keep_freed_memory(void);
/* A new file in the folder, for writing, that has no name and is gone when its descriptor is closed, whatever ends the program;
 * -1: the system or the file system has none. */
int system_open_nameless(const char *folder);
/* Gives it a name that no file has. 0, or -1 with errno. */
int system_name_file(int fd, const char *path);
/* A descriptor that becomes readable when something in the folder changes, to be read empty and closed by the caller; -1:
 * there is none, and the caller has to look from time to time. */
int system_watch(const char *folder);

#endif
