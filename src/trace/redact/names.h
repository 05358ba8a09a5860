/* Which names say that their values are secret. */
#ifndef P2T_TRACE_REDACT_NAMES_H
#define P2T_TRACE_REDACT_NAMES_H

#include "trace/redact.h"

/* Longer ones are no names: their values are not shown. */
enum { NAME_BYTES_MAX = 128 };

enum name_scope { NAME_FIELD = 1, NAME_KEY = 2 };
enum name_verdict { NAME_ORDINARY, NAME_SECRET, NAME_KEPT };

struct names;

/* NULL when memory ran out. */
struct names *names_new(const struct redact_options *options);
void names_free(struct names *n);
/* The name as it stands on the wire, decoded. scope: the bits of what it may be. */
enum name_verdict names_judge(const struct names *n, struct slice name, unsigned scope);
/* * stands for any bytes, ? for one; both in lower case. */
bool name_matches(struct slice pattern, struct slice name);
/* Lower case, with '-' for the characters that names are joined by; NAME_BYTES_MAX at the most. */
struct slice name_normal(struct slice name, uint8_t out[NAME_BYTES_MAX]);

#endif
