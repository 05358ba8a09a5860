/* Reads pcapng Interface Description Blocks (draft-ietf-opsawg-pcapng 4.2): link types and clocks. */
#ifndef P2T_INPUT_PCAPNG_INTERFACE_H
#define P2T_INPUT_PCAPNG_INTERFACE_H

#include "base/reader.h"

/* For the joined names of a capture's interfaces; names that do not fit are left out. */
enum { INPUT_INTERFACE_NAMES_MAX = 256 };

/* Bounds what a section of nothing but interfaces can make us hold: 2 MB. */
#define INPUT_INTERFACES_MAX 65536
/* In the year 2223. Later times are set to it, and times before 1970 to 0, so that adding decades to a time cannot
 * overflow. Classic pcap ends in 2106. */
#define INPUT_TIME_MAX_NS ((int64_t)8000000000 * 1000000000)

struct input_pcapng_interface {
    uint32_t link_type;
    uint32_t snaplen; /* 0: unlimited */
    bool binary;      /* the unit is 2^-exponent s, else 10^-exponent s */
    uint8_t exponent;
    uint64_t ns_per_unit; /* 0: a unit is not a whole number of nanoseconds */
    uint64_t units_max;   /* the largest count that can be multiplied by ns_per_unit */
    int64_t offset_s;
    struct slice name; /* if_name, valid as long as the block */
};

struct input_pcapng_interfaces {
    struct input_pcapng_interface *items;
    size_t count, cap;
    char names[INPUT_INTERFACE_NAMES_MAX]; /* joined by '+' */
    size_t names_n;
};

/* Reads the body of a block. READ_OK, or READ_SHORT: too short. */
enum read_status input_pcapng_interface_read(struct input_pcapng_interface *i, struct reader body, bool big_endian);
/* A timestamp in the interface's units, as nanoseconds since 1970. */
int64_t input_pcapng_interface_ns(const struct input_pcapng_interface *i, uint64_t units);

enum pcapng_interfaces_status { INTERFACES_OK, INTERFACES_FULL, INTERFACES_NO_MEMORY };
/* Appends a copy of *i, whose name is joined to the others. */
enum pcapng_interfaces_status input_pcapng_interfaces_add(struct input_pcapng_interfaces *all,
                                                          const struct input_pcapng_interface *i);
static inline struct slice input_pcapng_interfaces_names(const struct input_pcapng_interfaces *all)
{
    return slice_of(all->names, all->names_n);
}
void input_pcapng_interfaces_fini(struct input_pcapng_interfaces *all);

#endif
