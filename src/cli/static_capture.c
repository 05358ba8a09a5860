/* Linked statically, libpcap's table of what it can capture from would bring D-Bus, whose library needs systemd's, which has no
 * static form. Nothing is captured here: these take the place of libpcap's own. Its pcap-dbus.c has the types. */
#include <pcap/pcap.h>

pcap_t *dbus_create(const char *device, char *errors, int *is_ours);
int dbus_findalldevs(void *devices, char *errors);

pcap_t *dbus_create(const char *device, char *errors, int *is_ours)
{
    (void)device;
    (void)errors;
    *is_ours = 0;
    return NULL;
}

int dbus_findalldevs(void *devices, char *errors)
{
    (void)devices;
    (void)errors;
    return 0;
}
