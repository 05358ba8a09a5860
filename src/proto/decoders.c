/* The decoders there are. */
#include "proto/conn/decoder.h"

/* HTTP/2's preface makes an HTTP/1 request line, too, as a PROXY line may; on DNS's port everything else is DNS. */
const struct decoder *const decoders[] = {
    &decoder_http2, &decoder_proxy_protocol, &decoder_http1, &decoder_tls, &decoder_dns, &decoder_socks, NULL};
