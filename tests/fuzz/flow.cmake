p2t_fuzz(flow flow_fuzz.c)
