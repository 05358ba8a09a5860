/* Our counts over the public captures, beside those of the catalogue.
 *
 * Every difference is explained in differences.tsv; one that is not there, and one there that no longer is, fails
 * the test. With --list the differences are printed in that file's form, to be judged and put there.
 *
 * usage: corpus FOLDER DIFFERENCES [--list] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap2trace/session.h"
#include "support/catalog.h"

/* Of the well-formed captures that have any: for how many our count must stand, because the two are equal once they
 * are asked the same, or because a look at the packets says so. */
static const double BAR_PERCENT = 97;

enum { UNASKED = -1 };

struct difference {
    char *name;
    char count[32], verdict[32];
    uint64_t ours, theirs;
    int64_t asked_again; /* what the other tool counts when it is asked our question; UNASKED where it cannot be */
    bool met;
};

struct differences {
    struct difference *rows;
    size_t n;
};

/* How far a count is in order; each includes those after it. */
enum standing { DIFFERS, STANDS, EQUAL_ASKED_AGAIN, EQUAL, STANDINGS };

struct tally {
    size_t files, at_least[STANDINGS];
};

struct run {
    struct differences known;
    struct tally well_formed[CATALOG_COUNTS + 1], other[CATALOG_COUNTS + 1]; /* the last: all counts together */
    size_t failures;
    bool list;
};

static const char *const verdicts[] = {"ours_right", "theirs_right", "undecidable", "different_question"};

/* ---- the list ---- */

static bool read_row(struct difference *d, char *line)
{
    char *fields[7];

    line[strcspn(line, "\n")] = '\0';
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if ((fields[i] = tsv_field(&line)) == NULL || fields[i][0] == '\0')
            return false;
    d->name = strdup(fields[0]);
    snprintf(d->count, sizeof d->count, "%s", fields[1]);
    d->ours = strtoull(fields[2], NULL, 10);
    d->theirs = strtoull(fields[3], NULL, 10);
    d->asked_again = fields[4][0] == '-' ? UNASKED : strtoll(fields[4], NULL, 10);
    snprintf(d->verdict, sizeof d->verdict, "%s", fields[5]);
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
        if (strcmp(fields[5], verdicts[i]) == 0)
            return d->name != NULL;
    return false;
}

static bool read_differences(struct differences *d, const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    bool ok = f != NULL;

    while (ok && getline(&line, &cap, f) > 0) {
        if (line[0] == '#')
            continue;
        struct difference *rows = realloc(d->rows, (d->n + 1) * sizeof *rows);
        ok = rows != NULL;
        if (!ok)
            break;
        d->rows = rows;
        rows[d->n] = (struct difference){0};
        ok = read_row(&rows[d->n++], line);
        if (!ok)
            fprintf(stderr, "%s: row %zu makes no sense\n", path, d->n);
    }
    free(line);
    if (f != NULL)
        fclose(f);
    return ok;
}

static void free_differences(struct differences *d)
{
    for (size_t i = 0; i < d->n; i++)
        free(d->rows[i].name);
    free(d->rows);
}

static struct difference *find_difference(struct differences *d, const char *name, const char *count)
{
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->rows[i].name, name) == 0 && strcmp(d->rows[i].count, count) == 0)
            return &d->rows[i];
    return NULL;
}

/* ---- one capture ---- */

static int ignore(void *ctx, const struct p2t_exchange *x)
{
    (void)ctx;
    (void)x;
    return 0;
}

static bool count(const char *path, uint64_t ours[CATALOG_COUNTS])
{
    struct p2t_config config = {.paths = &path, .path_count = 1, .all = true, .exchange = ignore};
    struct p2t_session *s;
    struct p2t_counters c;

    if (p2t_session_open(&s, &config, NULL) != P2T_OK)
        return false;
    int status = p2t_session_run(s);
    p2t_session_counters(s, &c);
    p2t_session_free(s);
#define X(name, column) ours[CATALOG_##name] = c.name;
    CATALOG_COUNT_LIST(X)
#undef X
    return status == P2T_OK;
}

static void fail(struct run *r, const struct catalog_entry *e, const char *name, uint64_t ours, uint64_t theirs,
                 const char *why)
{
    fprintf(stderr, "%s: %s: ours %llu, theirs %llu: %s\n", e->name, name, (unsigned long long)ours,
            (unsigned long long)theirs, why);
    r->failures++;
}

static enum standing standing_of(const struct difference *d, uint64_t ours)
{
    if (d->asked_again == (int64_t)ours)
        return EQUAL_ASKED_AGAIN;
    return strcmp(d->verdict, "ours_right") == 0 || strcmp(d->verdict, "different_question") == 0 ? STANDS : DIFFERS;
}

