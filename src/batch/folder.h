/* What lies in a capture folder: which files are captures, and with which packet each begins. */
#ifndef P2T_BATCH_FOLDER_H
#define P2T_BATCH_FOLDER_H

#include <sys/types.h>

#include "base/slice.h"
#include "input/capture.h"

enum folder_kind {
    FOLDER_UNKNOWN,
    FOLDER_CAPTURE,
    FOLDER_NO_PACKETS, /* a capture without any, or the beginning of one */
    FOLDER_FOREIGN,
    FOLDER_UNREADABLE
};

struct folder_file {
    char *name;
    dev_t device;
    ino_t inode;
    uint64_t bytes;
    int64_t changed_ns; /* the file's own modification time: the wall clock */
    enum folder_kind kind;
    int64_t first_ns;     /* of its first packet; without any, when it was written */
    uint64_t fingerprint; /* of its first packet: the same however the file is named and compressed */
    char *interfaces;     /* pcapng: names of those that stand before the first packet, joined by '+'; NULL: none */
    char trouble[160];    /* FOLDER_UNREADABLE */
    bool seen;
    bool told; /* something was said about it */
    bool left; /* tried, and nothing was in it; until it changes */
};

struct folder {
    char *path;
    struct folder_file **files; /* by name */
    size_t count, cap;
};

int folder_open(struct folder *f, const char *path);
void folder_close(struct folder *f);
/* Looks again. P2T_ERR_IO with errno when the folder cannot be listed. */
int folder_scan(struct folder *f);
/* NULL: out of memory; free() it. */
char *folder_path(const struct folder *f, const char *name);

/* An open capture file that gives its frames, read from its start. */
struct folder_reader {
    int fd;
    struct input_capture capture;
    bool open;
};

/* An enum input_capture_found, P2T_ERR_IO with errno, or P2T_ERR_MEMORY. Close it in any case. */
int folder_reader_open(struct folder_reader *r, const char *path, const struct input_capture_events *events);
/* From the start once more, of the same file even if it lost its name. */
int folder_reader_rewind(struct folder_reader *r, const struct input_capture_events *events);
void folder_reader_close(struct folder_reader *r);
/* Of the packet that a file begins with. */
uint64_t folder_fingerprint(const struct input_frame *frame);

#endif
