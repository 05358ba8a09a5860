p2t_fuzz(redact redact_fuzz.c)
