/* The files of a capture folder: which are captures, and which packet each begins with. */
#ifndef P2T_BATCH_FOLDER_H
#define P2T_BATCH_FOLDER_H

#include <sys/types.h>

#include "base/slice.h"
#include "input/capture.h"

enum folder_kind {
    FOLDER_UNKNOWN,
    FOLDER_CAPTURE,
    FOLDER_NO_PACKETS, /* a capture without packets, or the mere beginning of one */
    FOLDER_FOREIGN,
    FOLDER_UNREADABLE
};

struct folder_file {
    char *name;
    dev_t device;
    ino_t inode;
    uint64_t bytes;
    int64_t changed_ns; /* modification time; wall clock, nanoseconds since 1970 */
    enum folder_kind kind;
    int64_t first_ns;     /* time of its first packet; without packets, changed_ns */
    uint64_t fingerprint; /* hash of its first packet: the same under any name and compression */
    char *interfaces;  /* pcapng: names of interfaces described before the first packet, joined by '+'; NULL: none */
    char trouble[160]; /* FOLDER_UNREADABLE */
    bool seen;         /* by the current scan */
    bool reported;     /* its trouble was */
    bool left;         /* processed in vain: left alone until it changes */
};

struct folder {
    char *path;
    struct folder_file **files; /* by name */
    size_t count, cap;
};

/* Lists nothing yet. 0 or P2T_ERR_MEMORY. */
int folder_open(struct folder *f, const char *path);
void folder_close(struct folder *f);
/* Lists the folder and probes new and changed files; files that are gone are freed. 0, P2T_ERR_MEMORY, or P2T_ERR_IO with
 * errno when the folder cannot be listed. */
int folder_scan(struct folder *f);
/* The path of a file in the folder; free() it. NULL: out of memory. */
char *folder_path(const struct folder *f, const char *name);

/* An open capture file. */
struct folder_reader {
    int fd;
    struct input_capture capture;
    bool open;
};

/* An enum input_capture_found, P2T_ERR_IO with errno, or P2T_ERR_MEMORY. Close the reader in any case. */
int folder_reader_open(struct folder_reader *r, const char *path, const struct input_capture_events *events);
/* Reads the same open file from its start again, even if it was renamed or removed. Returns as folder_reader_open(). */
int folder_reader_rewind(struct folder_reader *r, const struct input_capture_events *events);
/* The open file is compressed: reading it again takes long. */
bool folder_reader_unpacks(const struct folder_reader *r);
void folder_reader_close(struct folder_reader *r);
/* Moves the open file, for folder_reader_rewind(); what was read of it is freed. */
void folder_reader_move(struct folder_reader *to, struct folder_reader *from);
/* The fingerprint of a file that begins with this packet. */
uint64_t folder_fingerprint(const struct input_frame *frame);

#endif
