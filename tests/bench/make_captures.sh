#!/bin/bash
# Captures of real programs: nginx and unbound in one network namespace, wrk, ab, curl and dnsperf in another, tcpdump
# on the servers' end of the cable between them. Nothing of the machine's own network is touched, and all is removed at
# the end.
#
#     make_captures.sh FOLDER MEGABYTES [KIND...]        as root; default: small
#
#     small    API calls of about 1 KB, 10 to 30 to a connection, IPv4 and IPv6, lookups among them
#     bulk     bodies of 100 KB to 2 MB
#     tls      HTTPS, TLS 1.2 and 1.3, 1 to 4 requests to a connection
#     clients  small, from 200 addresses by turns
#     lossy    small, with 1% of the packets lost on the way to the capture, and 1% behind it each way
#     http2    HTTP/2 over TLS 1.3, 20 streams at a time; http2.keys are its keys
#     node     a pod behind its node, as Kubernetes has it: captured on all of the node's interfaces, each packet before
#              and after its masquerade; five names of the search list are asked for before the right one
#
# Each makes KIND.pcap and KIND.log, a line for each exchange that nginx served: method, URI, status, connection.
# Needs nginx-light, libnginx-mod-http-echo, wrk, apache2-utils, curl, unbound, dnsperf, nftables, tcpdump, ethtool,
# openssl.
set -eu
PATH=$PATH:/usr/sbin:/sbin
MINUTES_MAX=10

