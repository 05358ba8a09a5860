#include "cli/help.h"

#include <llhttp.h>
#include <lz4.h>
#include <lzma.h>
#include <nghttp2/nghttp2.h>
#include <openssl/crypto.h>
#include <pcap/pcap.h>
#include <zlib.h>
#include <zstd.h>

#include "pcap2trace/session.h"
#include "write/writer.h"

/* The formats of -T: `after_first` follows the default one. */
static void put_formats(FILE *to, const char *after_first, const char *between, const char *before_last)
{
    for (int i = 0; i < OUT_FORMAT_COUNT; i++) {
        const char *before = i == 0 ? "" : i == OUT_FORMAT_COUNT - 1 ? before_last : between;
        fprintf(to, "%s%s%s", before, out_format_name((enum out_format)i), i == 0 ? after_first : "");
    }
}

void help_usage(FILE *to)
{
    fputs("usage: pcap2trace [trace] [-T ", to);
    put_formats(to, "", "|", "|");
    fputs("] [options] CAPTURE...\n"
          "       pcap2trace summary [-T text|json] [--top N] [options] CAPTURE...\n"
          "       pcap2trace doctor [options] CAPTURE...\n"
          "       pcap2trace report -o FILE.html [--title TEXT] [--top N] [options] CAPTURE...\n"
          "       pcap2trace explain [-T text|json] --id ID [options] CAPTURE...\n"
          "       pcap2trace extract --id ID -w FILE.pcapng [options] CAPTURE...\n"
          "       pcap2trace mcp [-w FOLDER] [--keylog FILE] CAPTURE_FOLDER\n"
          "       pcap2trace compare [-T text|json|csv] [options] --live FILE CAPTURE...\n"
          "       pcap2trace batch --out FOLDER [--follow] [options] CAPTURE_FOLDER\n"
          "       pcap2trace plan [--point-from REGEX] CAPTURE_FOLDER...\n"
          "CAPTURE is a pcap or pcapng file, a folder of them, or - for standard input. -h lists the options.\n",
          to);
}

