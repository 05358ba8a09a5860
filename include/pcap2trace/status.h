/* Results of calls that can fail for our own reasons. Trouble in captured data is never an error here: it is
 * counted and reported as a problem or a finding. */
#ifndef PCAP2TRACE_STATUS_H
#define PCAP2TRACE_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

enum p2t_status {
    P2T_OK = 0,
    P2T_ERR_IO = -1,     /* a file could not be read or written */
    P2T_ERR_MEMORY = -2, /* an allocation failed */
    P2T_ERR_USAGE = -3,  /* an argument makes no sense, e.g. a filter that does not compile */
    P2T_ERR_STOPPED = -4 /* the caller's callback asked to stop */
};

#ifdef __cplusplus
}
#endif

#endif
