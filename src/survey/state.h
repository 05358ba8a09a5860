/* What is known of the questions that have no answer yet. */
#ifndef P2T_SURVEY_STATE_H
#define P2T_SURVEY_STATE_H

#include "base/hash.h"
#include "base/list.h"
#include "base/slab.h"
#include "survey/questions.h"

/* Floods of questions without answers push out the oldest. */
enum { PENDING_MAX = 65536, KEPT_NAME_MAX = 255 };

struct question {
    struct hmap_node node;
    struct list_link by_age; /* the longest not asked first */
    struct endpoint client, server;
    uint16_t id, type, name_len;
    uint32_t tries, path;
    int64_t asked_ns, last_asked_ns, unreachable_ns;
    struct packet_ref asked;
    bool over_tcp;
    uint8_t name[KEPT_NAME_MAX];
};

struct questions {
    struct questions_config config;
    struct hmap map; /* struct question, by client, id and type */
    struct list_link ages;
    struct slab slab;
    size_t pending;
    bool asked; /* a question was seen */
};

/* A new one, the youngest; the caller fills the rest. NULL when memory ran out. */
struct question *questions_add(struct questions *q, const struct endpoint *client, uint16_t id, uint16_t type);

#endif
