/* Every link type and every tunnel as a function that wraps an IP packet, for tables. */
#ifndef P2T_TESTS_PACKET_WRAPPERS_H
#define P2T_TESTS_PACKET_WRAPPERS_H

#include "frames.h"

/* Links: IP packet in, frame out. */

static inline void link_none(struct frame *f)
{
    (void)f;
}

static inline void link_null_le(struct frame *f)
{
    PUT(f, starts_with_ipv4(f) ? 2 : 30, 0, 0, 0);
}

static inline void link_null_be(struct frame *f)
{
    PUT(f, 0, 0, 0, starts_with_ipv4(f) ? 2 : 10);
}

static inline void link_null_windows(struct frame *f)
{
    PUT(f, starts_with_ipv4(f) ? 2 : 23, 0, 0, 0);
}

static inline void link_loop_bsd(struct frame *f)
{
    PUT(f, 0, 0, 0, starts_with_ipv4(f) ? 2 : 24);
}

static inline void link_null_freebsd(struct frame *f)
{
    PUT(f, starts_with_ipv4(f) ? 2 : 28, 0, 0, 0);
}

static inline void link_8023_snap(struct frame *f)
{
    put_snap_ip(f);
    put_be(f, frame_len(f), 2);
    put_macs(f);
}

static inline void link_jumbo_llc(struct frame *f)
{
    put_snap_ip(f);
    put_ethernet(f, 0x8870);
}

static inline void link_token_ring(struct frame *f)
{
    put_snap_ip(f);
    put_macs(f);
    PUT(f, 0x10, 0x40);
}

static inline void link_token_ring_routed(struct frame *f)
{
    put_snap_ip(f);
    PUT(f, 0x06, 0x20, 0, 0x11, 0, 0x20);
    put_macs(f);
    frame_start(f)[6] |= 0x80;
    PUT(f, 0x10, 0x40);
}

static inline void link_slip(struct frame *f)
{
    put_zeros(f, 16);
}

static inline void link_ppp_bare(struct frame *f)
{
    put_be(f, starts_with_ipv4(f) ? 0x0021 : 0x0057, 2);
}

static inline void link_ppp_compressed(struct frame *f)
{
    put_be(f, starts_with_ipv4(f) ? 0x21 : 0x57, 1);
}

static inline void link_ppp(struct frame *f)
{
    link_ppp_bare(f);
    PUT(f, 0xff, 0x03);
}

static inline void link_ppp_pppd(struct frame *f)
{
    link_ppp_bare(f);
    PUT(f, 0x01, 0x03);
}

static inline void link_ppp_direction(struct frame *f)
{
    link_ppp(f);
    PUT(f, 0x01);
}

static inline void link_pppoe(struct frame *f)
{
    link_ppp_bare(f);
    put_be(f, frame_len(f), 2);
    PUT(f, 0x11, 0, 0x12, 0x34);
}

static inline void link_fddi(struct frame *f)
{
    put_snap_ip(f);
    put_macs(f);
    PUT(f, 0x50);
}

static inline void link_cisco_hdlc(struct frame *f)
{
    put_be(f, ip_ethertype(f), 2);
    PUT(f, 0x0f, 0x00);
}

static inline void put_wifi_header(struct frame *f, uint8_t type, uint8_t flags, size_t bytes)
{
    put_zeros(f, bytes - 24);
    put_zeros(f, 2);
    put_macs(f);
    PUT(f, 2, 0, 0, 0, 0, 9);
    PUT(f, type, flags, 0, 0);
}

static inline void link_wifi(struct frame *f)
{
    put_snap_ip(f);
    put_wifi_header(f, 0x08, 0x01, 24);
}

static inline void link_wifi_four_addresses_qos_ht(struct frame *f)
{
    put_snap_ip(f);
    put_wifi_header(f, 0x88, 0x83, 36);
}

static inline void link_wifi_amsdu(struct frame *f)
{
    put_snap_ip(f);
    put_be(f, frame_len(f), 2);
    put_macs(f);
    put_wifi_header(f, 0x88, 0x02, 26);
    frame_start(f)[24] = 0x80;
}

static inline void link_radiotap(struct frame *f)
{
    link_wifi(f);
    PUT(f, 0, 0, 8, 0, 0, 0, 0, 0);
}

