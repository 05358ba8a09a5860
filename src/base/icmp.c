#include "base/icmp.h"

const char *icmp_unreachable_name(unsigned family, unsigned code)
{
    static const char *const v4[] = {"network unreachable",
                                     "host unreachable",
                                     "protocol unreachable",
                                     "port unreachable",
                                     "fragmentation needed",
                                     "source route failed",
                                     "network unknown",
                                     "host unknown",
                                     "source host isolated",
                                     "network prohibited",
                                     "host prohibited",
                                     "network unreachable for this service",
                                     "host unreachable for this service",
                                     "communication prohibited"};
    static const char *const v6[] = {
        "no route",         "communication prohibited", "beyond scope",  "address unreachable",
        "port unreachable", "source address refused",   "route rejected"};

    if (family == 6)
        return code < sizeof v6 / sizeof *v6 ? v6[code] : "unreachable";
    return code < sizeof v4 / sizeof *v4 ? v4[code] : "unreachable";
}
