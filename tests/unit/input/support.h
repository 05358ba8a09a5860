/* Builds captures byte by byte and remembers what reading them gave. */
#ifndef P2T_TESTS_INPUT_SUPPORT_H
#define P2T_TESTS_INPUT_SUPPORT_H

#include "support/cmocka_all.h"

#include "base/buf.h"
#include "input/capture.h"
#include "input/format.h"

#define SECOND 1000000000LL

/* Numbers in the byte order asked for. */
void put16(struct buf *b, bool big, uint16_t v);
void put32(struct buf *b, bool big, uint32_t v);

void put_pcap_header(struct buf *b, bool big, uint32_t magic, uint32_t snaplen, uint32_t network);
/* n bytes of payload, each of value `fill`. */
void put_pcap_packet(struct buf *b, bool big, uint32_t seconds, uint32_t fraction, uint32_t n, uint8_t fill);
/* An ordinary file: microseconds, Ethernet, count packets one second apart. */
void put_pcap_file(struct buf *b, uint32_t first_second, int count, uint32_t packet_bytes);

void put_block(struct buf *b, bool big, uint32_t type, struct slice body);
void put_section(struct buf *b, bool big);
void put_interface(struct buf *b, bool big, uint16_t link_type, uint32_t snaplen, struct slice options);
void put_enhanced(struct buf *b, bool big, uint32_t interface, uint64_t units, uint32_t n, uint8_t fill);

#define SEEN_FRAMES 4096
struct seen_frame {
    int64_t ts_ns;
    uint64_t number;
    uint32_t file, interface, link_type, cap_len, wire_len;
    uint8_t first_byte, last_byte;
};

struct seen {
    struct seen_frame frames[SEEN_FRAMES];
    size_t count;
    size_t problems;
    char text[400]; /* of the last problem */
    char path[400]; /* of the last problem; empty for a capture read from memory */
    uint64_t packet, offset;
    size_t secrets;
    uint32_t secrets_type;
    struct buf secrets_data; /* one after the other */
    int found, end;          /* results of opening and of the last next */
};

/* Reads bytes as a capture, at most `chunk` bytes a read. The result is freed with seen_free(). */
struct seen *read_bytes(struct slice bytes, size_t chunk);
/* Reads paths through the public interface; asserts that opening succeeds. */
struct seen *read_paths(const char *const *paths, size_t count, bool recursive, const char *filter);
void seen_free(struct seen *s);

/* A folder of its own for each test, removed with all that is in it. */
char *make_folder(void);
void remove_folder(char *folder);
/* Writes folder/name and returns that path, which stays valid until the next 16 calls. */
const char *write_file(const char *folder, const char *name, struct slice bytes);

#endif