void help_full(FILE *to)
{
    help_usage(to);
    fputs("\n"
          "Rebuilds, for every HTTP exchange in the captures, the timeline that Go's net/http/httptrace would have\n"
          "reported: name lookup, connection, request, response, and what went wrong.\n"
          "\n"
          "Input\n"
          "  -r, --read FILE         the same as naming it as CAPTURE; may be repeated\n"
          "  -R, --recursive         folders in folders, too\n"
          "  -f, --filter BPF        libpcap filter expression, applied to the outer packet\n"
          "      --keylog FILE       TLS secrets, as SSLKEYLOGFILE has them; env: the file that variable names\n"
          "      --max-memory SIZE   hold no more than that, e.g. 64M or 2G (default: 256M); what does not fit is\n"
          "                          given up, the least recently used first, and that is said\n"
          "  -j, --jobs N            so many cores to use (default: those there are), 1: one thread; same result\n"
          "\n"
          "Output\n"
          "  -T, --format FORMAT     ",
          to);
    put_formats(to, " (default)", ", ", " or ");
    fputs(
        "\n"
        "  -o, --output FILE       write there; the file appears under its name when it is whole; FILE.sqlite: a "
        "database;\n"
        "                          FILE.zst: compressed\n"
        "      --compact           ndjson in less than half the bytes; with -T ndjson, and batch\n"
        "      --show-secrets      do not replace passwords, cookies and tokens by [redacted]\n"
        "      --redact PATTERN    names of header fields and query keys that are secret, too: '*-key'; may be "
        "repeated\n"
        "      --keep PATTERN      names that are not, whatever --redact and the built-in list say\n"
        "      --color WHEN        auto (default), always or never; NO_COLOR is honoured\n"
        "      --progress WHEN     auto (default), always or never\n"
        "      --stats stages      how long each stage took, and what more cores would bring, on standard error\n"
        "  -q, --quiet             nothing on standard error but errors of the program itself\n"
        "  -v, --verbose           counters, and every reason something was not used, on standard error\n"
        "\n"
        "Which exchanges (repeated options widen, different ones narrow)\n"
        "  -c, --count N           stop after N exchanges\n"
        "      --host GLOB         host, with or without its port, in any case: '*.example.com'\n"
        "      --method METHOD     GET, POST, ...\n"
        "      --status STATUS     404, 5xx, or a list: 404,5xx\n"
        "      --path GLOB         the URL's path, without its query: '/v1/*'\n"
        "      --trace-id ID       the trace or request id that it carries\n"
        "      --client GLOB       the client's IP address (compare: the live traces are this client's)\n"
        "      --server GLOB       the server's IP address\n"
        "      --port N            the server's port\n"
        "      --kind KIND         http1, http2, tls, connect or lookup\n"
        "      --since TIME        by start: 2026-11-29T10:13:40Z, 10:13:40 (UTC), or +5m after the first packet\n"
        "      --until TIME        likewise: before that\n"
        "      --slower-than TIME  250ms, 1.5s: those that took longer in all; wait=500ms: in that phase\n"
        "      --failed            those that failed, with a status of 500 or more, or a grpc-status other than 0\n"
        "      --problems          those, and all with a finding of warning or above\n"
        "      --incomplete        those that the capture does not have in whole\n"
        "      --id ID             by id, or its first digits\n"
        "      --all               also lookups and connections that led to no request, and did not fail\n"
        "\n"
        "summary: who was slow or failed, since when, and why\n"
        "      --top N             so many causes and services (default 10); JSON has all of them\n"
        "      --baseline CAPTURE  one of another time, or a folder: says what is usual, and what changed since\n"
        "\n"
        "report: one HTML page of all that, to open in a browser and to hand on; --top and --baseline as above\n"
        "      --title TEXT        what the page is called\n"
        "\n"
        "One exchange's packets (pcap2trace explain, pcap2trace extract): --id or --trace-id, which may be repeated\n"
        "  -w, --write FILE        extract: write the packets there, as pcapng, without secrets and bodies\n"
        "      --captures FOLDER   of a folder that batch wrote to: where the captures are; default: where they "
        "were\n"
        "      --minimal           extract: only the packets that something rests on\n"
        "      --with-secrets      extract, with --show-secrets: the connections' TLS secrets go along\n"
        "\n"
        "mcp: the same for programs, over standard input and output (Model Context Protocol); reads CAPTURE_FOLDER "
        "only\n"
        "  -w, --write FOLDER      clients may extract captures to there; without it they may not\n"
        "\n"
        "Live traces against the wire (pcap2trace compare)\n"
        "      --live FILE         what a client logged of its own calls: hook traces, trace results in log lines,\n"
        "                          OTLP, HAR or curl -w '%{json}', told by content; may be repeated, - is stdin\n"
        "      --tolerance TIME    how far outside of the bounds still agrees (default 1ms)\n"
        "      --client ADDRESS    the live traces are this client's: others' exchanges need none; may be repeated\n"
        "      --differing         only pairs that differ\n"
        "\n"
        "batch: the files of a periodic capture, each once, whatever interrupts it\n"
        "      --out FOLDER        one file of NDJSON for each capture, and manifest.ndjson\n"
        "      --state FOLDER      where the checkpoint is; default: FOLDER/.pcap2trace of --out\n"
        "      --settle SECONDS    how long the newest file must have been quiet; default 30\n"
        "      --follow            go on watching the folder until told to stop\n"
        "      --final             nothing will follow: what is still open is written, too\n"
        "      --alert             a line on standard output for each file with trouble in it, beside the files "
        "before\n"
        "      --zstd              compress what is written\n"
        "      --point-from REGEX  the group finds the capture point in a file's name; interface: pcapng's names\n"
        "      --manifest FILE     of plan, with --shard I/N: the I-th of N parts of it, counted from 0\n"
        "\n"
        "  -h, --help              this text\n"
        "      --list WHAT         findings, causes, hooks, formats, counters or redaction: what there is of them,\n"
        "                          a JSON object a line\n"
        "      --version           the version, and those of the libraries\n"
        "\n"
        "Marks in the text: ~ inferred from other packets, ? assumed, #14 is packet 14 as Wireshark counts.\n"
        "Exit status: 0 all was read, 1 something could not be read or written, 2 usage, 130 interrupted;\n"
        "compare: 0 they agree, 1 they differ, 2 trouble.\n",
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
