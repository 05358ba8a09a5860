typedef int p2t_packet_placeholder;
