p2t_fuzz(out out_fuzz.c)
