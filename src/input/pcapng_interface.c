#include "input/pcapng_interface.h"

#include <stdlib.h>

#include "input/format.h"

enum { OPTION_END = 0, OPTION_IF_NAME = 2, OPTION_IF_TSRESOL = 9, OPTION_IF_TSOFFSET = 14 };

static uint64_t power_of_ten(unsigned exponent)
{
    uint64_t n = 1;

    while (exponent-- > 0)
        n *= 10;
    return n;
}

static void set_resolution(struct input_pcapng_interface *i, uint8_t option)
{
    i->binary = option >> 7 != 0;
    i->exponent = option & 0x7f;
    i->ns_per_unit = 0;
    if (!i->binary && i->exponent <= 9)
        i->ns_per_unit = power_of_ten(9u - i->exponent);
    i->units_max = i->ns_per_unit != 0 ? (uint64_t)INPUT_TIME_MAX_NS / i->ns_per_unit : 0;
}

static void read_options(struct input_pcapng_interface *i, struct reader r, bool big_endian)
{
    while (r.left >= 4) {
        uint16_t code = big_endian ? reader_be16(&r) : reader_le16(&r);
        uint16_t n = big_endian ? reader_be16(&r) : reader_le16(&r);
        struct reader value = reader_child(&r, n);
        reader_skip(&r, -(size_t)n & 3);
        if (code == OPTION_END || !reader_ok(&value))
            return;
        if (code == OPTION_IF_TSRESOL && n == 1)
            set_resolution(i, reader_u8(&value));
        else if (code == OPTION_IF_TSOFFSET && n == 8)
            i->offset_s = (int64_t)(big_endian ? reader_be64(&value) : reader_le64(&value));
        else if (code == OPTION_IF_NAME)
            i->name = reader_slice(&value, n);
    }
}

enum read_status input_pcapng_interface_read(struct input_pcapng_interface *i, struct reader body, bool big_endian)
{
    *i = (struct input_pcapng_interface){0};
    set_resolution(i, 6);
    i->link_type = input_link_type(big_endian ? reader_be16(&body) : reader_le16(&body));
    reader_skip(&body, 2);
    i->snaplen = big_endian ? reader_be32(&body) : reader_le32(&body);
    if (!reader_ok(&body))
        return READ_SHORT;
    read_options(i, body, big_endian);
    return READ_OK;
}

__extension__ typedef __int128 i128;

/* Units to nanoseconds; cannot overflow: 64 bits times 30 bits. */
static i128 scaled(const struct input_pcapng_interface *i, uint64_t units)
{
    if (i->binary)
        return ((i128)units * 1000000000) >> i->exponent;
    if (i->exponent <= 9)
        return (i128)units * power_of_ten(9u - i->exponent);
    return i->exponent - 9 > 19 ? 0 : units / power_of_ten(i->exponent - 9u);
}

int64_t input_pcapng_interface_ns(const struct input_pcapng_interface *i, uint64_t units)
{
    if (units <= i->units_max && i->offset_s == 0 && i->ns_per_unit != 0)
        return (int64_t)(units * i->ns_per_unit);
    i128 ns = scaled(i, units) + (i128)i->offset_s * 1000000000;
    if (ns < 0)
        return 0;
    return ns > INPUT_TIME_MAX_NS ? INPUT_TIME_MAX_NS : (int64_t)ns;
}

static void add_name(struct input_pcapng_interfaces *all, struct slice name)
{
    size_t n = slice_find(name, 0); /* some writers include the NUL */

    if (n == 0 || all->names_n + n + 1 > sizeof all->names)
        return;
    if (all->names_n > 0)
        all->names[all->names_n++] = '+';
    memcpy(all->names + all->names_n, name.p, n);
    all->names_n += n;
}

enum pcapng_interfaces_status input_pcapng_interfaces_add(struct input_pcapng_interfaces *all,
                                                          const struct input_pcapng_interface *i)
{
    if (all->count == INPUT_INTERFACES_MAX)
        return INTERFACES_FULL;
    if (all->count == all->cap) {
        size_t cap = all->cap == 0 ? 4 : all->cap * 2;
        struct input_pcapng_interface *items = realloc(all->items, cap * sizeof *items);
        if (items == NULL)
            return INTERFACES_NO_MEMORY;
        all->items = items;
        all->cap = cap;
    }
    all->items[all->count++] = *i;
    all->items[all->count - 1].name = slice_of(NULL, 0);
    add_name(all, i->name);
    return INTERFACES_OK;
}

void input_pcapng_interfaces_fini(struct input_pcapng_interfaces *all)
{
    free(all->items);
    *all = (struct input_pcapng_interfaces){0};
}