/* TSFT and a second present word before the flags, which say that the 802.11 header is padded. */
static inline void link_radiotap_padded(struct frame *f)
{
    put_snap_ip(f);
    put_zeros(f, 2);
    put_wifi_header(f, 0x88, 0x01, 26);
    PUT(f, 0, 0, 26, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x20, 0);
}

static inline void link_prism(struct frame *f)
{
    link_wifi(f);
    put_zeros(f, 136);
    PUT(f, 0x44, 0, 0, 0, 144, 0, 0, 0);
}

static inline void link_avs(struct frame *f)
{
    link_wifi(f);
    put_zeros(f, 56);
    PUT(f, 0x80, 0x21, 0x10, 0x01, 0, 0, 0, 64);
}

static inline void link_ppi(struct frame *f)
{
    link_wifi(f);
    PUT(f, 0, 0, 12, 0, 105, 0, 0, 0, 1, 2, 0, 0);
}

static inline void link_frame_relay(struct frame *f)
{
    PUT(f, 0x18, 0x41, 0x03, starts_with_ipv4(f) ? 0xcc : 0x8e);
}

static inline void link_frame_relay_snap(struct frame *f)
{
    put_be(f, ip_ethertype(f), 2);
    PUT(f, 0x18, 0x40, 0x40, 0x41, 0x03, 0x00, 0x80, 0, 0, 0);
}

static inline void link_frame_relay_cisco(struct frame *f)
{
    put_be(f, ip_ethertype(f), 2);
    PUT(f, 0x18, 0x41);
}

static inline void link_enc(struct frame *f)
{
    put_zeros(f, 12);
}

static inline void link_cooked_v1(struct frame *f)
{
    put_be(f, ip_ethertype(f), 2);
    put_zeros(f, 14);
}

static inline void link_cooked_v1_llc(struct frame *f)
{
    put_snap_ip(f);
    put_be(f, 4, 2);
    put_zeros(f, 14);
}

static inline void link_cooked_v2(struct frame *f)
{
    uint16_t type = ip_ethertype(f);
    put_zeros(f, 18);
    put_be(f, type, 2);
}

static inline void link_pflog(struct frame *f)
{
    put_zeros(f, 60);
    PUT(f, 61, 2, 0, 0);
}

static inline void link_ip_over_fc(struct frame *f)
{
    put_snap_ip(f);
    put_zeros(f, 16);
}

static inline void link_sunatm(struct frame *f)
{
    put_snap_ip(f);
    PUT(f, 0x02, 0, 0, 5);
}

static inline void link_llc(struct frame *f)
{
    put_snap_ip(f);
}

static inline void link_arcnet_1201(struct frame *f)
{
    PUT(f, 1, 2, 0, 0, starts_with_ipv4(f) ? 212 : 196, 0, 0, 1);
}

static inline void link_ieee1394(struct frame *f)
{
    put_be(f, ip_ethertype(f), 2);
    put_zeros(f, 16);
}

static inline void link_ipnet(struct frame *f)
{
    put_zeros(f, 24);
}

static inline void link_nflog_le(struct frame *f)
{
    size_t n = frame_len(f) + 4;
    PUT(f, (uint8_t)n, (uint8_t)(n >> 8), 9, 0);
    PUT(f, 5, 0, 10, 0, 'x', 0, 0, 0);
    PUT(f, 2, 0, 0, 0);
}

static inline void link_nflog_be(struct frame *f)
{
    put_be(f, 9, 2);
    put_be(f, frame_len(f) - 2 + 4, 2);
    PUT(f, 0, 5, 0, 10, 'x', 0, 0, 0);
    PUT(f, 2, 0, 0, 0);
}

static inline void link_ipoib(struct frame *f)
{
    uint16_t type = ip_ethertype(f);
    put_zeros(f, 2);
    put_be(f, type, 2);
    put_zeros(f, 40);
}

static inline void link_pktap(struct frame *f)
{
    put_ethernet_ip(f);
    put_zeros(f, 96);
    PUT(f, 108, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0);
}

static inline void link_mpacket(struct frame *f)
{
    put_ethernet_ip(f);
    put_zeros(f, 8);
}

