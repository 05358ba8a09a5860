p2t_fuzz(keylog keylog_fuzz.c)
