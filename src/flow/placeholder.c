typedef int p2t_flow_placeholder;