static inline void link_dsa(struct frame *f)
{
    put_be(f, ip_ethertype(f), 2);
    PUT(f, 0xc0, 0, 0, 0x05);
    put_macs(f);
}

static inline void link_edsa(struct frame *f)
{
    put_be(f, ip_ethertype(f), 2);
    PUT(f, 0xda, 0xda, 0, 0, 0xc0, 0, 0, 0x05);
    put_macs(f);
}

static inline void link_brcm_prepend(struct frame *f)
{
    put_ethernet_ip(f);
    put_zeros(f, 4);
}

/* Tags on Ethernet. */

static inline void put_vlan(struct frame *f, uint16_t id, uint16_t type_before)
{
    put_be(f, ip_ethertype(f), 2);
    put_be(f, 0x6000u | id, 2);
    put_ethernet(f, type_before);
}

static inline void link_vlan(struct frame *f)
{
    put_vlan(f, 100, 0x8100);
}

static inline void link_priority_tag(struct frame *f)
{
    put_vlan(f, 0, 0x8100);
}

static inline void link_qinq(struct frame *f)
{
    put_be(f, ip_ethertype(f), 2);
    PUT(f, 0, 200, 0x81, 0x00, 0, 100);
    put_ethernet(f, 0x88a8);
}

static inline void link_pbb(struct frame *f)
{
    put_ethernet_ip(f);
    PUT(f, 0, 1, 2, 3);
    put_ethernet(f, 0x88e7);
}

static inline void link_macsec(struct frame *f)
{
    put_be(f, ip_ethertype(f), 2);
    PUT(f, 0x20, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 0, 1);
    put_ethernet(f, 0x88e5);
}

static inline void link_vn_tag(struct frame *f)
{
    put_be(f, ip_ethertype(f), 2);
    put_zeros(f, 4);
    put_ethernet(f, 0x8926);
}

static inline void link_e_tag(struct frame *f)
{
    put_be(f, ip_ethertype(f), 2);
    put_zeros(f, 6);
    put_ethernet(f, 0x893f);
}

static inline void link_fabric_path(struct frame *f)
{
    put_ethernet_ip(f);
    put_zeros(f, 2);
    put_ethernet(f, 0x8903);
}

static inline void link_nsh(struct frame *f)
{
    uint8_t next = starts_with_ipv4(f) ? 1 : 2;
    put_zeros(f, 20);
    PUT(f, 0x0f, 0xc6, 1, next);
    put_ethernet(f, 0x894f);
}

static inline void link_mpls(struct frame *f)
{
    PUT(f, 0, 0x01, 0x00, 64, 0, 0x02, 0x01, 64);
    put_ethernet(f, 0x8847);
}

static inline void link_mpls_multicast(struct frame *f)
{
    PUT(f, 0, 0x02, 0x01, 64);
    put_ethernet(f, 0x8848);
}

static inline void link_pseudowire(struct frame *f)
{
    put_ethernet_ip(f);
    put_zeros(f, 4);
    link_mpls(f);
}

/* The inner MAC address begins with 6, as an IPv6 packet does. */
static inline void link_pseudowire_no_control_word(struct frame *f)
{
    put_ethernet_ip(f);
    memcpy(frame_start(f), "\x60\x12\x34\x56\x78\x9a", 6);
    link_mpls(f);
}

static inline void link_pppoe_ethernet(struct frame *f)
{
    link_pppoe(f);
    put_ethernet(f, 0x8864);
}

/* Tunnels: IP packet in, IP packet out. The outer hosts are 10.0.0.9 and 10.0.0.10, or 2001:db8::9 and ::a. */

static inline void outer4(struct frame *f, uint8_t protocol)
{
    put_ipv4(f, 9, protocol);
}

static inline void tunnel_ip_in_ipv4(struct frame *f)
{
    outer4(f, starts_with_ipv4(f) ? 4 : 41);
}

static inline void tunnel_ip_in_ipv6(struct frame *f)
{
    put_ipv6(f, 9, starts_with_ipv4(f) ? 4 : 41);
}

static inline void tunnel_gre(struct frame *f)
{
    put_be(f, ip_ethertype(f), 2);
    put_be(f, 0, 2);
    outer4(f, 47);
}

