p2t_fuzz(conn conn_fuzz.c)
