"""A small network of namespaces on one host, with faults at set times, a capture, and what the clients saw.

The hub is the namespace the script runs in: a bridge, and a cable to each host. A far host's cable goes through a relay
that holds frames back. All of it ends with the process (see run_inside in make.py).
"""
import json, os, re, signal, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
WARM = 5.0  # seconds for servers and clients to start


def sh(command, check=True):
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f'{command}: {done.stderr.strip()}')
    return done.stdout


class Host:
    def __init__(self, name, v4, v6, port):
        self.name, self.v4, self.v6, self.port = name, v4, v6, port


class Lab:
    """net is the first three numbers of the IPv4 addresses; v6 the prefix of the others, or None; domain ends all names."""

    def __init__(self, work, peer, python, net, domain, seconds=15, v6=None, v4=True):
        self.work, self.peer, self.python = work, peer, python
        self.net, self.domain, self.seconds, self.v6, self.v4 = net, domain, seconds, v6, v4
        self.begin = time.time() + WARM
        self.hosts, self.processes, self.events, self.logs = {}, [], [], []
        self.names, self.dns_faults, self.truths, self.clients = {}, [], [], []
        self.capture_plan, self.resolvers, self.listeners, self.quiet = None, {}, {}, None
        sh('mount -t tmpfs tmpfs /run; mkdir -p /etc/netns; mount -t tmpfs tmpfs /etc/netns; ip link set lo up')
        sh('ip link add br0 type bridge; sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; ip link set br0 up')
        sh('ip link set br0 type bridge mcast_snooping 0')
        sh('nft add table bridge f; nft add chain bridge f c "{ type filter hook forward priority 0; }"')

    # hosts

    def host(self, name, last, far=None, resolvers=(), search='', options='', up_loss=None, down_loss=None, bandwidth=0, queue=0):
        """far: one-way ms, or a plan [(since, ms, loss percent)...]; up_loss and down_loss: plans [(since, percent)...]."""
        end, inner = f'h{last}', f'c{last}'
        sh(f'ip netns add {name}; ip link add {end} type veth peer name eth0 netns {name}')
        v4 = f'{self.net}.{last}' if self.v4 else None
        v6 = f'{self.v6}::{last:x}' if self.v6 else None
        self.cable(name, end, inner, far, bandwidth, queue)
        sh(f'ip -n {name} link set lo up; ip netns exec {name} sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.all.disable_ipv6={0 if v6 else 1} '
           'net.ipv4.icmp_ratelimit=0')
        sh(f'ip netns exec {name} ethtool -K eth0 tso off gso off gro off tx off rx off')
        sh(f'ip -n {name} link set eth0 up')
        if v4:
            sh(f'ip -n {name} addr add {v4}/16 dev eth0')
        if v6:
            sh(f'ip -n {name} addr add {v6}/64 dev eth0 nodad')
        folder = f'/etc/netns/{name}'
        os.makedirs(folder, exist_ok=True)
        with open(f'{folder}/resolv.conf', 'w') as out:
            for r in resolvers:
                out.write(f'nameserver {r}\n')
            if search:
                out.write(f'search {search}\n')
            if options:
                out.write(f'options {options}\n')
        with open(f'{folder}/nsswitch.conf', 'w') as out:
            out.write('hosts: dns\n')
        self.hosts[name] = Host(name, v4, v6, end)
        return self.hosts[name]

    def cable(self, name, end, inner, far, bandwidth, queue):
        sh(f'ethtool -K {end} tso off gso off gro off tx off rx off; ip link set {end} up')
        if far is None and not bandwidth:
            sh(f'ip link set {end} master br0')
            return
        sh(f'ip link add {inner} type veth peer name {inner}b; ip link set {inner} up; ip link set {inner}b up; ip link set {inner}b master br0')
        sh(f'ethtool -K {inner} tso off gso off gro off tx off rx off; ethtool -K {inner}b tso off gso off gro off tx off rx off')
        plan = [(0, far or 0, 0)] if not isinstance(far, list) else far
        steps = [dict(Since=s, Delay=d, Loss=l) for s, d, l in plan]
        self.peer_run('relay', f'relay-{name}', dict(Host=end, Net=inner, Up=steps, Down=steps, Bandwidth=bandwidth, Queue=queue))

    def inside(self, name):
        return ['ip', 'netns', 'exec', name]

    def address(self, name):
        h = self.hosts[name]
        return h.v4 or h.v6

    # processes

    def start(self, label, command, ready=True):
        log = open(f'{self.work}/{label}.log', 'w')
        p = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.processes.append(p)
        for _ in range(200 if ready else 0):
            if re.search('ready|listening on', open(log.name).read()):
                break
            if p.poll() is not None:
                raise RuntimeError(f'{label}: {open(log.name).read()}')
            time.sleep(0.01)
        return p

    def config(self, label, content):
        path = f'{self.work}/{label}.json'
        with open(path, 'w') as out:
            json.dump(dict(content, Begin=self.begin), out)
        return path

    def peer_run(self, role, label, content, host=None, ready=True):
        return self.start(label, (self.inside(host) if host else []) + [self.peer, role, self.config(label, content)], ready)

    # names

    def name(self, host, label=None, a=True, aaaa=None, addresses=None, ttl=30):
        """label.domain leads to the host's addresses, or to those given."""
        h = self.hosts.get(host)
        full = label if label and '.' in label else f'{label or host}.{self.domain}'
        v4 = addresses if addresses is not None else [h.v4] if a and h and h.v4 else []
        v6 = aaaa if aaaa is not None else [h.v6] if h and h.v6 else []
        self.names[full] = dict(A=[x for x in v4 if ':' not in x], AAAA=v6 + [x for x in v4 if ':' in x], ttl=ttl)
        return full

    def dns(self, host, faults=(), ms=(0.2, 0.8), changes=(), rotate=False):
        """A resolver on that host. faults: dicts since, until, name (a shell pattern), type, do, ms; changes: (time, name, addresses);
        rotate: the first address is another one each time."""
        self.resolvers[host] = dict(Listen=[x for x in (self.hosts[host].v4, self.hosts[host].v6) if x], Faults=list(faults), Ms=ms,
                                    Changes=[list(c) for c in changes], Rotate=rotate)

    def open_resolvers(self):
        for host, plan in self.resolvers.items():
            self.start(f'dns-{host}', self.inside(host) + [sys.executable, f'{HERE}/resolver.py', self.config(f'dns-{host}', dict(plan, Names=self.names))])

    # servers and clients; times in seconds after the beginning, the rest as in the peer's configuration

    def serve(self, host, *listeners, label=None):
        for l in listeners:
            self.listeners[l['Port']] = 'http2' if l.get('H2C') else 'tls' if l.get('Cert') else 'http'
            l['Addr'] = f"{l.pop('On', '')}:{l.pop('Port')}"
        return self.peer_run('server', label or f'server-{host}', dict(Listen=list(listeners)), host)

    def go(self, host, *callers, pools=None, label=None, ca=None, end=None):
        label = label or f'go-{host}'
        log = f'{self.work}/{label}.live'
        self.logs.append(log)
        self.clients.append(label)
        return self.peer_run('client', label, dict(Name=label, Log=log, End=end or self.seconds, CA=ca or '', Pools=pools or {}, Callers=list(callers)), host, False)

    def other(self, host, kind, *callers, label=None, ca=None, options=None):
        """A client of another language: urllib, requests, httpx, curl, grpc, node, java."""
        label = label or f'{kind}-{host}'
        log = f'{self.work}/{label}.live'
        self.logs.append(log)
        config = self.config(label, dict(Name=label, Log=log, End=self.seconds, CA=ca or '', Kind=kind, Callers=list(callers), Options=options or {}))
        program = {'node': ['node', f'{HERE}/clients/node.mjs'], 'java': ['java', '-Xshare:auto', '-XX:TieredStopAtLevel=1', *(options or {}).get('java', []), '-cp', os.path.dirname(self.peer), 'Calls']}
        return self.start(label, self.inside(host) + program.get(kind, [self.python, f'{HERE}/clients/calls.py']) + [config], False)

    def node_server(self, host, port):
        self.listeners[port] = 'http'
        return self.start(f'node-server-{host}', self.inside(host) + ['node', f'{HERE}/servers/node.mjs', self.address(host), str(port)])

    def haproxy(self, host, port, services, check=False, settings=''):
        """services: {first part of the path: address:port}."""
        self.listeners[port] = 'http'
        rules = ''.join(f'  use_backend {n} if {{ path_beg /{n} }}\n' for n in services)
        backs = ''.join(f"backend {n}\n  server s {a} {'check inter 500ms fall 2 rise 2' if check else ''} {settings}\n" for n, a in services.items())
        with open(f'{self.work}/haproxy.cfg', 'w') as out:
            out.write(f'global\n  maxconn 500\ndefaults\n  mode http\n  timeout connect 2s\n  timeout client 30s\n  timeout server 30s\nfrontend f\n  bind :{port}\n{rules}{backs}')
        return self.start('haproxy', self.inside(host) + ['haproxy', '-db', '-q', '-f', f'{self.work}/haproxy.cfg'], ready=False)

    def python_server(self, host, script, *args, label=None):
        return self.start(label or f'{script}-{host}', self.inside(host) + [self.python, f'{HERE}/servers/{script}.py', str(self.begin), *map(str, args)])

    def certificate(self, name, days=(-30, 60), issuer='ca'):
        """The paths of a certificate and its key; issuer.pem is what a client has to trust."""
        if not os.path.exists(f'{self.work}/{issuer}.pem'):
            sh(f'cd {self.work} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 900 -subj "/CN={issuer} of {self.domain}" -keyout {issuer}.key -out {issuer}.pem '
               f'-addext keyUsage=keyCertSign && mkdir -p db-{issuer} && : >db-{issuer}/index && echo 1000 >db-{issuer}/serial')
            with open(f'{self.work}/{issuer}.cnf', 'w') as out:
                out.write(f'[ca]\ndefault_ca=c\n[c]\nnew_certs_dir=db-{issuer}\ndatabase=db-{issuer}/index\nserial=db-{issuer}/serial\ndefault_md=sha256\npolicy=p\n'
                          f'unique_subject=no\ncopy_extensions=copy\n[p]\ncommonName=supplied\n')
        label = f'{name}-{issuer}-{len(os.listdir(self.work))}'
        first, last = (time.strftime('%Y%m%d%H%M%SZ', time.gmtime(self.begin + 86400 * d)) for d in days)
        sh(f'cd {self.work} && openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={name} -addext subjectAltName=DNS:{name} -keyout {label}.key -out {label}.csr && '
           f'openssl ca -batch -notext -config {issuer}.cnf -cert {issuer}.pem -keyfile {issuer}.key -startdate {first} -enddate {last} -in {label}.csr -out {label}.pem')
        return f'{self.work}/{label}.pem', f'{self.work}/{label}.key'

    def authority(self, issuer='ca'):
        return f'{self.work}/{issuer}.pem'

    # faults

    def at(self, second, what, *args):
        self.events.append((second, what, args))

    def filter(self, rule, since, until=None, host=None):
        """An nft rule of the hub (bridge), or of a host's own input chain, from since until until."""
        def on():
            where = 'bridge f c' if not host else 'inet f c'
            enter = '' if not host else f'ip netns exec {host} '
            if host:
                sh(f'{enter}nft add table inet f; {enter}nft add chain inet f c "{{ type filter hook input priority 0; }}"')
            sh(f"{enter}nft add rule {where} '{rule}'")
        self.at(since, on)
        if until is not None:
            self.at(until, lambda: sh((f'ip netns exec {host} nft flush chain inet f c' if host else 'nft flush chain bridge f c')))

    def reject(self, host, what, since, until):
        """Something on the way answers what the host sends with RST, in the name of the receiver."""
        def on():
            sh(f'nft add table netdev r; nft add chain netdev r c "{{ type filter hook ingress device {self.hosts[host].port} priority 0; }}"')
            sh(f"nft add rule netdev r c '{what} reject with tcp reset'")
        self.at(since, on)
        self.at(until, lambda: sh('nft flush chain netdev r c'))

    def forget(self, what, since):
        """From then on, what belongs to connections that stood before is dropped."""
        sh('nft add set bridge f known "{ type inet_service; flags dynamic; size 4096; }"')
        sh(f"nft add rule bridge f c '{what} tcp flags ack add @known {{ tcp sport }}'")

        def on():
            sh('nft flush chain bridge f c')
            sh(f"nft add rule bridge f c '{what} tcp sport @known drop'")
        self.at(since, on)

    def stop(self, process, since, until):
        self.at(since, lambda: self.signal(process, signal.SIGSTOP))
        self.at(until, lambda: self.signal(process, signal.SIGCONT))

    @staticmethod
    def signal(process, number):
        if process.poll() is None:
            os.kill(process.pid, number)

    # capture and truth

    def capture(self, host=None, device='eth0', direction=None, snaplen=0, only='tcp or udp or icmp or icmp6', since=-0.2, until=None, lost=0, step=None):
        """At a host's interface ('any' for all of it), or at the bridge. lost: per cent that a mirror port loses; step: (second, by)."""
        self.capture_plan = dict(host=host, device=device if host else 'br0', direction=direction, snaplen=snaplen, only=only, since=since,
                                 until=until or self.seconds, lost=lost, step=step)

    def truth(self, codes, side, subject, since, until, callers=(), note='', not_to_blame='', shows=(), least=5, gap=0, bad=500):
        """bad: the least status that hits a call; shows: tshark's filters for what must be in the capture while it lasts, least: so often,
        gap: and then not for so many seconds."""
        self.truths.append(dict(codes=codes, side=side, subject=subject, since=since, until=until, callers=callers, note=note, not_to_blame=not_to_blame, shows=shows, least=least, gap=gap, bad=bad))

    def healthy(self, note, allowed='', side='', shows=()):
        self.quiet = dict(note=note, allowed=allowed, side=side, shows=shows)

    def run(self):
        """From here on it happens; returns the path of the capture."""
        plan = self.capture_plan
        self.open_resolvers()
        if time.time() > self.begin - 0.3:
            raise RuntimeError('too slow to start: raise WARM')
        self.at(plan['since'], self.begin_capture)
        self.at(plan['until'], self.end_capture)
        for second, what, args in sorted(self.events, key=lambda e: e[0]):
            time.sleep(max(0, self.begin + second - time.time()))
            what(*args)
        deadline = self.begin + self.seconds + 8
        while time.time() < deadline and not all(os.path.exists(l) and os.path.getsize(l) for l in self.logs):
            time.sleep(0.1)
        time.sleep(0.3)  # for what is being written
        self.end()
        return f'{self.work}/capture.pcap'

    def begin_capture(self):
        plan = self.capture_plan
        command = ['tcpdump', '-n', '-U', '-B', '32768', '--immediate-mode', '-Z', 'root', '-s', str(plan['snaplen'] or 65535), '-w', f'{self.work}/capture.pcap']
        if plan['direction']:
            command += ['-Q', plan['direction']]
        host, device = plan['host'], plan['device']
        if plan['lost']:
            sh('ip link add span type veth peer name spanb; ip link set span up; ip link set spanb up')
            self.peer_run('mirror', 'mirror', dict(From=self.hosts[host].port, To='span', Plan=[dict(Loss=plan['lost'])]))
            host, device = None, 'spanb'
        self.tcpdump = self.start('tcpdump', (self.inside(host) if host else []) + command + ['-i', device, plan['only']])

    def end_capture(self):
        time.sleep(0.2)
        self.tcpdump.send_signal(signal.SIGINT)
        self.tcpdump.wait(5)

    def end(self):
        for p in reversed(self.processes):
            if p.poll() is None:
                p.kill()
        for p in self.processes:
            p.wait(5)
