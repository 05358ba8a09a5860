typedef int p2t_input_placeholder;
