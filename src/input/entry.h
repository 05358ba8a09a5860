/* One capture file on its way through a run: found, probed for its first packet, opened, read, closed. */
#ifndef P2T_INPUT_ENTRY_H
#define P2T_INPUT_ENTRY_H

#include "input/capture.h"
#include "input/list.h"

struct entry {
    struct input_file file;
    struct input *input;
    struct list_item item;
    bool has_packets;
    bool head_probed; /* head was read while probing and is still to be delivered */
    bool filter_told;
    uint32_t index;
    int64_t first_ns; /* of the first packet, filtered or not; set by probing */
    int fd;
    struct capture *capture; /* NULL while closed */
    struct input_frame head; /* the next frame to deliver, while the entry is in the merge */
};

/* An enum capture_found; P2T_ERR_IO with errno when it cannot be opened; P2T_ERR_MEMORY. */
int entry_open(struct entry *e, const struct capture_events *events);
void entry_close(struct entry *e);

#endif
