/* Reads and decodes packets on a thread of its own, ahead of who takes them. They come in the order of the input, and
 * what the input has to say beside them comes in its place among them. */
#ifndef P2T_SESSION_INTAKE_H
#define P2T_SESSION_INTAKE_H

#include "flow/table.h"
#include "input/input.h"
#include "packet/decode.h"

struct intake;

struct intake_item {
    enum packet_drop why;    /* PACKET_DECODED, or there is no packet */
    uint32_t wire_len;       /* of the frame */
    struct packet packet;    /* its mark is set in any case */
    struct flow_ready ready; /* for push_ready, of a TCP packet */
};

/* What is known of the input at the packet that was taken last. */
struct intake_state {
    struct input_progress progress;
    size_t files, problems;
};

struct intake_config {
    struct input *input;            /* the thread's, and so is ... */
    struct packet_decoder *decoder; /* ... this, until intake_free */
    const struct flow_table *flows; /* that packets are made ready for */
    void *ctx;
    /* On the taker's thread, from within intake_next. file: the next one that packets name, by its path, which is the
     * input's; 0 or a p2t_status. */
    void (*problem)(void *ctx, const struct input_problem *p);
    void (*secrets)(void *ctx, const struct input_secrets *s);
    int (*file)(void *ctx, const char *path);
    /* On the intake's thread, of each packet with payload, before anybody takes it. May be NULL. */
    void (*look)(void *ctx, const struct intake_item *item);
};

/* The config is copied. NULL when memory ran out. */
struct intake *intake_new(const struct intake_config *config);
/* False: there is no thread to be had. */
bool intake_start(struct intake *i);
/* What the input's callbacks say, once it has been started. */
void intake_problem(struct intake *i, const struct input_problem *p);
void intake_secrets(struct intake *i, const struct input_secrets *s);
/* 1: *item is valid until the next call. 0: the end. Negative: a p2t_status. */
int intake_next(struct intake *i, const struct intake_item **item);
struct intake_state intake_state(const struct intake *i);
/* Ends the thread, wherever it is. NULL is allowed. */
void intake_free(struct intake *i);

#endif
