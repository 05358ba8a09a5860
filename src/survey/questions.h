/* Every DNS question with what became of it: beside correlate, which joins questions to the lookups of exchanges, and for
 * summaries, which ask how a name server treated all of them. */
#ifndef P2T_SURVEY_QUESTIONS_H
#define P2T_SURVEY_QUESTIONS_H

#include "base/buf.h"
#include "base/reader.h"
#include "pcap2trace/question.h"
#include "pcap2trace/status.h"
#include "proto/fact.h"

struct questions;

struct questions_config {
    void *ctx;
    /* The path of a file by its number. */
    const char *(*file_path)(void *ctx, uint32_t file);
    /* A question is over: answered, or 30 s old, or forced out by later ones, or the input has ended. */
    void (*question)(void *ctx, const struct p2t_question *q);
};

/* NULL when memory ran out. */
struct questions *questions_new(const struct questions_config *config);
/* Takes DNS messages and ICMP errors about them, in the order of packets, and leaves other facts alone. */
void questions_fact(struct questions *q, const struct fact *f);
/* The input has ended: those without an answer are handed over, the oldest first. */
void questions_finish(struct questions *q);
/* Appends those without an answer; calls uses() for each file that one refers to. */
void questions_save(const struct questions *q, struct buf *out, void (*uses)(void *ctx, uint32_t file), void *ctx);
/* Takes what questions_save() wrote from the front of the reader, before any fact. 0, P2T_ERR_MEMORY or P2T_ERR_USAGE. */
int questions_load(struct questions *q, struct reader *saved);
/* NULL is allowed. */
void questions_free(struct questions *q);

#endif
