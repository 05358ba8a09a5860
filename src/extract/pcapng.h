/* Writes pcapng: draft-ietf-opsawg-pcapng. One section, in the byte order of this machine, times in nanoseconds. */
#ifndef P2T_EXTRACT_PCAPNG_H
#define P2T_EXTRACT_PCAPNG_H

#include "base/buf.h"
#include "input/frame.h"

struct pcapng_interface {
    uint32_t link_type, snaplen;
    struct slice comment; /* UTF-8; empty: none */
};

/* Each appends a block. comment: UTF-8; empty: none. */
void pcapng_section(struct buf *b, struct slice comment);
void pcapng_interface(struct buf *b, const struct pcapng_interface *i);
/* TLS secrets, in the NSS key log format. */
void pcapng_tls_secrets(struct buf *b, struct slice keylog);
/* interface: in the order in which they were written, from 0. */
void pcapng_packet(struct buf *b, uint32_t interface, const struct input_frame *frame, struct slice comment);

#endif