static enum standing judge(struct run *r, const struct catalog_entry *e, size_t i, uint64_t ours)
{
    const char *name = catalog_count_names[i];
    uint64_t theirs = e->counts[i];

    if (r->list) {
        printf("%s\t%s\t%llu\t%llu\t-\t%s\n", e->name, name, (unsigned long long)ours, (unsigned long long)theirs,
               e->well_formed ? "well_formed" : "other");
        return DIFFERS;
    }
    struct difference *d = find_difference(&r->known, e->name, name);
    if (d == NULL) {
        fail(r, e, name, ours, theirs, "not explained");
        return DIFFERS;
    }
    d->met = true;
    if (d->ours != ours || d->theirs != theirs)
        fail(r, e, name, ours, theirs, "explained with other numbers");
    return standing_of(d, ours);
}

static void add(struct tally *t, enum standing standing)
{
    t->files++;
    for (size_t i = 0; i <= (size_t)standing; i++)
        t->at_least[i]++;
}

static void compare(struct run *r, const struct catalog_entry *e)
{
    struct tally *tallies = e->well_formed ? r->well_formed : r->other;
    uint64_t ours[CATALOG_COUNTS] = {0};
    enum standing together = EQUAL;
    bool any = false;

    if (!count(e->path, ours)) {
        fprintf(stderr, "%s: the session failed\n", e->name);
        r->failures++;
        return;
    }
    for (size_t i = 0; i < CATALOG_COUNTS; i++) {
        if (ours[i] == 0 && e->counts[i] == 0)
            continue;
        enum standing standing = ours[i] == e->counts[i] ? EQUAL : judge(r, e, i, ours[i]);
        add(&tallies[i], standing);
        any = true;
        if (standing < together)
            together = standing;
    }
    if (any)
        add(&tallies[CATALOG_COUNTS], together);
}

/* ---- the result ---- */

static double percent(size_t part, size_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 100.0;
}

static void report(const char *title, const struct tally *tallies)
{
    printf("%s\n", title);
    for (size_t i = 0; i <= CATALOG_COUNTS; i++) {
        const struct tally *t = &tallies[i];
        printf("  %-14s %4zu captures, equal %4zu (%.2f%%), asked again %4zu (%.2f%%), ours stands %4zu (%.2f%%)\n",
               i < CATALOG_COUNTS ? catalog_count_names[i] : "together", t->files, t->at_least[EQUAL],
               percent(t->at_least[EQUAL], t->files), t->at_least[EQUAL_ASKED_AGAIN],
               percent(t->at_least[EQUAL_ASKED_AGAIN], t->files), t->at_least[STANDS],
               percent(t->at_least[STANDS], t->files));
    }
}

static void hold_the_bar(struct run *r)
{
    for (size_t i = 0; i <= CATALOG_COUNTS; i++) {
        const struct tally *t = &r->well_formed[i];
        if (percent(t->at_least[STANDS], t->files) >= BAR_PERCENT)
            continue;
        fprintf(stderr, "%s: below %.0f%%\n", i < CATALOG_COUNTS ? catalog_count_names[i] : "together", BAR_PERCENT);
        r->failures++;
    }
}

static void find_vanished(struct run *r)
{
    for (size_t i = 0; i < r->known.n; i++) {
        const struct difference *d = &r->known.rows[i];
        if (d->met)
            continue;
        fprintf(stderr, "%s: %s: explained, but there is no difference\n", d->name, d->count);
        r->failures++;
    }
}

static void count_verdicts(const struct differences *d)
{
    for (size_t v = 0; v < sizeof verdicts / sizeof *verdicts; v++) {
        size_t n = 0;
        for (size_t i = 0; i < d->n; i++)
            n += strcmp(d->rows[i].verdict, verdicts[v]) == 0;
        printf("%-18s %4zu differences\n", verdicts[v], n);
    }
}

static void conclude(struct run *r)
{
    report("well-formed captures", r->well_formed);
    report("the others", r->other);
    count_verdicts(&r->known);
    find_vanished(r);
    hold_the_bar(r);
}

int main(int argc, char **argv)
{
    struct run r = {.list = argc == 4 && strcmp(argv[3], "--list") == 0};
    struct catalog catalog;

    if (argc < 3 || !catalog_load(&catalog, argv[1]) || (!r.list && !read_differences(&r.known, argv[2]))) {
        fprintf(stderr, "usage: %s FOLDER DIFFERENCES [--list]\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < catalog.n; i++)
        compare(&r, &catalog.entries[i]);
    if (!r.list)
        conclude(&r);
    free_differences(&r.known);
    catalog_free(&catalog);
    return r.failures > 0;
}
