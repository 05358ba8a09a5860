p2t_fuzz(state state_fuzz.c)
