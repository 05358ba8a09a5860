/* Captures of any size, made of plausible traffic, for measuring. */
#ifndef P2T_TESTS_BENCH_CAPTURE_H
#define P2T_TESTS_BENCH_CAPTURE_H

#include <stdint.h>

enum bench_traffic {
    BENCH_KEEP_ALIVE_JSON, /* small API calls on kept connections: about 1.5 KB an exchange on the wire */
    BENCH_LARGE_BODIES,    /* downloads of half a megabyte */
    BENCH_TLS_HANDSHAKES,  /* short connections, TLS 1.2 and 1.3 in turn: about 5.5 KB each on the wire */
    BENCH_TLS_KEYS,  /* the same with real encryption: some thousand connections again and again, with a key log */
    BENCH_TLS_BODIES /* downloads of half a megabyte over TLS 1.3 */
};

struct bench_size {
    uint64_t bytes, packets, exchanges;
};

/* Writes a pcap of about `bytes` bytes, and with BENCH_TLS_KEYS the key log. Exits on failure. */
struct bench_size bench_capture_write(const char *path, const char *keylog, enum bench_traffic traffic,
                                      uint64_t bytes);

#endif
