p2t_fuzz(websocket websocket_fuzz.c)
