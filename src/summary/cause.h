/* Making causes: what a rule fills once it has found something. */
#ifndef P2T_SUMMARY_CAUSE_H
#define P2T_SUMMARY_CAUSE_H

#include "summary/model.h"

/* A new one, at the end of the list; a scratch one that is thrown away where memory ran out. It is valid until the next
 * is added. */
struct cause *cause_add(struct p2t_summary *s, enum p2t_cause_code code, enum p2t_cause_side side, const char *phase,
                        enum p2t_confidence confidence);
/* The rule that runs may add more: each stops after CAUSES_OF_RULE_MAX, so that the work does not grow with what a forged
 * capture may be full of. That it stopped is told. */
bool cause_room(struct p2t_summary *s);
/* The rule that runs may look at all calls or connections once more for one subject; the same, after LOOKS_OF_RULE_MAX. */
bool cause_look(struct p2t_summary *s);
enum { CAUSES_OF_RULE_MAX = 256, LOOKS_OF_RULE_MAX = 1024 };
/* It hit this call: counted once, in hit, failed and the examples. */
void cause_hit(struct p2t_summary *s, struct cause *c, struct call *call);
bool cause_has_hit(const struct cause *c, const struct call *call);
/* What its counts are of: "calls", or, where none of them came as far, "dials" or "lookups". */
const char *cause_counted(const struct cause *c);
/* The window gets as wide as needed. */
void cause_span(struct cause *c, int64_t from_ns, int64_t to_ns);
void cause_prove(struct cause *c, struct proof proof);
/* It speaks of this server: with its port (server), and by its address. */
void cause_server(struct cause *c, const struct word *server, const struct word *server_ip);
/* The subject is the service at `server`, with the name that leads there. */
void cause_subject_service(struct cause *c, const struct word *server, const struct word *server_ip);
void cause_clear(struct cause *c, const struct word *who);

/* "a.test (10.0.0.1:80)", "a.test and 2 more names (10.0.0.1:80)", or the address alone. */
void say_service(struct buf *b, const struct word *server, const struct word *server_ip);
/* "a.test"; NULL where no name is known. */
const struct word *service_name(const struct word *server, const struct word *server_ip);
/* "250 ms", "1.2 s". */
void say_time(struct buf *b, int64_t ns);
/* "s" behind a word of which there are n, but for one. */
static inline const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}
/* "1 call", "2 calls". */
void say_count(struct buf *b, size_t n, const char *one);
/* "1 call", "2 lookups": those that it hit. */
void cause_say_hits(struct cause *c);
/* "1 call waited 250 ms", "2 calls waited a total of 500 ms": the calls that it hit, and the time they lost. */
void cause_say_waited(struct cause *c);
/* "curl on 10.0.0.1". */
void say_client(struct buf *b, const struct word *agent, const struct word *client);

/* Words of a list, in their order, at most `max`, then "and N more". */
struct word_list {
    const struct word *word[16];
    size_t n, total;
};
void word_list_add(struct word_list *l, const struct word *w);
bool word_list_has(const struct word_list *l, const struct word *w);
void say_words(struct buf *b, struct word_list *l, size_t max);

#endif
