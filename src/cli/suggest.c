#include "cli/suggest.h"

#include "cli/option_table.h"

enum { WORD_MAX = 24, FAR = WORD_MAX };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* How many letters to add, drop, change or swap with their neighbour; FAR: the words are too long to be compared. */
static size_t distance(struct slice a, struct slice b)
{
    size_t row[WORD_MAX + 1][WORD_MAX + 1];

    if (a.n > WORD_MAX || b.n > WORD_MAX)
        return FAR;
    for (size_t i = 0; i <= a.n; i++)
        for (size_t k = 0; k <= b.n; k++) {
            if (i == 0 || k == 0) {
                row[i][k] = i + k;
                continue;
            }
            bool same = a.p[i - 1] == b.p[k - 1];
            row[i][k] = least(row[i - 1][k] + 1, row[i][k - 1] + 1, row[i - 1][k - 1] + !same);
            if (i > 1 && k > 1 && a.p[i - 1] == b.p[k - 2] && a.p[i - 2] == b.p[k - 1])
                row[i][k] = least(row[i][k], row[i - 2][k - 2] + 1, FAR);
        }
    return row[a.n][b.n];
}

struct slice suggest_word(struct slice word, const char *list)
{
    struct slice candidate, best = {0};
    size_t nearest = word.n < 3 ? 1 : 1 + word.n / 3;

    for (size_t i = 0; cli_choice(list, i, &candidate); i++) {
        size_t d = distance(word, candidate);
        if (d <= nearest && d < candidate.n) {
            best = candidate;
            nearest = d - (d > 0);
        }
    }
    return best;
}

void suggest_to(struct buf *b, struct slice word, const char *list, const char *before)
{
    struct slice best = suggest_word(word, list);

    if (best.n > 0)
        buf_printf(b, "; did you mean '%s%.*s'?", before, (int)best.n, (const char *)best.p);
}
