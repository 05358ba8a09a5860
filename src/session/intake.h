/* Reads and decodes packets on a thread of its own, ahead of the thread that takes them. Packets come in the order of the
 * input; the input's problems, secrets and new files are reported in their place among them. */
#ifndef P2T_SESSION_INTAKE_H
#define P2T_SESSION_INTAKE_H

#include "flow/table.h"
#include "input/input.h"
#include "packet/decode.h"

struct intake;

struct intake_item {
    enum packet_drop why;    /* PACKET_DECODED, or why there is no packet */
    uint32_t wire_len;       /* of the frame, in bytes */
    struct packet packet;    /* unless decoded, only its mark is set */
    struct flow_ready ready; /* for flow_table_push(), of a decoded packet */
};

/* What the input had counted when the packet that was taken last was read. */
struct intake_state {
    struct input_progress progress;
    size_t files, problems;
    uint64_t sorted; /* input_sorted() */
};

struct intake_config {
    struct input *input;            /* only the intake's thread may use it until intake_free() */
    struct packet_decoder *decoder; /* likewise */
    const struct flow_table *flows; /* that packets are prepared for */
    void *ctx;
    /* On the taker's thread, during intake_next(). file() is called before the first packet of each file, in the order of
     * their numbers; the path stays valid as long as the input. It returns 0 or a p2t_status. */
    void (*problem)(void *ctx, const struct input_problem *p);
    void (*secrets)(void *ctx, const struct input_secrets *s);
    int (*file)(void *ctx, const char *path);
    /* On the intake's thread, for each packet with payload, before it can be taken. May be NULL. */
    void (*look)(void *ctx, const struct intake_item *item);
};

/* The config is copied. NULL when memory ran out. */
struct intake *intake_new(const struct intake_config *config);
/* Starts the thread. False: none can be started. */
bool intake_start(struct intake *i);
/* For the input's callbacks, on the intake's thread: pass on what the input reports. */
void intake_problem(struct intake *i, const struct input_problem *p);
void intake_secrets(struct intake *i, const struct input_secrets *s);
/* Waits for the next item. 1: *item is valid until the next call. 0: the end. Negative: a p2t_status. */
int intake_next(struct intake *i, const struct intake_item **item);
struct intake_state intake_state(const struct intake *i);
/* Stops the thread, whatever it is doing, and frees everything. NULL is allowed. */
/* Processor time that the thread took, once intake_next() has returned 0 or less. */
int64_t intake_spent_ns(const struct intake *i);
void intake_free(struct intake *i);

#endif
