p2t_fuzz(packet packet_fuzz.c)
