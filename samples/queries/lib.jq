def failed: (.outcome != "ok" and .outcome != "incomplete" and .error != null) or (.status // 0) >= 500 or (.grpc.status // 0) > 0;
def route: .url // "" | sub("^[a-z]+://[^/]*"; "") | sub("[?#].*"; "") | gsub("/([^/v][^/]*[0-9]|[0-9]|v[^/0-9][^/]*[0-9]|v[0-9]+[^/0-9])[^/]*"; "/*");
def round_to(n): . * n | round | . / n;
map(select(.id != null)) |
