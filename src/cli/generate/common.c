#include "cli/generate/generate.h"

#include <string.h>

bool generate_has(const struct cli_option *o, const struct cli_command *c)
{
    return (o->commands & 1u << c->action) != 0;
}

void generate_escaped(struct buf *b, const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        if (strchr(special, *text) != NULL)
            buf_putc(b, '\\');
        buf_putc(b, *text);
    }
}

/* One word as roff, with dashes as they are typed: how many bytes it takes. */
static size_t put_word(struct buf *b, const char *word, size_t n)
{
    size_t from = b->n;

    for (size_t i = 0; i < n; i++)
        if (word[i] == '\\')
            buf_lit(b, "\\e");
        else if (word[i] == '-')
            buf_lit(b, "\\-");
        else if (word[i] == '\'')
            buf_lit(b, "\\(aq");
        else
            buf_putc(b, word[i]);
    return b->n - from;
}

void generate_roff(struct buf *b, const char *text)
{
    enum { LINE_COLUMNS = 74 };
    size_t column = 0;

    for (const char *p = text; *p != '\0'; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        bool breaks = column > 0 && column + 1 + n > LINE_COLUMNS;
        if (column > 0)
            buf_putc(b, breaks ? '\n' : ' ');
        column = breaks || column == 0 ? n : column + 1 + n;
        if (column == n && (*p == '.' || *p == '\''))
            buf_lit(b, "\\&");
        column += put_word(b, p, n) - n;
        p += n;
    }
}