static inline void tunnel_gre_all_options(struct frame *f)
{
    uint16_t type = ip_ethertype(f);
    PUT(f, 0, 2, 0, 4, 9, 9, 9, 9, 0, 0, 0, 0); /* routing */
    PUT(f, 0xab, 0xcd, 0, 0, 0, 0, 0, 7, 0, 0, 0, 9);
    put_be(f, type, 2);
    put_be(f, 0xf000, 2);
    put_ipv6(f, 9, 47);
}

static inline void tunnel_gre_ethernet(struct frame *f)
{
    put_ethernet_ip(f);
    PUT(f, 0x20, 0, 0x65, 0x58, 0, 0, 1, 0);
    outer4(f, 47);
}

static inline void tunnel_pptp(struct frame *f)
{
    link_ppp(f);
    put_be(f, 5, 4);
    put_be(f, 4, 4);
    put_be(f, 0x0001, 2);
    put_be(f, frame_len(f) - 10, 2);
    PUT(f, 0x30, 0x81, 0x88, 0x0b);
    outer4(f, 47);
}

static inline void tunnel_eoip(struct frame *f)
{
    put_ethernet_ip(f);
    put_be(f, 0x0100, 2);
    put_be(f, frame_len(f) - 2, 2);
    PUT(f, 0x20, 0x01, 0x64, 0x00);
    outer4(f, 47);
}

static inline void tunnel_aruba(struct frame *f)
{
    link_wifi(f);
    PUT(f, 0, 0, 0x82, 0x10);
    outer4(f, 47);
}

static inline void tunnel_erspan_1(struct frame *f)
{
    put_ethernet_ip(f);
    PUT(f, 0, 0, 0x88, 0xbe);
    outer4(f, 47);
}

static inline void tunnel_erspan_2(struct frame *f)
{
    put_ethernet_ip(f);
    PUT(f, 0x10, 0, 0, 5, 0, 0, 0, 0);
    PUT(f, 0x10, 0, 0x88, 0xbe, 0, 0, 0, 1);
    outer4(f, 47);
}

static inline void tunnel_erspan_3(struct frame *f)
{
    put_ethernet_ip(f);
    put_zeros(f, 8);
    PUT(f, 0x20, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0x01);
    PUT(f, 0x10, 0, 0x22, 0xeb, 0, 0, 0, 1);
    outer4(f, 47);
}

static inline void tunnel_etherip(struct frame *f)
{
    put_ethernet_ip(f);
    PUT(f, 0x30, 0);
    outer4(f, 97);
}

static inline void tunnel_mpls_in_ip(struct frame *f)
{
    PUT(f, 0, 0x02, 0x01, 64);
    outer4(f, 137);
}

static inline void put_vxlan(struct frame *f, uint32_t vni, uint16_t port)
{
    put_ethernet_ip(f);
    put_be(f, 0, 1);
    put_be(f, vni, 3);
    PUT(f, 0x08, 0, 0, 0);
    put_udp(f, 55555, port);
    outer4(f, 17);
}

static inline void tunnel_vxlan(struct frame *f)
{
    put_vxlan(f, 5000, 4789);
}

static inline void tunnel_vxlan_linux(struct frame *f)
{
    put_vxlan(f, 5001, 8472);
}

static inline void tunnel_vxlan_gpe(struct frame *f)
{
    uint8_t next = starts_with_ipv4(f) ? 1 : 2;
    PUT(f, 0x0c, 0, 0, next, 0, 0, 9, 0);
    put_udp(f, 55555, 4790);
    outer4(f, 17);
}

static inline void tunnel_geneve(struct frame *f)
{
    put_ethernet_ip(f);
    put_zeros(f, 8);
    PUT(f, 0x02, 0, 0x65, 0x58, 0, 0, 77, 0);
    put_udp(f, 55555, 6081);
    put_ipv6(f, 9, 17);
}

static inline void tunnel_geneve_ip(struct frame *f)
{
    uint16_t type = ip_ethertype(f);
    PUT(f, 0, 0, 78, 0);
    put_be(f, type, 2);
    PUT(f, 0, 0);
    put_udp(f, 55555, 6081);
    outer4(f, 17);
}

