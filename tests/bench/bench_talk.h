/* Real TLS conversations, made with OpenSSL through memory: what each side sends, in turns, and the key log. */
#ifndef P2T_TESTS_BENCH_TALK_H
#define P2T_TESTS_BENCH_TALK_H

#include <stddef.h>
#include <stdint.h>

enum { BENCH_TURNS_MAX = 16 };

struct bench_turn {
    int dir; /* 0: the client speaks */
    uint8_t *bytes;
    size_t n;
};

/* A handshake, a small HTTP request and its response, and both sides' close_notify. */
struct bench_talk {
    struct bench_turn turns[BENCH_TURNS_MAX];
    size_t n;
};

/* TLS 1.2 and 1.3 by turns; appends the secrets to the file. Exits on failure. */
struct bench_talk *bench_talks_new(size_t n, const char *keylog);
void bench_talks_free(struct bench_talk *talks, size_t n);

#endif
