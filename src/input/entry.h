/* One capture file of a run: listed, probed for its first packet, opened, read, closed. */
#ifndef P2T_INPUT_ENTRY_H
#define P2T_INPUT_ENTRY_H

#include "input/capture.h"
#include "input/list.h"
#include "input/order.h"

struct input_entry {
    struct input_file file;
    struct input *input;
    struct input_list_item item;
    bool has_packets;
    bool head_probed;     /* head was read while probing and is still to be delivered */
    bool filter_reported; /* that the filter does not fit a packet of it */
    uint32_t index;
    int64_t first_ns;               /* of the first packet, filtered or not; set by probing */
    int fd;                         /* -1 while closed */
    struct input_ahead_file *ahead; /* NULL: read when it is asked for */
    struct input_capture *capture;  /* NULL while closed */
    struct input_order order;
    struct input_frame head; /* the next frame to deliver, while the entry is in the merge */
};

/* Opens the file, and starts reading it ahead if it is a regular file and `ahead`, which may be NULL, has room. 0, or
 * P2T_ERR_IO with errno. */
int input_entry_start(struct input_entry *e, struct input_ahead *ahead);
/* Opens the capture in the file, which is started first unless it was. An enum input_capture_found; P2T_ERR_IO with errno
 * when the file cannot be opened; P2T_ERR_MEMORY. */
int input_entry_open(struct input_entry *e, struct input_ahead *ahead, const struct input_capture_events *events);
/* Closes file and capture; harmless when they are closed. */
void input_entry_close(struct input_entry *e);

#endif