die() { echo "make_captures: $*" >&2; exit 1; }
[ $# -ge 2 ] || die "usage: make_captures.sh FOLDER MEGABYTES [KIND...]"
[ "$(id -u)" = 0 ] || die "network namespaces need root"
for tool in nginx wrk ab curl unbound dnsperf nft tcpdump ethtool openssl; do
	command -v $tool > /dev/null || die "$tool is not installed"
done
mkdir -p "$1"
folder=$(cd "$1" && pwd) megabytes=$2
shift 2
work=$(mktemp -d) near=p2t-near-$$ far=p2t-far-$$ pod=p2t-pod-$$ node=p2t-node-$$ started='' loads=''

clean_up() {
	trap - EXIT INT TERM
	for pid in $loads $started; do kill "$pid" 2> /dev/null || true; done
	wait
	for space in $near $far $pod $node; do ip netns del $space 2> /dev/null || true; done
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

start() { "$@" > "$work/started.log" 2>&1 & started="$started $!"; }
load_in() { timeout ${MINUTES_MAX}m ip netns exec "$@" > "$work/load.log" 2>&1 & loads="$loads $!"; }
load() { load_in $near "$@"; }

# ---- the network ----

make_end() { # namespace, device: packets as on a wire, none put together by the kernel
	ip -n "$1" link set lo up
	ip netns exec "$1" ethtool -K "$2" tso off gso off gro off tx off rx off sg off > /dev/null 2>&1
	ip netns exec "$1" sysctl -qw net.ipv4.ip_local_port_range="1100 65500" net.ipv4.tcp_tw_reuse=1 \
		net.core.somaxconn=4096
	ip -n "$1" link set "$2" up
}

make_network() {
	ip netns add $near
	ip netns add $far
	ip -n $near link add name cable0 type veth peer name cable1
	ip -n $near link set cable1 netns $far
	make_end $near cable0
	make_end $far cable1
	ip -n $near addr add 10.77.0.1/16 dev cable0
	ip -n $near addr add fd77::1/64 dev cable0 nodad
	for i in 2 3 4 53; do
		ip -n $far addr add 10.77.0.$i/16 dev cable1
		ip -n $far addr add fd77::$i/64 dev cable1 nodad
	done
}

make_node() {
	ip netns add $pod
	ip netns add $node
	ip -n $pod link add name eth0 type veth peer name pod0
	ip -n $pod link set pod0 netns $node
	ip -n $node link add name up0 type veth peer name cable2
	ip -n $node link set cable2 netns $far
	make_end $pod eth0
	make_end $node pod0
	make_end $node up0
	make_end $far cable2
	ip -n $pod addr add 10.244.0.9/24 dev eth0
	ip -n $node addr add 10.244.0.1/24 dev pod0
	ip -n $node addr add 10.88.0.1/24 dev up0
	ip -n $far addr add 10.88.0.2/24 dev cable2
	ip -n $pod route add default via 10.244.0.1
	ip -n $node route add default via 10.88.0.2
	ip netns exec $node sysctl -qw net.ipv4.ip_forward=1
	ip netns exec $node nft -f - <<-'EOF'
	table ip node { chain out { type nat hook postrouting priority 100; oifname "up0" masquerade random; }; }
	EOF
}

# ---- what is served ----

make_contents() {
	mkdir "$work/items" "$work/bodies"
	for i in $(seq 0 199); do
		head -c $((150 + i * i % 1500)) /dev/urandom | base64 -w0 | sed 's/.*/{"id":1,"value":"&"}/' > "$work/items/$i.json"
	done
	for kb in 100 250 640 1500 2000; do head -c ${kb}000 /dev/urandom > "$work/bodies/$kb.bin"; done
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=api.test \
		-keyout "$work/key.pem" -out "$work/cert.pem" 2> /dev/null
}

server() { # last number of the address, port and words of `listen`, requests to a connection, more directives
	cat <<-EOF
	server {
		listen 10.77.0.$1:$2; listen [fd77::$1]:$2; keepalive_requests $3; $4
		location /items/ { root $work; }
		location /bodies/ { root $work; limit_rate_after 64k; limit_rate 12m; }
		location /orders { client_max_body_size 8m; echo_read_request_body; echo_status 201; echo '{"order":"\$request_id"}'; }
		location /slow { echo_sleep 0.02; echo '{"rows":'; echo_flush; echo '[]}'; }
		location /session { return 204; }
		location /moved { return 302 /items/1.json; }
		location /broken { return 503 '{"error":"overloaded"}'; }
	}
	EOF
}

start_servers() {
	local certificate="ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem;"
	{
		cat <<-EOF
		load_module $(ls /usr/lib*/nginx/modules/ngx_http_echo_module.so);
		user root; worker_processes 1; daemon off; pid $work/nginx.pid; error_log $work/nginx.err crit;
		events { worker_connections 4096; }
		http {
			types { application/json json; } default_type application/octet-stream;
			client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/fastcgi;
			uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi;
			add_header X-Request-Id \$request_id;
			log_format truth '\$request_method \$request_uri \$status \$connection';
			access_log $work/access.log truth;
		EOF
		server 2 80 10 ''
		server 3 80 30 ''
		server 4 80 1000 ''
		server 2 '443 ssl' 1 "$certificate ssl_protocols TLSv1.3;"
		server 3 '443 ssl' 4 "$certificate ssl_protocols TLSv1.2;"
		server 4 '443 ssl http2' 1000 "$certificate ssl_protocols TLSv1.3;"
		echo '}'
	} > "$work/nginx.conf"
	cat > "$work/unbound.conf" <<-EOF
	server:
		interface: 10.77.0.53
		access-control: 10.0.0.0/8 allow
		username: ""
		chroot: ""
		directory: "$work"
		pidfile: "$work/unbound.pid"
		use-syslog: no
		do-daemonize: no
		module-config: "iterator"
		local-zone: "api.test." redirect
		local-data: "api.test. 60 IN A 10.77.0.4"
		local-zone: "none.test." static
		local-zone: "local." static
		local-zone: "internal." static
	remote-control:
		control-enable: no
	EOF
	start ip netns exec $far unbound -c "$work/unbound.conf"
	start ip netns exec $far nginx -c "$work/nginx.conf"
	for i in $(seq 50); do
		ip netns exec $near curl -s -o /dev/null http://10.77.0.4/session && return
		sleep 0.1
	done
	die "nginx did not start"
}

# ---- who asks ----

make_questions() {
	for i in $(seq 2000); do
		echo "h$((i % 300)).api.test A"
		echo "h$((i % 300)).api.test AAAA"
		[ $((i % 5)) != 0 ] || echo "x$i.none.test A"
	done > "$work/questions"
	for i in $(seq 20000); do
		printf 'url = "http://h%d.api.test/items/%d.json"\noutput = /dev/null\n' $((i % 300)) $((i % 200))
	done > "$work/urls"
	for i in $(seq 1000); do
		path=/items/$((i % 200)).json
		[ $((i % 20)) != 0 ] || path=/slow?id=$i
		[ $((i % 50)) != 0 ] || path=/bodies/100.bin
		printf 'url = "https://10.77.0.4%s"\noutput = /dev/null\n' "$path"
	done > "$work/streams"
	echo 'nameserver 10.77.0.53' > "$work/resolv.conf"
	cat > "$work/pod.conf" <<-'EOF'
	nameserver 10.77.0.53
	search shop.svc.cluster.local svc.cluster.local cluster.local zone.compute.internal compute.internal
	options ndots:5
	EOF
	cat > "$work/api.lua" <<-'EOF'
	function delay() return math.random(0, 8) end
	function request()
		local r, n = math.random(), math.random(0, 199)
		local h = { Host = "h" .. math.random(0, 299) .. ".api.test", ["User-Agent"] = "okhttp/4.12.0",
			Accept = "application/json, */*;q=0.5", ["X-Request-Id"] = "a-" .. math.random(2^31) }
		if r < 0.5 then h.Cookie = "sid=" .. math.random(2^31) end
		if r < 0.8 then return wrk.format("GET", "/items/" .. n .. ".json?page=" .. math.random(50), h) end
		if r < 0.9 then return wrk.format("POST", "/orders", h, string.rep("x", math.random(10, 900))) end
		if r < 0.92 then return wrk.format("GET", "/slow?id=" .. n, h) end
		if r < 0.96 then return wrk.format("DELETE", "/session/" .. n, h) end
		if r < 0.98 then return wrk.format("GET", "/moved", h) end
		return wrk.format("GET", "/broken", h)
	end
	EOF
	cat > "$work/bulk.lua" <<-'EOF'
	local sizes = { 100, 250, 640, 1500, 2000 }
	function request()
		local kb = sizes[math.random(#sizes)]
		if math.random() < 0.8 then return wrk.format("GET", "/bodies/" .. kb .. ".bin") end
		return wrk.format("POST", "/orders", nil, string.rep("0123456789abcdef", kb * 31))
	end
	EOF
}

ask_names() { load dnsperf -s 10.77.0.53 -d "$work/questions" -l $((60 * MINUTES_MAX)) -Q "$1" -c 20; }

ask_small() {
	ask_names 700
	load unshare -m sh -c 'mount --bind "$0" /etc/resolv.conf; exec curl -s --rate 100/s -K "$1"' "$work/resolv.conf" \
		"$work/urls"
	load wrk -t1 -c16 -d${MINUTES_MAX}m -s "$work/api.lua" http://10.77.0.2
	load wrk -t1 -c24 -d${MINUTES_MAX}m -s "$work/api.lua" http://10.77.0.3
	load wrk -t1 -c16 -d${MINUTES_MAX}m -s "$work/api.lua" 'http://[fd77::4]'
}

ask_bulk() {
	ask_names 20
	load wrk -t1 -c6 -d${MINUTES_MAX}m -s "$work/bulk.lua" http://10.77.0.4
	load wrk -t1 -c3 -d${MINUTES_MAX}m -s "$work/bulk.lua" 'http://[fd77::3]'
}

ask_tls() {
	ask_names 200
	load wrk -t1 -c16 -d${MINUTES_MAX}m -s "$work/api.lua" https://10.77.0.2
	load wrk -t1 -c8 -d${MINUTES_MAX}m -s "$work/api.lua" 'https://[fd77::3]'
	load ab -q -n 1000000 -c 2 https://10.77.0.2/items/17.json
}

ask_clients() {
	for i in $(seq 200); do ip -n $near addr add 10.77.1.$i/16 dev cable0; done
	ask_names 300
	load sh -c 'while :; do for i in $(seq 200); do
		curl -s --interface 10.77.1.$i -o /dev/null -o /dev/null "http://10.77.0.[2-3]/items/$i.json"; done; done'
}

ask_lossy() {
	ip netns exec $near nft -f - <<-'EOF'
	table netdev lossy { chain out { type filter hook egress device "cable0" priority 0; numgen random mod 100 0 drop; }; }
	table inet lossy { chain in { type filter hook input priority 0; numgen random mod 100 0 drop; }; }
	EOF
	ip netns exec $far nft -f - <<-'EOF'
	table inet lossy { chain in { type filter hook input priority 0; numgen random mod 100 0 drop; }; }
	EOF
	ask_small
}

ask_http2() {
	rm -f "$folder/http2.keys"
	load env SSLKEYLOGFILE="$folder/http2.keys" sh -c '
		while :; do curl -sk --http2 -Z --parallel-max 20 -K "$0"; done' "$work/streams"
}

ask_node() {
	load_in $pod unshare -m sh -c 'mount --bind "$0" /etc/resolv.conf; while :; do for i in $(seq 0 199); do
		curl -s -o /dev/null -o /dev/null "http://h$i.api.test/items/{$i,$((199 - i))}.json"; done; done' "$work/pod.conf"
}

# ---- capturing ----

stop_loads() {
	for pid in $loads; do kill -INT "$pid" 2> /dev/null || true; done
	sleep 1
	for pid in $loads; do kill "$pid" 2> /dev/null || true; done
	loads=''
}

capture() {
	local file=$folder/$1.pcap waits=0 where="$far tcpdump -i cable1"
	[ "$1" != node ] || where="$node tcpdump -i any -y LINUX_SLL2"
	: > "$work/access.log"
	ip netns exec $where -n -s 0 -B 262144 -w "$file" 2> "$work/tcpdump.log" &
	local tcpdump=$!
	started="$started $tcpdump"
	until grep -qs listening "$work/tcpdump.log"; do sleep 0.1; done
	"ask_$1"
	while [ "$(stat -c %s "$file")" -lt $((megabytes * 1000000)) ]; do
		sleep 0.25
		waits=$((waits + 1))
		[ $waits -lt $((240 * MINUTES_MAX)) ] || die "$1 takes more than $MINUTES_MAX minutes"
	done
	stop_loads
	sleep 1
	kill -INT $tcpdump
	wait $tcpdump || true
	ip netns exec $near nft flush ruleset
	ip netns exec $far nft flush ruleset
	cp "$work/access.log" "$folder/$1.log"
	grep -q '^0 packets dropped by kernel' "$work/tcpdump.log" || die "$1: the capture dropped packets"
	echo "$1: $(stat -c %s "$file") bytes, $(wc -l < "$folder/$1.log") exchanges served"
}

make_network
make_contents
make_questions
start_servers
for kind in "${@:-small}"; do
	case $kind in
	small | bulk | tls | clients | lossy | http2) capture "$kind" ;;
	node)
		make_node
		capture node
		;;
	*) die "no kind $kind" ;;
	esac
done
