/* The four compressions, the other way. */
#ifndef P2T_TESTS_INPUT_PACK_H
#define P2T_TESTS_INPUT_PACK_H

#include "base/buf.h"

struct packer {
    const char *name;
    void (*pack)(struct buf *b, struct slice plain); /* appends one whole stream that holds `plain` */
};

enum { PACKERS = 4 };
extern const struct packer packers[PACKERS];

void pack_gzip(struct buf *b, struct slice plain);
void pack_zstd(struct buf *b, struct slice plain);
/* put_pcap_file() from second 7 on, with payloads that do not compress away to nothing behind their first byte. */
void put_noisy_file(struct buf *b, int count, uint32_t packet_bytes);

#endif
