/* pcap2trace-json(5): what stands in JSON outputs, from the lists that the program is made of. */
#include "cli/fields.h"
#include "cli/generate/generate.h"
#include "pcap2trace/finding.h"
#include "pcap2trace/hooks.h"
#include "pcap2trace/session.h"
#include "pcap2trace/summary.h"

/* A name in bold, what stands beside it, and a sentence. */
static void put_item(struct buf *b, const char *name, const char *beside, const char *text)
{
    buf_lit(b, ".TP\n.B ");
    generate_roff(b, name);
    if (beside[0] != '\0')
        buf_printf(b, "\\fR (%s)", beside);
    buf_putc(b, '\n');
    generate_roff(b, text);
    buf_putc(b, '\n');
}

static void put_fields(struct buf *b)
{
    buf_lit(b, ".SH FIELDS OF AN EXCHANGE\n"
               "As\n.BR \"pcap2trace \\-T ndjson\" ,\n.B json\nand\n.BR pcap2trace\\-batch (1)\nwrite it.\n");
    generate_roff(
        b, "[] stands for each element of an array; an optional field is left out where it is not known or does "
           "not apply.");
    buf_putc(b, '\n');
#define X(path, type, text) put_item(b, path, type, text);
    CLI_FIELD_LIST(X)
#undef X
}

static void put_hooks(struct buf *b)
{
    buf_lit(b, ".SH HOOKS\n");
    generate_roff(
        b, "Names and arguments are those of Go's net/http/httptrace; arguments in lower_snake_case are what only "
           "the packets tell.");
    buf_putc(b, '\n');
    for (int hook = 0; hook < P2T_HOOK_COUNT; hook++) {
        const char *between = "";
        buf_printf(b, ".TP\n.B %s\n", p2t_hook_name((enum p2t_hook)hook));
        for (int i = 0; i < P2T_ARG_COUNT; i++)
            if ((int)p2t_hook_args[i].hook == hook) {
                buf_printf(b, "%s%s", between, p2t_hook_args[i].name);
                between = ",\n";
            }
        buf_str(b, *between != '\0' ? "\n" : "no arguments\n");
    }
}

static void put_findings(struct buf *b)
{
    buf_lit(b, ".SH FINDINGS\nOf one exchange, with severity and the side that it speaks of.\n");
    for (int i = 0; i < P2T_FINDING_COUNT; i++) {
        const struct p2t_finding_info *f = p2t_finding_info((enum p2t_finding_code)i);
        struct buf beside = {0};
        buf_printf(&beside, "%s, %s", p2t_severity_name(f->severity), p2t_side_name(f->side));
        buf_putc(&beside, '\0');
        put_item(b, f->code, beside.failed ? "" : (const char *)beside.p, f->text);
        buf_fini(&beside);
    }
}

static void put_causes(struct buf *b)
{
    buf_lit(b, ".SH CAUSES\nOf many exchanges, as\n.BR pcap2trace\\-summary (1)\ntells them.\n");
    for (int i = 0; i < P2T_CAUSE_COUNT; i++)
        put_item(b, p2t_cause_name((enum p2t_cause_code)i), "", p2t_cause_text((enum p2t_cause_code)i));
}

void generate_json_page(struct buf *b)
{
    buf_printf(
        b,
        ".\\\" Generated from the lists of fields, hooks, findings and causes.\n"
        ".TH PCAP2TRACE\\-JSON 5 " GENERATE_DATE " \"pcap2trace %s\" \"File Formats\"\n"
        ".SH NAME\npcap2trace\\-json \\- fields and codes of JSON outputs\n"
        ".SH DESCRIPTION\n"
        "The same lists, as JSON:\n.BR \"pcap2trace \\-\\-list fields\" ,\n.BR hooks ,\n.BR findings \" and\"\n"
        ".BR causes .\n",
        p2t_version());
    put_fields(b);
    put_hooks(b);
    put_findings(b);
    put_causes(b);
    buf_lit(b, ".SH SEE ALSO\n.BR pcap2trace (1),\n.BR pcap2trace\\-summary (1),\n.BR pcap2trace\\-batch (1)\n");
}
