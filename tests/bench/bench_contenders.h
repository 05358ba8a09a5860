/* What is measured: a bare libpcap loop, the library with a number of jobs, tshark, and decompressing alone. */
#ifndef P2T_TESTS_BENCH_CONTENDERS_H
#define P2T_TESTS_BENCH_CONTENDERS_H

#include <stdbool.h>

#include "bench_capture.h"

struct bench_input {
    const char *path;
    const char *keylog; /* NULL: none */
};

struct bench_contender {
    const char *name;
    int (*work)(const struct bench_input *input); /* 0: done. In a process of its own */
};

struct bench_result {
    double seconds;
    long peak_kb;
};

extern const struct bench_contender bench_libpcap, bench_one_job, bench_two_jobs, bench_tshark, bench_gunzip;

bool bench_has_tshark(void);
/* The packets of a capture and the exchanges found in it. False: it cannot be read. In a process of its own, whose memory
 * is no run's. */
bool bench_count(const char *path, struct bench_size *size);
/* Each of these exits on failure. */
void bench_gzip(const char *from, const char *to);
struct bench_result bench_run_apart(const struct bench_contender *contender, const struct bench_input *input);

#endif
