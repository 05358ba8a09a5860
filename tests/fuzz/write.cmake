p2t_fuzz(write write_fuzz.c)
