/* generate WHAT FILE: writes one of the generated files; WHAT is bash, zsh, fish, json or the name of a command. */
#include <stdio.h>
#include <string.h>

#include "cli/generate/generate.h"

static bool generate(struct buf *b, const char *what)
{
    const struct cli_command *c = cli_command_named(what);

    if (c != NULL)
        generate_page(b, c);
    else if (strcmp(what, "bash") == 0)
        generate_bash(b);
    else if (strcmp(what, "zsh") == 0)
        generate_zsh(b);
    else if (strcmp(what, "fish") == 0)
        generate_fish(b);
    else if (strcmp(what, "json") == 0)
        generate_json_page(b);
    return b->n > 0 && !b->failed;
}

int main(int argc, char **argv)
{
    struct buf b = {0};
    FILE *to;

    if (argc != 3 || !generate(&b, argv[1])) {
        fprintf(stderr, "usage: %s bash|zsh|fish|json|COMMAND FILE\n", argv[0]);
        return 2;
    }
    to = fopen(argv[2], "w");
    bool written = to != NULL && fwrite(b.p, 1, b.n, to) == b.n;
    if (to != NULL && fclose(to) != 0)
        written = false;
    buf_fini(&b);
    if (!written)
        perror(argv[2]);
    return written ? 0 : 1;
}
