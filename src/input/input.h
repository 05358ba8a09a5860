/* Reads captures and gives their frames in time order: files, folders and standard input; pcap and pcapng; plain, gzip,
 * zstd, lz4 or xz, recognised by content. */
#ifndef P2T_INPUT_INPUT_H
#define P2T_INPUT_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "input/frame.h"
#include "pcap2trace/status.h"

struct input;

/* Something that could not be read, or was cut. What was read before it stays valid. */
struct input_problem {
    const char *path; /* as the user named it, or folder/name */
    const char *text; /* what is wrong and where, one line, no newline */
    uint64_t packet;  /* number of the packet concerned; 0: none */
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
    bool recursive;     /* also read folders in folders */
    const char *filter; /* libpcap expression, or NULL */
    unsigned ahead;     /* threads that read and decompress ahead; does not change the frames. 0: none */
    size_t ahead_bytes; /* memory for that: 2.5 MB per file, at most 16 files */
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

/* Opens every input and finds each one's first packet. An input that cannot be read is reported as a problem, and the others
 * are read. 0, P2T_ERR_MEMORY, or P2T_ERR_USAGE when the filter does not compile, with the reason in *error: free() it. */
int input_open(struct input **out, const struct input_config *config, char **error);
/* 1: *frame is valid until the next call. 0: the end. Negative: a p2t_status. */
int input_next(struct input *in, const struct input_frame **frame);
/* True if an input is not a regular file, so that waiting for its next packet may take long. */
bool input_may_wait(const struct input *in);
/* Captures found, including those without packets. */
size_t input_file_count(const struct input *in);
/* Files are numbered in the order of their first packets. Valid until input_free(); NULL for an index that no frame had. */
const struct input_file *input_file(const struct input *in, size_t index);
struct input_progress input_progress(const struct input *in);
/* Packets so far that stood behind later ones in their file, and were put in order. */
uint64_t input_sorted(const struct input *in);
/* Number of problems reported so far. */
size_t input_problem_count(const struct input *in);
void input_free(struct input *in);

#endif
