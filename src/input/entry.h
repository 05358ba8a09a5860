/* One capture file on its way through a run: found, probed for its first packet, opened, read, closed. */
#ifndef P2T_INPUT_ENTRY_H
#define P2T_INPUT_ENTRY_H

#include "input/capture.h"
#include "input/list.h"

struct input_entry {
    struct input_file file;
    struct input *input;
    struct input_list_item item;
    bool has_packets;
    bool head_probed; /* head was read while probing and is still to be delivered */
    bool filter_told;
    uint32_t index;
    int64_t first_ns;               /* of the first packet, filtered or not; set by probing */
    int fd;                         /* -1 while closed */
    struct input_ahead_file *ahead; /* NULL: read when it is asked for */
    struct input_capture *capture;  /* NULL while closed */
    struct input_frame head;        /* the next frame to deliver, while the entry is in the merge */
};

/* Opens the file and reads it ahead, where it is one that can be and there is room; ahead may be NULL. 0, or P2T_ERR_IO
 * with errno. */
int input_entry_start(struct input_entry *e, struct input_ahead *ahead);
/* Starts it first where nobody has. An enum input_capture_found; P2T_ERR_IO with errno when it cannot be opened;
 * P2T_ERR_MEMORY. */
int input_entry_open(struct input_entry *e, struct input_ahead *ahead, const struct input_capture_events *events);
void input_entry_close(struct input_entry *e);

#endif
