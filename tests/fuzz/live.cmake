p2t_fuzz(live live_fuzz.c)
