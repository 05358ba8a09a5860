#include "cli/help.h"

#include <llhttp.h>
#include <lz4.h>
#include <lzma.h>
#include <nghttp2/nghttp2.h>
#include <openssl/crypto.h>
#include <pcap/pcap.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "cli/option_table.h"
#include "pcap2trace/session.h"

enum { HELP_COLUMNS = 80, TEXT_COLUMN = 26 };

/* Writes words from `column` on, in lines that begin at `indent`, and ends the last one. */
static void put_wrapped(FILE *to, const char *text, int column, int indent)
{
    bool begins = true;

    for (const char *p = text; *p != '\0'; p += strspn(p, " ")) {
        int n = (int)strcspn(p, " ");
        if (!begins && column + 1 + n > HELP_COLUMNS) {
            fprintf(to, "\n%*s", indent, "");
            column = indent;
        } else if (!begins) {
            putc(' ', to);
            column++;
        }
        fprintf(to, "%.*s", n, p);
        begins = false;
        column += n;
        p += n;
    }
    putc('\n', to);
}

static void put_option(FILE *to, const struct cli_option *o)
{
    struct buf left = {0}, text = {0};

    if (o->id < 256)
        buf_printf(&left, "  -%c, --%s", o->id, o->name);
    else
        buf_printf(&left, "      --%s", o->name);
    if (o->value != NULL)
        buf_printf(&left, " %s", o->value);
    cli_option_text(&text, o);
    buf_putc(&text, '\0');
    int n = (int)left.n;
    fprintf(to, "%.*s%*s", n, (const char *)left.p, n < TEXT_COLUMN - 1 ? TEXT_COLUMN - n : 0, "");
    if (n >= TEXT_COLUMN - 1)
        fprintf(to, "\n%*s", TEXT_COLUMN, "");
    put_wrapped(to, text.failed ? "" : (const char *)text.p, TEXT_COLUMN, TEXT_COLUMN);
    buf_fini(&left);
    buf_fini(&text);
}

static void put_options(FILE *to, const struct cli_command *c)
{
    for (int group = 0; group < CLI_GROUP_COUNT; group++) {
        bool begun = false;
        for (const struct cli_option *o = cli_option_table; o->name != NULL; o++) {
            if ((int)o->group != group || (o->commands & 1u << c->action) == 0)
                continue;
            if (!begun)
                fprintf(to, "\n%s\n",
                        group == CLI_GROUP_COMMAND ? "Options of this command" : cli_group_title(o->group));
            begun = true;
            put_option(to, o);
        }
    }
}

static void put_usage(FILE *to, const struct cli_command *c, const char *lead)
{
    int column = fprintf(to, "%spcap2trace %s ", lead, c->action == CLI_TRACE ? "[trace]" : c->name);

    put_wrapped(to, c->synopsis, column, 11);
}

static void put_captures(FILE *to)
{
    put_wrapped(to,
                "CAPTURE is a pcap or pcapng file, plain or compressed, a folder of them, or - for standard input.",
                0, 0);
}

void help_hint(FILE *to, const struct cli_command *c)
{
    put_usage(to, c, "usage: ");
    if (c->action == CLI_TRACE)
        fputs("Other commands and all options: pcap2trace help\n", to);
    else
        fprintf(to, "All options: pcap2trace help %s\n", c->name);
}

void help_about(FILE *to, const struct cli_command *c)
{
    put_usage(to, c, "usage: ");
    putc('\n', to);
    put_wrapped(to, c->about, 0, 0);
    if (c->operands == CLI_VALUE_FILE)
        put_captures(to);
    if (strstr(c->synopsis, "BATCH_OUTPUT") != NULL)
        put_wrapped(to, "BATCH_OUTPUT is a folder that batch wrote to.", 0, 0);
    fprintf(to, "\nExample: %s\n", c->example);
    put_options(to, c);
}

void help_full(FILE *to)
{
    const struct cli_command *trace = cli_command_of(CLI_TRACE);

    fputs("usage: pcap2trace [COMMAND] [OPTION]... CAPTURE...\n\n", to);
    put_captures(to);
    fputs("\nCommands\n", to);
    for (const struct cli_command *c = cli_command_table; c->name != NULL; c++)
        fprintf(to, "  %-10s%s\n", c->name, c->brief);
    fputs("  help      with the name of a command: what it does, and its options\n\n", to);
    put_wrapped(to, trace->about, 0, 0);
    put_options(to, trace);
    fputs("\n"
          "Marks in the text: ~ inferred from other packets, ? assumed; #14 is packet 14 as\n"
          "Wireshark counts. Exit status: 0 everything was read, 1 something could not be\n"
          "read or written, 2 usage, 130 interrupted; compare: 0 they agree, 1 they\n"
          "differ, 2 trouble.\n",
          to);
}

void help_version(FILE *to)
{
    fprintf(to, "pcap2trace %s\n", p2t_version());
    fprintf(to, "%s\n", pcap_lib_version());
    fprintf(to, "llhttp %d.%d.%d\n", LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR, LLHTTP_VERSION_PATCH);
    fprintf(to, "%s\nnghttp2 %s\n", OpenSSL_version(OPENSSL_VERSION), nghttp2_version(0)->version_str);
    fprintf(to, "zlib %s\nzstd %s\nlz4 %s\nxz %s\n", zlibVersion(), ZSTD_versionString(), LZ4_versionString(),
            lzma_version_string());
}
