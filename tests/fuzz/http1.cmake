p2t_fuzz(http1 http1_fuzz.c)
