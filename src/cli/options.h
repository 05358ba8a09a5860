/* Parses argv. */
#ifndef P2T_CLI_OPTIONS_H
#define P2T_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "cli/filter.h"
#include "write/writer.h"

enum cli_action {
    CLI_TRACE,
    CLI_COMPARE,
    CLI_SUMMARY,
    CLI_DOCTOR,
    CLI_REPORT,
    CLI_BATCH,
    CLI_PLAN,
    CLI_EXPLAIN,
    CLI_EXTRACT,
    CLI_MCP,
    CLI_LIST,
    CLI_HELP,
    CLI_VERSION
};
/* X(enum, the name that --list takes) */
#define CLI_LIST_LIST(X)                                                                                             \
    X(FINDINGS, "findings")                                                                                          \
    X(CAUSES, "causes")                                                                                              \
    X(HOOKS, "hooks")                                                                                                \
    X(FORMATS, "formats")                                                                                            \
    X(COUNTERS, "counters")                                                                                          \
    X(REDACTION, "redaction")                                                                                        \
    X(FIELDS, "fields")

enum cli_list {
#define X(id, name) CLI_LIST_##id,
    CLI_LIST_LIST(X)
#undef X
        CLI_LIST_COUNT
};
/* The words of enum out_time and enum cli_when, in their order. */
#define CLI_TIMES "utc local epoch relative"
#define CLI_WHENS "auto always never"
enum cli_when { CLI_AUTO, CLI_ALWAYS, CLI_NEVER };

/* The default of --tolerance: what scheduling takes on a busy machine. */
enum { CLI_TOLERANCE_NS = 1000000 };

/* Options of the commands `batch` and `plan`. */
struct cli_batch {
    const char *out, *state, *point_from, *manifest;
    int64_t settle_ns; /* negative: not given */
    uint64_t shard, shards;
    bool follow, final, zstd, alert;
    bool any; /* one of these was given */
};
enum { CLI_JOBS_MAX = 1024 };

/* Options of the command `extract`. */
struct cli_extract {
    bool minimal, with_secrets;
    bool written; /* -w or -o was given */
    bool by_w;    /* -w was */
};

struct cli_command; /* cli/option_table.h */

struct cli_options {
    enum cli_action action;
    const struct cli_command *about; /* of CLI_HELP; NULL: all */
    int *given;                      /* ids of the options that were given, in their order */
    size_t given_count;
    enum cli_list list; /* of CLI_LIST */
    enum out_format format;
    bool format_given;     /* by -T */
    bool database;         /* of trace: `output` is to be one */
    const char **captures; /* point into argv */
    size_t capture_count;
    const char **live; /* files of live traces; point into argv */
    size_t live_count;
    int64_t tolerance_ns;    /* of compare: how far outside of the bounds still agrees */
    bool differing;          /* of compare: write only pairs that differ */
    struct ip_addr *clients; /* of compare: the live traces are theirs */
    size_t client_count;
    const char *output; /* NULL: standard output */
    const char *title;  /* of report; NULL: not given */
    const char *bpf;
    const char *keylog;          /* NULL: none */
    const char *captures_folder; /* of explain and extract: where the captures are that batch read; NULL: not given */
    struct filter filter;
    struct cli_batch batch;
    struct cli_extract extract;
    uint64_t count;              /* exchanges; 0: no limit */
    size_t top;                  /* of summary and report: causes and services shown; 0: not given */
    const char *baseline;        /* of summary: a capture or folder of another time; NULL: none */
    unsigned jobs;               /* 0: as many as there are cores */
    size_t max_memory;           /* 0: not given */
    const char **redact, **keep; /* patterns of names; point into argv */
    size_t redact_count, keep_count;
    bool recursive, all, show_secrets, quiet, verbose;
    bool compact; /* ndjson in its compact form */
    bool stages;  /* of trace: say how long each stage took */
    enum cli_when color, progress;
    enum out_time time; /* of trace and summary */
};

/* 0, P2T_ERR_MEMORY, or P2T_ERR_USAGE with one line in *complaint. Call cli_options_free() in any case. argv must outlive
 * the options. */
int cli_options_parse(struct cli_options *o, int argc, char **argv, struct buf *complaint);
void cli_options_free(struct cli_options *o);
/* A capture or a live trace is standard input. */
bool cli_reads_stdin(const struct cli_options *o);

#endif
