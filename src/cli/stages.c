#include "cli/stages.h"

enum { MOST_MAKERS = 4 };

struct stage {
    const char *name, *threads;
    int64_t ns;
};

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* No stage that runs in order is faster on more cores, and no core does two things at once. */
static int64_t projected_ns(const struct p2t_spent *s, int64_t all_ns, unsigned cores)
{
    int64_t makers = cores - 1 < MOST_MAKERS ? cores - 1 : MOST_MAKERS;
    int64_t in_order = most(most(s->reading_ns, s->following_ns), s->writing_ns);

    return most(most(in_order, (s->making_ns + s->writing_ns) / makers), all_ns / cores);
}

static const struct stage *longest_in_order(const struct stage *stages, size_t n)
{
    const struct stage *longest = &stages[0];

    for (size_t i = 1; i < n; i++)
        if (stages[i].threads[0] == '1' && stages[i].ns > longest->ns)
            longest = &stages[i];
    return longest;
}

void stages_tell(struct buf *b, const struct p2t_spent *s)
{
    static const unsigned cores[] = {2, 4, 8, 16};
    const struct stage stages[] = {{"packets read and decoded", "1", s->reading_ns},
                                   {"connections, messages and exchanges, in order", "1", s->following_ns},
                                   {"timelines and their text", "up to 4", s->making_ns},
                                   {"text written, in order", "1 at a time", s->writing_ns}};
    enum { STAGES = sizeof stages / sizeof *stages };
    int64_t all_ns = s->reading_ns + s->following_ns + s->making_ns + s->writing_ns;
    double percent = all_ns > 0 ? 100.0 / (double)all_ns : 0;
    const struct stage *longest = longest_in_order(stages, STAGES);

    if (s->making_ns == 0) {
        buf_printf(b, "processor time: %.3f s, all on one thread; -j 2 or more shows the stages\n", seconds(all_ns));
        return;
    }
    buf_lit(b, "processor time by stage:\n");
    for (size_t i = 0; i < STAGES; i++)
        buf_printf(b, "%10.3f s %5.1f%%  %s (threads: %s)\n", seconds(stages[i].ns), (double)stages[i].ns * percent,
                   stages[i].name, stages[i].threads);
    buf_lit(b, "at least, if nothing else keeps the cores busy:");
    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++)
        buf_printf(b, "%s %.3f s on %u", i > 0 ? "," : "", seconds(projected_ns(s, all_ns, cores[i])), cores[i]);
    buf_printf(b, "\nmore cores do not shorten this stage: %s, %.1f%%\n", longest->name,
               (double)longest->ns * percent);
}
