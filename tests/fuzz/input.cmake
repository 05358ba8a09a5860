p2t_fuzz(input input_fuzz.c)
