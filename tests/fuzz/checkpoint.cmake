p2t_fuzz(checkpoint checkpoint_fuzz.c)
