p2t_fuzz(reread reread_fuzz.c)
