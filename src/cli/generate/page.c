/* The manual page of one command. The main page, pcap2trace.1, has what is common to all. */
#include "cli/generate/generate.h"

#include <string.h>

#include "pcap2trace/session.h"

static void put_upper(struct buf *b, const char *name)
{
    for (; *name != '\0'; name++)
        buf_putc(b, *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name);
}

static void put_name(struct buf *b, const struct cli_command *c)
{
    buf_lit(b, ".\\\" Generated from the tables of commands and options.\n.TH PCAP2TRACE\\-");
    put_upper(b, c->name);
    buf_printf(b, " 1 " GENERATE_DATE " \"pcap2trace %s\" \"User Commands\"\n.SH NAME\n", p2t_version());
    buf_printf(b, "pcap2trace\\-%s \\- %s", c->name, c->brief);
    buf_printf(b, "\n.SH SYNOPSIS\n.B pcap2trace %s\n", c->name);
    generate_roff(b, c->synopsis);
    buf_putc(b, '\n');
}

static void put_description(struct buf *b, const struct cli_command *c)
{
    buf_lit(b, ".SH DESCRIPTION\n");
    generate_roff(b, c->about);
    if (c->operands == CLI_VALUE_FILE)
        buf_lit(b,
                "\n.PP\n.I CAPTURE\nis a pcap or pcapng file, plain or compressed, a folder of them, or\n.B \\-\nfor "
                "standard input.");
    if (strstr(c->synopsis, "BATCH_OUTPUT") != NULL)
        buf_lit(b, "\n.I BATCH_OUTPUT\nis a folder that\n.BR pcap2trace\\-batch (1)\nwrote to.");
    buf_lit(b, "\n.PP\nThe page\n.BR pcap2trace (1)\nhas the formats, findings and causes.\n");
}

static void put_option(struct buf *b, const struct cli_option *o)
{
    struct buf text = {0};

    cli_option_text(&text, o);
    buf_putc(&text, '\0');
    buf_lit(b, ".TP\n\\fB");
    if (o->id < 256)
        buf_printf(b, "\\-%c\\fR, \\fB", o->id);
    buf_lit(b, "\\-\\-");
    generate_roff(b, o->name);
    buf_lit(b, "\\fR");
    if (o->value != NULL)
        buf_printf(b, " \\fI%s\\fR", o->value);
    buf_putc(b, '\n');
    generate_roff(b, text.failed ? "" : (const char *)text.p);
    buf_putc(b, '\n');
    buf_fini(&text);
}

static void put_options(struct buf *b, const struct cli_command *c)
{
    buf_lit(b, ".SH OPTIONS\n");
    for (int group = 0; group < CLI_GROUP_COUNT; group++) {
        bool begun = false;
        for (const struct cli_option *o = cli_option_table; o->name != NULL; o++) {
            if ((int)o->group != group || !generate_has(o, c))
                continue;
            if (!begun && group != CLI_GROUP_COMMAND)
                buf_printf(b, ".SS %s\n", cli_group_title(o->group));
            begun = true;
            put_option(b, o);
        }
    }
}

static void put_end(struct buf *b, const struct cli_command *c)
{
    buf_lit(b, ".SH EXIT STATUS\n");
    generate_roff(
        b, c->action == CLI_COMPARE
               ? "0: live traces and packets agree. 1: they differ. 2: something could not be read, or usage."
               : "0: everything was read. 1: something could not be read or written; the rest is in the output. 2: "
                 "usage. 130: interrupted.");
    buf_lit(b, "\n.SH EXAMPLES\n.nf\n");
    generate_roff(b, c->example);
    buf_lit(b, "\n.fi\n.SH SEE ALSO\n.BR pcap2trace (1),\n");
    for (const struct cli_command *other = cli_command_table; other->name != NULL; other++)
        if (other != c)
            buf_printf(b, ".BR pcap2trace\\-%s (1),\n", other->name);
    buf_lit(b, ".BR pcap2trace\\-json (5)\n");
}

void generate_page(struct buf *b, const struct cli_command *c)
{
    put_name(b, c);
    put_description(b, c);
    put_options(b, c);
    put_end(b, c);
}
