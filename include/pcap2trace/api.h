/* What the shared library exports. */
#ifndef PCAP2TRACE_API_H
#define PCAP2TRACE_API_H

#if defined(__GNUC__)
#define P2T_API __attribute__((visibility("default")))
#else
#define P2T_API
#endif

#endif
