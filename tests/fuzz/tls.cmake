p2t_fuzz(tls tls_fuzz.c)
