/* A lab scenario's live hooks as a client would have logged them: a JSON line for each request. */
#ifndef P2T_TESTS_GOLDEN_LAB_NDJSON_H
#define P2T_TESTS_GOLDEN_LAB_NDJSON_H

/* Reads NAME.ev, writes schema pcap2trace.live/1. Trace ids are the scenario's own names and a number. */
void lab_write_live(const char *ev_path, const char *out_path);

#endif
