/* Captures in, frames out in time order: files, folders and standard input; pcap and pcapng; plain, gzip, zstd,
 * lz4 or xz, told by content. */
#ifndef P2T_INPUT_INPUT_H
#define P2T_INPUT_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "input/frame.h"
#include "pcap2trace/status.h"

struct input;

/* Something that could not be read, or was cut. What was read before it stays good. */
struct input_problem {
    const char *path; /* as the user named it, or folder/name */
    const char *text; /* what is wrong and where, one line, no newline */
    uint64_t packet;  /* number of the packet it stands at, 0 when it is not at one */
    uint64_t offset;  /* byte offset in the (decompressed) file */
};

/* A pcapng Decryption Secrets Block, in the order of the file (secrets type: pcapng section 4.7). */
struct input_secrets {
    uint32_t type;
    struct slice data; /* valid during the call */
};

struct input_config {
    const char *const *paths; /* files, folders, or "-" */
    size_t path_count;
    bool recursive;     /* go down into folders of folders */
    const char *filter; /* libpcap expression, or NULL */
    unsigned ahead;     /* at most so many threads read and decompress ahead; what comes out is the same. 0: none */
    size_t ahead_bytes; /* that this may take: 2.5 MB a file, of 16 files at the most */
    void *ctx;
    void (*problem)(void *ctx, const struct input_problem *p); /* may be NULL */
    void (*secrets)(void *ctx, const struct input_secrets *s); /* may be NULL */
};

struct input_file {
    const char *path;
    uint64_t packets;          /* read so far, filtered ones included */
    int64_t first_ns, last_ns; /* of the packets read; meaningless while packets is 0 */
    bool damaged;              /* a problem was reported for it */
};

struct input_progress {
    uint64_t bytes_read;  /* from disk, of all files */
    uint64_t bytes_total; /* 0 when unknown (standard input) */
};

/* Opens every input and finds each one's first packet. Unreadable inputs are problems, not errors: the others are
 * read. P2T_ERR_USAGE with *error set (owned by the input module's caller: free()) when the filter does not compile. */
int input_open(struct input **out, const struct input_config *config, char **error);
/* 1: *frame is valid until the next call. 0: the end. Negative: a p2t_status. */
int input_next(struct input *in, const struct input_frame **frame);
/* Some of it is no regular file: its next packet may be a while off. */
bool input_may_wait(const struct input *in);
size_t input_file_count(const struct input *in);
/* Valid for every frame.file seen so far; NULL beyond. Indexes are given in the order of first packets. */
const struct input_file *input_file(const struct input *in, size_t index);
struct input_progress input_progress(const struct input *in);
/* Number of problems reported so far. */
size_t input_problem_count(const struct input *in);
void input_free(struct input *in);

#endif
