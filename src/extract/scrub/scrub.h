/* Takes secrets and bodies out of the frames that were chosen, and makes checksums anew. */
#ifndef P2T_EXTRACT_SCRUB_SCRUB_H
#define P2T_EXTRACT_SCRUB_SCRUB_H

#include "extract/spool.h"
#include "trace/redact.h"

/* Changes the spool's bytes in place; it is sealed. 0 or P2T_ERR_MEMORY: then nothing of it may be written. */
int scrub_frames(struct spool *spool, const struct redact_options *options);

#endif
