/* Cutting captures into files, running the built program over them, and laying what it wrote beside what one run over the
 * whole capture writes. */
#ifndef P2T_TESTS_BATCH_SUPPORT_H
#define P2T_TESTS_BATCH_SUPPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

/* A folder of the test's own, with in/ in it; removed by scratch_end(). */
extern char scratch[64];
void scratch_begin(void);
void scratch_end(void);
/* Removes all in it and makes in/ anew. */
void scratch_clear(void);
/* scratch/NAME, in one of a few buffers that take turns. */
const char *in_scratch(const char *name);

struct packets {
    struct buf bytes; /* of the capture, file header included */
    size_t *at;       /* where each record begins; one more than there are */
    size_t n;
};

/* A classic little-endian pcap, plain, gzip or zstd. */
void packets_load(struct packets *p, const char *path);
void packets_take(struct packets *p, const struct buf *capture);
void packets_free(struct packets *p);
/* A number of the file, at a byte. */
uint32_t packets_u32(const struct packets *p, size_t at);
/* Writes packets [from, to) to scratch/NAME. */
void packets_write(const struct packets *p, size_t from, size_t to, const char *name);
/* Cuts at the given places, which are in order, into in/part-0000.pcap and so on. */
void packets_cut(const struct packets *p, const size_t *cuts, size_t n);
/* In these units a second ... */
uint64_t packets_units(const struct packets *p);
/* ... since 1970. */
uint64_t packets_time(const struct packets *p, size_t i);
/* n different places in order, by a generator of the test's own. Files come in the order of their first packets: where a
 * file would begin before the one before it did, nothing is cut. */
size_t *random_cuts(uint64_t *seed, const struct packets *p, size_t n);
uint64_t random_next(uint64_t *seed);

struct run {
    int status; /* exit status, or 128 + signal */
    char err[4096];
};

/* Runs the program with the words of the format, separated by single spaces. */
struct run run(const char *format, ...) __attribute__((format(printf, 1, 2)));
pid_t run_start(const char *environment, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct run run_wait(pid_t pid);

/* The exchanges as JSON lines, without what names files. */
void whole(struct buf *out, const char *capture);
/* The same of all that a batch wrote to scratch/NAME, in the order of its windows ... */
void joined(struct buf *out, const char *name);
/* ... and with what names files. */
void as_written(struct buf *out, const char *name);
/* Fails with the first line that differs. */
void assert_same_lines(const struct buf *expected, const struct buf *got, const char *what);
size_t count_lines(const struct buf *b);
void slurp_file(struct buf *out, const char *path);
size_t files_in(const char *name, const char *suffix);
/* Lines of the manifest in out/. */
size_t windows(void);
/* Fails when they do not come. */
void wait_for_windows(size_t n);
/* Of files in the scratch folder: removes one; makes a copy with zstd. */
void forget(const char *name);
void compress_file(const char *from, const char *to);

#endif
