#include "cli/mcp/words.h"

#include "cli/mcp/arguments.h"

static const struct {
    const char *said, *meant;
} sentences[] = {
    {"'pcap2trace --all -v -T lines CAPTURE' shows them", "the tool list, with all, shows them"},
    {"'pcap2trace --all -v -T text CAPTURE' shows them", "the tool list, with all, shows them"},
};

static bool is_lower(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || c == '-';
}

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

/* " FILE" behind an option, which is the form of its value; its length, or 0. */
static size_t placeholder(struct slice rest)
{
    size_t n = 1;

    if (rest.n < 2 || rest.p[0] != ' ')
        return 0;
    while (n < rest.n && is_upper(rest.p[n]))
        n++;
    bool whole = n == rest.n || rest.p[n] == ' ' || rest.p[n] == ',' || rest.p[n] == '\n';
    return n > 2 && whole ? n : 0;
}

/* Takes what stands at the beginning of rest, if it has another word; the length of what was taken. */
static size_t take(struct buf *out, struct slice rest)
{
    size_t n = 2;

    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if (slice_starts(rest, slice_str(sentences[i].said))) {
            buf_str(out, sentences[i].meant);
            return strlen(sentences[i].said);
        }
    if (!slice_starts(rest, SLICE_LIT("--")))
        return 0;
    while (n < rest.n && is_lower(rest.p[n]))
        n++;
    const char *name = arguments_name(slice_of(rest.p, n));
    if (name == NULL)
        return 0;
    buf_str(out, name);
    return n + placeholder(slice_from(rest, n));
}

void words_for_client(struct buf *text)
{
    struct buf out = {0};

    for (size_t i = 0; i < text->n;) {
        bool begins = i == 0 || text->p[i - 1] == ' ' || text->p[i - 1] == '\n';
        size_t taken = begins ? take(&out, slice_of(text->p + i, text->n - i)) : 0;
        if (taken == 0)
            buf_putc(&out, (char)text->p[i++]);
        i += taken;
    }
    out.failed |= text->failed;
    buf_fini(text);
    *text = out;
}
