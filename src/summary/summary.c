/* A summary's life. */
#include "pcap2trace/summary.h"

#include <stdlib.h>

#include "summary/changes.h"
#include "summary/periods.h"
#include "summary/prepare.h"
#include "summary/rank.h"
#include "summary/rules/rules.h"
#include "summary/state.h"
#include "summary/tell.h"

/* A call, a question and a connection each, with their texts, and half as much again while the rules sort them. */
static void set_limits(struct p2t_summary *s, size_t memory)
{
    enum { BYTES_EACH = 2500 };

    if (memory == 0 || memory >= P2T_SUMMARY_MEMORY)
        return;
    s->records_max = (memory > P2T_SUMMARY_MEMORY_LEAST ? memory : P2T_SUMMARY_MEMORY_LEAST) / BYTES_EACH;
    s->words.bytes_max = s->records_max * (WORDS_BYTES_MAX / RECORDS_MAX);
}

int p2t_summary_new(struct p2t_summary **summary, const struct p2t_summary_config *config)
{
    struct p2t_summary *s = calloc(1, sizeof *s);

    *summary = NULL;
    if (s == NULL || pthread_mutex_init(&s->lock, NULL) != 0) {
        free(s);
        return P2T_ERR_MEMORY;
    }
    s->config = *config;
    set_limits(s, config->memory);
    *summary = s;
    return P2T_OK;
}

static void apply_rules(struct p2t_summary *s)
{
    /* Later ones ask what earlier ones found. */
    static void (*const rules[])(struct p2t_summary *) = {
        rules_capture, rules_resolvers, rules_names,     rules_walks,       rules_dials,   rules_ports,
        rules_hellos,  rules_loss,      rules_paths,     rules_windows,     rules_narrow,  rules_waits,
        rules_pauses,  rules_failures,  rules_statuses,  rules_bodies,      rules_clients, rules_handshakes,
        rules_turns,   rules_streams,   rules_redirects, rules_connections,
    };

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        s->causes_before = s->cause_count;
        s->looks = 0;
        rules[i](s);
    }
}

int p2t_summary_finish(struct p2t_summary *s, const struct p2t_counters *counters)
{
    s->counters = s->loaded;
    state_add_counters(&s->counters, counters);
    if (prepare(s) != 0 || changes_begin(s) != 0)
        return P2T_ERR_MEMORY;
    if (periods_apart(s, apply_rules) != 0)
        return P2T_ERR_MEMORY;
    name_subjects(s);
    rank_causes(s);
    if (changes_find(s) != 0)
        return P2T_ERR_MEMORY;
    return s->failed ? P2T_ERR_MEMORY : P2T_OK;
}

char *p2t_summary_write(const struct p2t_summary *s, enum p2t_summary_format format, size_t *length)
{
    struct buf out = {0};

    if (format == P2T_SUMMARY_JSON)
        tell_json(s, &out);
    else if (format == P2T_SUMMARY_DOCTOR)
        tell_doctor(s, &out);
    else
        tell_text(s, &out);
    *length = out.n;
    buf_putc(&out, '\0');
    if (out.failed) {
        buf_fini(&out);
        return NULL;
    }
    return (char *)out.p;
}

void p2t_summary_free(struct p2t_summary *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->cause_count; i++) {
        buf_fini(&s->causes[i].text);
        buf_fini(&s->causes[i].folded);
        free(s->causes[i].hit);
    }
    for (size_t i = 0; i < s->conn_count; i++)
        free(s->conns[i].stalls);
    changes_free(s->changes);
    free(s->causes);
    free(s->calls);
    free(s->questions);
    free(s->conns);
    free(s->call_places);
    free(s->periods);
    groups_fini(&s->services);
    words_fini(&s->words);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