static inline void tunnel_gtp_u(struct frame *f)
{
    PUT(f, 1, 0x10, 0x05, 0); /* extension: PDU session container */
    PUT(f, 0, 0, 0, 0x85);
    put_be(f, 0xdeadbeef, 4);
    put_be(f, frame_len(f) - 4, 2);
    PUT(f, 0x34, 0xff);
    put_udp(f, 2152, 2152);
    outer4(f, 17);
}

static inline void tunnel_l2tp(struct frame *f)
{
    link_ppp(f);
    PUT(f, 0, 2, 0xee, 0xee);       /* offset size and padding */
    PUT(f, 0, 1, 0, 2, 0, 3, 0, 4); /* tunnel, session, Ns, Nr */
    put_be(f, frame_len(f) + 4, 2);
    PUT(f, 0x4a, 0x02);
    put_udp(f, 1701, 1701);
    outer4(f, 17);
}

static inline void tunnel_gre_in_udp(struct frame *f)
{
    put_be(f, ip_ethertype(f), 2);
    put_zeros(f, 2);
    put_udp(f, 55555, 4754);
    outer4(f, 17);
}

static inline void tunnel_mpls_in_udp(struct frame *f)
{
    PUT(f, 0, 0x02, 0x01, 64);
    put_udp(f, 55555, 6635);
    outer4(f, 17);
}

static inline void tunnel_srv6_ethernet(struct frame *f)
{
    put_ethernet_ip(f);
    put_zeros(f, 20);
    PUT(f, 143, 2, 4, 0);
    put_ipv6(f, 9, 43);
}

static inline void tunnel_ah(struct frame *f)
{
    uint8_t next = starts_with_ipv4(f) ? 4 : 41;
    put_zeros(f, 22);
    PUT(f, next, 4);
    outer4(f, 51);
}

typedef void wrapper(struct frame *f);

struct link_case {
    const char *name;
    uint32_t link_type;
    wrapper *wrap;
    bool has_path;
};

static const struct link_case link_cases[] = {
    {"null little-endian, macOS", 0, link_null_le, false},
    {"null big-endian, Linux", 0, link_null_be, false},
    {"null Windows", 0, link_null_windows, false},
    {"null FreeBSD", 0, link_null_freebsd, false},
    {"loop", 108, link_loop_bsd, false},
    {"Ethernet", 1, put_ethernet_ip, false},
    {"Ethernet 802.3 SNAP", 1, link_8023_snap, false},
    {"Ethernet jumbo LLC", 1, link_jumbo_llc, false},
    {"Ethernet VLAN", 1, link_vlan, true},
    {"Ethernet priority tag", 1, link_priority_tag, false},
    {"Ethernet QinQ", 1, link_qinq, true},
    {"Ethernet PBB", 1, link_pbb, true},
    {"Ethernet MACsec without encryption", 1, link_macsec, false},
    {"Ethernet VN-Tag", 1, link_vn_tag, false},
    {"Ethernet E-Tag", 1, link_e_tag, false},
    {"Ethernet FabricPath", 1, link_fabric_path, false},
    {"Ethernet NSH", 1, link_nsh, false},
    {"Ethernet MPLS", 1, link_mpls, false},
    {"Ethernet MPLS multicast", 1, link_mpls_multicast, false},
    {"Ethernet pseudowire", 1, link_pseudowire, false},
    {"Ethernet pseudowire, no control word", 1, link_pseudowire_no_control_word, false},
    {"Ethernet PPPoE", 1, link_pppoe_ethernet, false},
    {"token ring", 6, link_token_ring, false},
    {"token ring, source routed", 6, link_token_ring_routed, false},
    {"SLIP", 8, link_slip, false},
    {"PPP", 9, link_ppp, false},
    {"PPP without address and control", 9, link_ppp_bare, false},
    {"PPP with a short protocol field", 9, link_ppp_compressed, false},
    {"FDDI", 10, link_fddi, false},
    {"raw, BSD's number", 12, link_none, false},
    {"raw, OpenBSD's number", 14, link_none, false},
    {"PPP in HDLC", 50, link_ppp, false},
    {"Cisco HDLC as PPP in HDLC", 50, link_cisco_hdlc, false},
    {"PPPoE", 51, link_pppoe, false},
    {"ATM", 100, link_llc, false},
    {"raw", 101, link_none, false},
    {"Cisco HDLC", 104, link_cisco_hdlc, false},
    {"802.11", 105, link_wifi, false},
    {"802.11 four addresses, QoS, HT", 105, link_wifi_four_addresses_qos_ht, false},
    {"802.11 A-MSDU", 105, link_wifi_amsdu, false},
    {"ATM CLIP", 106, link_none, false},
    {"ATM CLIP with LLC", 106, link_llc, false},
    {"frame relay", 107, link_frame_relay, false},
    {"frame relay SNAP, long address", 107, link_frame_relay_snap, false},
    {"frame relay, Cisco", 107, link_frame_relay_cisco, false},
    {"ENC", 109, link_enc, false},
    {"cooked v1", 113, link_cooked_v1, false},
    {"cooked v1, LLC", 113, link_cooked_v1_llc, false},
    {"pflog", 117, link_pflog, false},
    {"802.11 Prism", 119, link_prism, false},
    {"802.11 Prism, AVS inside", 119, link_avs, false},
    {"802.11 Prism, bare", 119, link_wifi, false},
    {"IP over Fibre Channel", 122, link_ip_over_fc, false},
    {"SunATM", 123, link_sunatm, false},
    {"radiotap", 127, link_radiotap, false},
    {"radiotap, padded", 127, link_radiotap_padded, false},
    {"ARCNET RFC 1201", 129, link_arcnet_1201, false},
    {"IEEE 1394", 138, link_ieee1394, false},
    {"802.11 AVS", 163, link_avs, false},
    {"pppd", 166, link_ppp_pppd, false},
    {"pppd, address kept", 166, link_ppp, false},
    {"pppd, direction only", 166, link_ppp_direction, false},
    {"PPI", 192, link_ppi, false},
    {"PPP with direction", 204, link_ppp_direction, false},
    {"IPNET", 226, link_ipnet, false},
    {"NFLOG little-endian", 239, link_nflog_le, false},
    {"NFLOG big-endian", 239, link_nflog_be, false},
    {"IPoIB", 242, link_ipoib, false},
    {"PKTAP", 258, link_pktap, false},
    {"mPacket", 274, link_mpacket, false},
    {"cooked v2", 276, link_cooked_v2, false},
    {"Broadcom tag", 281, link_dsa, false},
    {"Broadcom tag before", 282, link_brcm_prepend, false},
    {"DSA tag", 284, link_dsa, false},
    {"EDSA tag", 285, link_edsa, false},
};

