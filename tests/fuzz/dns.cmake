p2t_fuzz(dns dns_fuzz.c)
