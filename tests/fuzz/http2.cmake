p2t_fuzz(http2 http2_fuzz.c)