struct tunnel_case {
    const char *name;
    wrapper *wrap;
    bool has_path;
};

static const struct tunnel_case tunnel_cases[] = {
    {"IP in IPv4", tunnel_ip_in_ipv4, false},
    {"IP in IPv6", tunnel_ip_in_ipv6, false},
    {"GRE", tunnel_gre, false},
    {"GRE, all options", tunnel_gre_all_options, false},
    {"GRE, Ethernet and key", tunnel_gre_ethernet, false},
    {"PPTP", tunnel_pptp, false},
    {"EoIP", tunnel_eoip, false},
    {"Aruba", tunnel_aruba, false},
    {"ERSPAN I", tunnel_erspan_1, false},
    {"ERSPAN II", tunnel_erspan_2, false},
    {"ERSPAN III", tunnel_erspan_3, false},
    {"EtherIP", tunnel_etherip, false},
    {"MPLS in IP", tunnel_mpls_in_ip, false},
    {"VXLAN", tunnel_vxlan, true},
    {"VXLAN, Linux port", tunnel_vxlan_linux, true},
    {"VXLAN-GPE", tunnel_vxlan_gpe, true},
    {"Geneve", tunnel_geneve, true},
    {"Geneve, IP", tunnel_geneve_ip, true},
    {"GTP-U", tunnel_gtp_u, false},
    {"L2TP", tunnel_l2tp, false},
    {"GRE in UDP", tunnel_gre_in_udp, false},
    {"MPLS in UDP", tunnel_mpls_in_udp, false},
    {"SRv6, Ethernet", tunnel_srv6_ethernet, false},
    {"AH", tunnel_ah, false},
};

enum {
    LINK_CASES = sizeof link_cases / sizeof link_cases[0],
    TUNNEL_CASES = sizeof tunnel_cases / sizeof tunnel_cases[0]
};

#endif
