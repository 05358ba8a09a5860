#include "cli/ending.h"

#include <errno.h>
#include <string.h>

#include "cli/report.h"
#include "cli/signals.h"
#include "pcap2trace/status.h"

int ending_failed(const struct cli_options *o, struct output *out, int status)
{
    int error = out->error != 0 ? out->error : errno;

    output_abandon(out);
    if (status == P2T_ERR_STOPPED || signals_stop() != 0)
        return EXIT_SIGNAL + signals_stop();
    if (status == P2T_ERR_USAGE)
        return EXIT_USAGE;
    if (status == P2T_ERR_IO && error == EPIPE)
        return EXIT_PIPE;
    if (status == P2T_ERR_IO)
        report_line(o->output != NULL ? o->output : "standard output", strerror(error));
    else
        report_line(NULL, status == P2T_ERR_MEMORY ? "out of memory" : "reading failed");
    return EXIT_TROUBLE;
}
