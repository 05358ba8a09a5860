"""The programs of an incident: resolvers, servers and clients. Their times are seconds after the beginning."""

import json, os, re, subprocess, sys, time
from certificates import issue
from network import Network

HERE = os.path.dirname(os.path.abspath(__file__))
HAPROXY = """global
  maxconn 500
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend f
  bind :{port}
"""
NGINX = """daemon off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/nginx.err;
events {{ worker_connections 512; }}
http {{ access_log off; client_body_temp_path {work}/b; proxy_temp_path {work}/p;
  fastcgi_temp_path {work}/f; uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
  proxy_http_version 1.1; proxy_set_header Connection ""; {settings}
{upstreams}
  server {{ listen {port}; {places} }} }}
"""


class Programs(Network):
    """work: where files go; peer: the laboratory's own program, beside Calls.class; begin: time zero; seconds: it ends then."""

    def __init__(self, work, peer, python, begin, domain, seconds, *network):
        self.work, self.peer, self.python, self.begin, self.domain, self.seconds = (
            work,
            peer,
            python,
            begin,
            domain,
            seconds,
        )
        self.processes, self.logs, self.names, self.resolvers = [], [], {}, {}
        self.listeners = {}  # port: what tshark is to take it for
        super().__init__(*network)

    def start(self, label, command, ready=True):
        """Runs it, and waits for its word that it is ready."""
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
        enter = self.inside(host) if host else []
        return self.start(label, enter + [self.peer, role, self.config(label, content)], ready)

    # Names.

    def name(self, host, label=None, addresses=None, ttl=30):
        """label.domain (or label, if it has a dot) leads to the host's addresses, or to those given."""
        h = self.hosts[host]
        full = label if label and '.' in label else f'{label or host}.{self.domain}'
        found = addresses or [a for a in (h.v4, h.v6) if a]
        self.names[full] = dict(A=[a for a in found if ':' not in a], AAAA=[a for a in found if ':' in a], ttl=ttl)

    def dns(self, host, faults=(), ms=(0.2, 0.8), changes=(), rotate=False):
        """A resolver on that host. faults: see resolver.py; changes: (time, name, addresses or None); rotate: the first
        address is another one each time.
        """
        addresses = [x for x in (self.hosts[host].v4, self.hosts[host].v6) if x]
        plan = dict(Listen=addresses, Faults=list(faults), Ms=ms, Changes=[list(c) for c in changes], Rotate=rotate)
        self.resolvers[host] = plan

    def open_resolvers(self):
        for host, plan in self.resolvers.items():
            config = self.config(f'dns-{host}', dict(plan, Names=self.names))
            self.start(f'dns-{host}', self.inside(host) + [sys.executable, f'{HERE}/resolver.py', config])

    def certificate(self, name, days=(-30, 60), issuer='ca'):
        return issue(self.work, issuer, name, *(self.begin + 86400 * d for d in days))

    def authority(self, issuer='ca'):
        """What a client has to trust."""
        return f'{self.work}/{issuer}.pem'

    # Servers.

    def serve(self, host, *listeners, label=None):
        """Listeners as in peer/server.go, with Port instead of Addr."""
        for l in listeners:
            self.listeners[l['Port']] = 'http2' if l.get('H2C') else 'tls' if l.get('Cert') else 'http'
            l['Addr'] = f":{l.pop('Port')}"
        return self.peer_run('server', label or f'server-{host}', dict(Listen=list(listeners)), host)

    def node_server(self, host, port):
        self.listeners[port] = 'http'
        command = ['node', f'{HERE}/servers/node.mjs', self.address(host), str(port)]
        return self.start(f'node-server-{host}', self.inside(host) + command)

    def python_server(self, host, script, port, *args):
        """servers/SCRIPT.py BEGIN ADDRESS PORT ARGS."""
        self.listeners[port] = 'http2' if script == 'rpc' else 'http'
        command = [self.python, f'{HERE}/servers/{script}.py', str(self.begin), self.address(host), str(port), *args]
        return self.start(f'{script}-{host}', self.inside(host) + command)

    def haproxy(self, host, port, services, check=False, settings=''):
        """services: {first part of the path: address:port}."""
        self.listeners[port] = 'http'
        if check:
            settings += ' check inter 500ms fall 2 rise 2'
        rules = ''.join(f'  use_backend {n} if {{ path_beg /{n} }}\n' for n in services)
        backends = ''.join(f'backend {n}\n  server s {a} {settings}\n' for n, a in services.items())
        with open(f'{self.work}/haproxy.cfg', 'w') as out:
            out.write(HAPROXY.format(port=port) + rules + backends)
        command = ['haproxy', '-db', '-q', '-f', f'{self.work}/haproxy.cfg']
        self.start('haproxy', self.inside(host) + command, ready=False)

    def nginx(self, host, port, services, settings='', listen=''):
        self.listeners[port] = listen or 'http'
        upstreams = '\n'.join(f'  upstream {n} {{ server {a}; keepalive 8; }}' for n, a in services.items())
        places = ' '.join(f'location /{n} {{ proxy_pass http://{n}; }}' for n in services)
        with open(f'{self.work}/nginx.conf', 'w') as out:
            out.write(NGINX.format(work=self.work, port=f'{port} {listen}', settings=settings, upstreams=upstreams, places=places))
        command = ['nginx', '-p', self.work, '-c', f'{self.work}/nginx.conf']
        self.start('nginx', self.inside(host) + command, ready=False)

    # Clients.

    def log_of(self, label):
        self.logs.append(f'{self.work}/{label}.live')
        return self.logs[-1]

    def go(self, host, *callers, pools=None, label=None, ca=None):
        """Callers and pools as in peer/client.go."""
        label = label or f'go-{host}'
        content = dict(
            Name=label, Log=self.log_of(label), End=self.seconds, CA=ca or '', Pools=pools or {}, Callers=callers
        )
        return self.peer_run('client', label, content, host, False)

    def other(self, host, kind, *callers, label=None, ca=None, options=None):
        """A client of another language, as in clients/: urllib, requests, httpx, aiohttp,
        urllib3, curl, grpc, socket, node, java."""
        label, options = label or f'{kind}-{host}', options or {}
        content = dict(
            Name=label,
            Log=self.log_of(label),
            End=self.seconds,
            CA=ca or '',
            Kind=kind,
            Callers=callers,
            Options=options,
        )
        java = [
            'java',
            '-Xshare:auto',
            '-XX:TieredStopAtLevel=1',
            *options.get('java', []),
            '-cp',
            os.path.dirname(self.peer),
            'Calls',
        ]
        other = {'node': ['node', f'{HERE}/clients/node.mjs'], 'java': java}
        program = other.get(kind, [self.python, f'{HERE}/clients/calls.py'])
        return self.start(label, self.inside(host) + program + [self.config(label, content)], False)
