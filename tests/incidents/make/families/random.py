"""Incidents by chance: what nobody had in mind when the rules were made.

A seed and a number settle one of them: network, names, clients, load, distance, fault, place of capture. So the same seed
gives the same incidents (but for scheduling, and for what servers and resolvers throw dice for while they run).

They exist for make.py --random SEED only, and belong to no test. Their truth holds whom the fault was put upon and what is to be
told of it; whether the capture lets one tell it is not looked at: a verdict that differs is to be read, not counted.
"""

import json, os, random
from . import incident

WORDS = (
    'amber birch cedar delta ember fjord grove heath inlet jetty knoll lagoon maple nectar olive pearl quartz ridge slate '
    'thorn umber vale willow yarrow zinc'
).split()
DOMAINS = ('%s.test', '%s.svc.cluster.local', '%s.internal', 'prod.%s.example')
CLIENTS = 'go go urllib requests httpx aiohttp urllib3 curl node java'.split()
RATES = ((80, 160), (150, 300), (250, 450), (400, 800))
HOSTS = ('web', 'jobs')  # where the clients are
SMALL = [dict(Path='/', Delay=[3, 9], Size=[300, 900])]
KINDS = {}


class Kind:
    """what: dns, connection, http, tcp, tls, stop, two or healthy; the rest as in truth.tsv, of a healthy one: none."""

    def __init__(self, prepare, what, codes, side, subject):
        self.prepare, self.what, self.codes, self.side, self.subject = prepare, what, codes, side, subject


def kind(name, what, codes='', side='', subject='server'):
    """The function gets the Draw before anything runs; subject: server, second, name, resolver, client or spare, | between them."""

    def keep(prepare):
        KINDS[name] = Kind(prepare, what, codes, side, subject)
        return prepare

    return keep


class Draw:
    """One incident as it was drawn. The kind's function adds its fault to what stands under `fault`."""

    def __init__(self, seed, number):
        self.random = r = random.Random(seed * 1000 + number)
        names = random.Random(seed).sample(list(KINDS), len(KINDS))
        self.name = names[number % len(names)] if r.random() < 0.9 else r.choice(names)
        self.kind = KINDS[self.name]
        self.target, self.second, self.third, self.domain = self.places(r)
        self.net = f'10.{r.randint(60, 220)}.{r.randint(1, 200)}'
        # servers of gRPC and proxies are told one address
        single = self.name.split('-')[-1] == 'grpc' or self.name.startswith(('grpc', 'proxied', 'healthy-proxied'))
        self.v6 = None if single else r.choice([None, None, None, f'fd{r.randint(16, 200):02x}:{r.randint(1, 99):x}:{r.randint(1, 99):x}'])
        self.v4 = not self.v6 or r.random() < 0.5
        self.last = r.sample(range(10, 240), 7)
        self.times(r)
        self.programs(r)
        self.place = self.capture_place(r)
        self.options = r.choice(['', '', 'timeout:2 attempts:2', 'ndots:2'])
        self.search = self.domain if r.random() < 0.4 else ''
        self.fault = dict(dns=[], names=[], server=[], second=[], filters=[], far=None, later=[])
        self.also, self.callers, self.listens = [], None, {}
        self.routes = self.usual_routes(r)
        self.timeout, self.body, self.proxied, self.spare = None, 0, False, None

    @staticmethod
    def places(r):
        target, second, third, domain = r.sample(WORDS, 4)
        return target, second, third, r.choice(DOMAINS) % domain

    def times(self, r):
        self.since = round(r.uniform(4, 6.5), 1)
        self.until = r.choice(['end', round(self.since + r.uniform(3, 6.5), 1)])
        self.end = 99 if self.until == 'end' else self.until
        self.filter_end = None if self.until == 'end' else self.until

    def programs(self, r):
        what = self.kind.what
        self.tls = r.random() < 0.3 or what == 'tls'
        self.h2 = self.tls and r.random() < 0.3
        self.clients = r.choices(CLIENTS, k=r.choice([1, 2, 2]))
        if self.h2:
            self.clients = [k if k in ('go', 'httpx', 'java') else 'go' for k in self.clients]
        self.keep = r.random() < 0.7 and what not in ('dns', 'connection', 'tls', 'two')
        self.distance = r.choice([None, None, None, None, 2, 8, 25])
        self.rate, self.port = r.choice(RATES), r.randint(3000, 9900)

    def capture_place(self, r):
        if self.kind.what == 'two':
            return r.choice(['client', 'any', 'bridge'])
        if self.kind.what == 'dns':
            return r.choice(['client', 'client', 'any', 'bridge', 'resolver'])
        if self.name in ('stopped-client', 'dead-address'):
            return r.choice(['client', 'any', 'bridge'])
        return r.choice(['client', 'client', 'any', 'bridge', 'server', 'server', 'in'])

    def usual_routes(self, r):
        route = dict(Path='/', Delay=r.choice([[3, 9], [8, 25], [30, 60]]), Size=r.choice([[200, 900], [2000, 9000]]))
        closes = {'httpx', 'aiohttp', 'urllib3', 'java'} & set(self.clients)  # they keep connections, come what may
        if not self.keep and (closes or r.random() < 0.4):
            route['Header'] = {'Connection': 'close'}
        return [route]

    # What the kinds are written with.

    def during(self, **fault):
        return dict(fault, since=self.since, until=self.end)

    def serve(self, do, **more):
        self.fault['server'].append(dict(dict(Path='/' if do != 'noaccept' else '', Since=self.since, Until=self.end, Do=do), **more))

    def serve_second(self, do, codes, **more):
        """Another fault at the same time, upon the second service, which is to be named, too."""
        self.fault['second'].append(dict(dict(Path='/', Since=self.since, Until=self.end, Do=do), **more))
        self.tell_also(codes, 'server', 'second', 'ping')

    def tell_also(self, codes, side, subject, *callers):
        self.also.append((codes, side, subject, callers))

    def resolve(self, do, name='', **more):
        self.fault['dns'].append(self.during(do=do, name=name or '*', **more))

    def filter(self, rule, host=None):
        self.fault['filters'].append((rule, host))

    def relay(self, *during):
        """The delay and the loss of the server's cable while the fault lasts."""
        usual = (self.distance or 0, 0)
        self.fault['far'] = [(0, *usual), (self.since, *during)] + ([(self.end, *usual)] if self.filter_end else [])

    def may_time_out(self):
        self.timeout = self.random.choice([1, 2, 3, None])

    def full(self, host):
        return f'{host}.{self.domain}'

    def note(self):
        told = ' '.join(self.clients) + (' TLS' if self.tls else '') + (' HTTP/2' if self.h2 else '')
        told += ', connections kept' if self.keep else ', a connection a call'
        told += f', {self.distance} ms away' if self.distance else ''
        return f'{self.name}, captured at {self.place}; {told}'


@kind('not-found', 'dns', 'dns.not_found', 'name_service', 'name')
def not_found(d):
    d.fault['names'] = [(d.since, d.full(d.target), None)]


@kind('empty-answer', 'dns', 'dns.empty_answer', 'name_service', 'name')
def empty_answer(d):
    d.resolve('empty', d.full(d.target))


@kind('servfail', 'dns', 'dns.server_failure', 'name_service|resolver', 'name|resolver')
def servfail(d):
    d.resolve('servfail', d.full(d.target), ms=d.random.choice([[1, 3], [100, 300]]))


@kind('resolver-refuses', 'dns', 'dns.server_failure', 'resolver|name_service', 'resolver')
def resolver_refuses(d):
    d.resolve('refused')


@kind('silent-resolver', 'dns', 'dns.no_answer|dns.retried', 'resolver|network', 'resolver')
def silent_resolver(d):
    d.resolve('silent')
    d.may_time_out()


@kind('slow-resolver', 'dns', 'dns.slow', 'resolver', 'resolver')
def slow_resolver(d):
    d.resolve('slow', ms=d.random.choice([[200, 500], [700, 1200]]))


@kind('lossy-resolver', 'dns', 'dns.retried|dns.no_answer|dns.race_5s', 'resolver|network', 'resolver')
def lossy_resolver(d):
    d.resolve('silent', share=0.35)


@kind('refused', 'connection', 'conn.refused', 'server')
def refused(d):
    def later(lab, server, clients):
        lab.at(d.since, server.kill)
        if d.filter_end:
            lab.at(d.end, lambda: lab.serve(d.target, listener(d, lab, False), label='again'))

    d.fault['later'].append(later)


@kind('port-dropped', 'connection', 'conn.no_answer|tcp.silent_peer', 'network|server')
def port_dropped(d):
    d.filter(f'tcp dport {d.port} drop', d.target if d.place in ('server', 'in') else None)
    d.may_time_out()


@kind('unreachable', 'connection', 'conn.unreachable|conn.refused', 'network|server')
def unreachable(d):
    why = d.random.choice(['admin-prohibited', 'port-unreachable', 'host-unreachable'])
    d.filter(f'tcp dport {d.port} reject with icmpx type {why}', d.target)


@kind('dead-address', 'connection', 'conn.one_address_dead|dns.address_refuses|conn.no_answer|conn.unreachable', 'server|network|name_service', 'name|spare')
def dead_address(d):
    def later(lab, server, clients):
        spare, target = lab.address('spare'), lab.address(d.target)
        lab.name(d.target, addresses=[spare, target])

    d.fault['later'].append(later)


@kind('host-gone', 'connection', 'conn.no_answer|tcp.silent_peer|conn.unreachable', 'network|server')
def host_gone(d):
    def later(lab, server, clients):
        address = lab.address(d.target)
        if d.place in ('server', 'in'):
            lab.filter(f'tcp dport {d.port} drop', d.since, d.filter_end, host=d.target)
        else:
            lab.filter(f'{"ip6" if ":" in address else "ip"} daddr {address} drop', d.since, d.filter_end)

    d.fault['later'].append(later)
    d.may_time_out()


@kind('full-backlog', 'connection', 'conn.accept_queue|conn.no_answer|conn.syn_repeated', 'server|network')
def full_backlog(d):
    d.serve('noaccept')
    d.may_time_out()


@kind('status-500', 'http', 'http.error_cluster', 'server')
def status_500(d):
    d.serve('status', Status=500, Share=d.random.choice([0.3, 0.6, 1]), Ms=[1, 4])


@kind('status-503', 'http', 'http.error_cluster', 'server')
def status_503(d):
    d.serve('status', Status=503, Share=d.random.choice([0.5, 1]), Ms=[0, 2])


@kind('status-429', 'http', 'http.error_cluster', 'client|server')
def status_429(d):
    d.serve('status', Status=429, Share=0.8, Ms=[0, 2])


@kind('slow-server', 'http', 'http.think_time', 'server')
def slow_server(d):
    d.serve('delay', Ms=d.random.choice([[300, 600], [900, 1500]]))


@kind('slow-path', 'http', 'http.think_time', 'server')
def slow_path(d):
    d.serve('delay', Path='/item', Ms=[400, 700])


@kind('hanging-server', 'http', 'http.think_time|http.gave_up|conn.closed_by_client', 'server|client')
def hanging_server(d):
    d.serve('hang')
    d.timeout = d.random.choice([1, 2, 3])


@kind('reset', 'http', 'conn.reset_midway|conn.closed_by_server|http2.stream_reset', 'server')
def reset(d):
    d.serve('reset', Share=d.random.choice([0.5, 1]), Ms=[10, 60])


@kind('closed', 'http', 'conn.closed_by_server|conn.reset_midway|http.truncated', 'server')
def closed(d):
    d.serve('close', Share=d.random.choice([0.5, 1]), Ms=[5, 40])


@kind('truncated', 'http', 'http.truncated|conn.reset_midway|conn.closed_by_server|http2.stream_reset', 'server')
def truncated(d):
    d.serve('truncate', Share=0.7)


@kind('loss', 'tcp', 'tcp.lossy_path|tcp.loss_stall|conn.syn_repeated', 'network')
def loss(d):
    d.relay(d.distance or 0, d.random.choice([7, 12]))
    d.may_time_out()


@kind('loss-of-requests', 'tcp', 'tcp.lossy_path|tcp.loss_stall|conn.syn_repeated', 'network')
def loss_of_requests(d):
    d.filter(f'tcp dport {d.port} numgen random mod 100 < 12 drop')
    d.body = d.random.choice([0, 8000])


@kind('longer-way', 'tcp', 'conn.slow_path|conn.slow_handshake|time.step', 'network')
def longer_way(d):
    d.relay((d.distance or 0) + d.random.choice([30, 60]), 0)


@kind('big-packets-dropped', 'tcp', 'tcp.pmtud_blackhole', 'network')
def big_packets_dropped(d):
    d.distance, d.body = None, 8000
    d.routes[0]['Size'] = [6000, 20000]
    d.filter(f'tcp sport {d.port} meta length > 1300 drop')


@kind('expired-certificate', 'tls', 'tls.certificate|tls.alert|tls.client_rejects', 'server')
def expired_certificate(d):
    d.fault['certificate'] = (d.full(d.target), (-40, -2))


@kind('wrong-name', 'tls', 'tls.certificate|tls.alert|tls.client_rejects', 'server')
def wrong_name(d):
    d.fault['certificate'] = (f'other.{d.domain}', (-30, 60))


@kind('slow-handshake', 'tls', 'tls.slow_server', 'server')
def slow_handshake(d):
    d.serve('hello', Path='', Ms=d.random.choice([[300, 500], [800, 1200]]))


@kind('closed-at-hello', 'tls', 'tls.closed|tls.alert|conn.closed_by_server|conn.reset_midway', 'server')
def closed_at_hello(d):
    d.serve('nohello', Path='')


@kind('idle-limit', 'http', 'conn.stale_reuse|conn.reset_midway|conn.closed_by_server', 'server|client')
def idle_limit(d):
    """The server ends idle connections when their next call is due."""
    d.since, d.until, d.keep, d.rate, d.distance = 0, 'end', True, (950, 1050), 25
    d.listens['Idle'] = 1
    d.clients = [k if k in ('go', 'node', 'httpx', 'urllib3', 'requests') else 'go' for k in d.clients]


@kind('restarts', 'http', 'conn.closed_by_server|conn.reset_midway|http2.goaway|conn.refused|http.truncated', 'server')
def restarts(d):
    d.routes[0]['Delay'] = [200, 400]
    d.listens['Restart'] = [d.since, d.since + 1.5, d.since + 3]
    d.until = d.end = round(d.since + 3.5, 1)


@kind('half-of-addresses', 'http', 'http.error_cluster|http.think_time', 'server', 'spare')
def half_of_addresses(d):
    """One of two addresses of the name answers 503, or slowly."""
    do = d.random.choice([dict(Do='status', Status=503), dict(Do='delay', Ms=[400, 800])])

    def later(lab, server, clients):
        lab.name(d.target, addresses=[lab.address('spare'), lab.address(d.target)])

    d.keep = False
    if do['Do'] == 'status':
        d.tls = d.h2 = False
    d.spare = [dict(do, Path='/', Since=d.since, Until=d.end)]
    d.fault['later'].append(later)


@kind('resets-on-the-way', 'connection', 'conn.reset_by_middle|conn.reset_midway|conn.refused_by_middle|conn.refused|conn.closed_by_server', 'network|server')
def resets_on_the_way(d):
    """Something on the way answers the first client's packets with RST in the server's name."""

    def later(lab, server, clients):
        address = lab.address(d.target)
        what = f'{"ip6" if ":" in address else "ip"} daddr {address} tcp dport {d.port}'
        lab.reject(HOSTS[0], what + d.random.choice(['', ' tcp flags syn / syn,ack']), d.since, min(d.end, lab.seconds))

    d.clients, d.place = d.clients[:1], d.random.choice(['client', 'any', 'bridge'])
    d.fault['later'].append(later)


def rpc(d, plan, timeout=None):
    """A gRPC client and its server on the second service's host."""

    def later(lab, server, clients):
        usual = {'Take': dict(ms=[3, 8]), 'List': dict(ms=[5, 15])}
        usual['Take'].update(plan)
        lab.python_server(d.second, 'rpc', d.port + 3, json.dumps(usual))
        url = f'{d.full(d.second)}:{d.port + 3}/shop.Store'
        more = dict(Timeout=timeout) if timeout else {}
        calls = [dict(Name=n.lower(), URL=f'{url}/{n}', Every=[80, 200], Workers=2, **more) for n in ('Take', 'List')]
        lab.other(HOSTS[0], 'grpc', *calls, label='rpc')

    d.callers, d.place = ['take'], d.random.choice(['client', 'any', 'bridge'])
    d.fault['later'].append(later)


@kind('grpc-status', 'http', 'grpc.status', 'server', 'second')
def grpc_status(d):
    code = d.random.choice(['UNAVAILABLE', 'INTERNAL', 'RESOURCE_EXHAUSTED'])
    rpc(d, dict(faults=[dict(since=d.since, until=d.end, code=code, share=d.random.choice([0.4, 1]))]))


@kind('grpc-deadline', 'http', 'http.think_time|grpc.status|grpc.deadline|http.deadline', 'server|client', 'second')
def grpc_deadline(d):
    rpc(d, dict(faults=[dict(since=d.since, until=d.end, ms=[900, 1500])]), timeout=0.6)


@kind('healthy-grpc', 'healthy')
def healthy_grpc(d):
    rpc(d, {})


def behind_proxy(d):
    """All calls of the server go through haproxy on the third service's host; one capture has both legs."""

    def later(lab, server, clients):
        at = f'{lab.address(d.target)}:{d.port}'
        lab.haproxy(d.third, d.port + 4, {n: at for n in ('item', 'list', 'report')})

    d.tls = d.h2 = False
    d.place, d.proxied = d.random.choice(['client', 'bridge', 'proxy']), True
    d.fault['later'].append(later)


@kind('proxied-500', 'http', 'http.error_cluster|http.who_answered', 'server', 'server|third')
def proxied_500(d):
    behind_proxy(d)
    d.serve('status', Status=500, Share=d.random.choice([0.4, 1]), Ms=[1, 4])


@kind('proxied-slow', 'http', 'http.think_time', 'server', 'server|third')
def proxied_slow(d):
    behind_proxy(d)
    d.serve('delay', Ms=[400, 900])


@kind('proxied-refused', 'http', 'conn.refused|http.who_answered|http.error_cluster', 'server|proxy', 'server|third')
def proxied_refused(d):
    behind_proxy(d)
    d.fault['later'].append(lambda lab, server, clients: lab.at(d.since, server.kill))
    d.until, d.end = 'end', 99


@kind('healthy-proxied', 'healthy')
def healthy_proxied(d):
    behind_proxy(d)


@kind('healthy-idle', 'healthy')
def healthy_idle(d):
    d.listens['Idle'], d.rate, d.keep = 0.6, (900, 1500), True


@kind('two-slow-and-503', 'two', 'http.think_time', 'server')
def two_slow_and_503(d):
    d.serve('delay', Ms=[400, 800])
    d.serve_second('status', 'http.error_cluster', Status=503, Ms=[0, 2])


@kind('two-refused-and-slow', 'two', 'conn.refused', 'server')
def two_refused_and_slow(d):
    refused(d)
    d.serve_second('delay', 'http.think_time', Ms=[400, 800])


@kind('two-servfail-and-500', 'two', 'dns.server_failure', 'name_service|resolver', 'name|resolver')
def two_servfail_and_500(d):
    servfail(d)
    d.serve_second('status', 'http.error_cluster', Status=500, Ms=[0, 2])


@kind('two-loss-and-500', 'two', 'tcp.lossy_path|tcp.loss_stall|conn.syn_repeated', 'network')
def two_loss_and_500(d):
    d.relay(d.distance or 0, 12)
    d.serve_second('status', 'http.error_cluster', Status=500, Ms=[0, 2])


@kind('two-of-one-server', 'two', 'http.error_cluster', 'server')
def two_of_one_server(d):
    """One route answers 500, the other slowly."""
    d.tls = d.h2 = False
    d.serve('status', Path='/item', Status=500, Ms=[1, 4])
    d.serve('delay', Path='/list', Ms=[400, 800])
    d.serve('delay', Path='/report', Ms=[400, 800])
    d.callers = ['item']
    d.tell_also('http.think_time', 'server', 'server', 'list', 'report')


@kind('two-statuses', 'two', 'http.error_cluster', 'server')
def two_statuses(d):
    """One code twice, upon two services."""
    d.tls = d.h2 = False
    d.serve('status', Status=500, Ms=[1, 4])
    d.serve_second('status', 'http.error_cluster', Status=503, Ms=[0, 2])


@kind('two-slow', 'two', 'http.think_time', 'server')
def two_slow(d):
    d.serve('delay', Ms=[400, 800])
    d.serve_second('delay', 'http.think_time', Ms=[300, 500])


@kind('stopped-server', 'stop', 'http.think_time|time.periodic|conn.accept_queue|tcp.silent_peer|conn.no_answer', 'server')
def stopped_server(d):
    d.until = d.end = round(d.since + d.random.choice([1.5, 3]), 1)
    d.fault['later'].append(lambda lab, server, clients: lab.stop(server, d.since, d.until))
    d.may_time_out()


@kind('stopped-client', 'stop', 'client.stopped', 'client', 'client')
def stopped_client(d):
    d.until = d.end = round(d.since + d.random.choice([2, 3]), 1)
    d.fault['later'].append(lambda lab, server, clients: lab.stop(clients[0], d.since, d.until))


@kind('healthy', 'healthy')
def healthy(d):
    """As usual."""


@kind('healthy-loss', 'healthy')
def healthy_loss(d):
    d.fault['far'] = [(0, 25, 0.4)]


@kind('healthy-slow', 'healthy')
def healthy_slow(d):
    d.routes.insert(0, dict(d.routes[0], Path='/report', Delay=[700, 1500]))


@kind('healthy-404', 'healthy')
def healthy_404(d):
    d.routes[0]['Mix'] = {'404': 0.2}


# How one that is drawn is set up.


def hosts(d, lab):
    names = ('ns', *HOSTS, d.target, d.second, d.third, 'spare')
    at = dict(zip(names, d.last))
    resolver = f'{d.net}.{at["ns"]}' if d.v4 else f'{d.v6}::{at["ns"]:x}'
    conf = dict(resolvers=[resolver], options=d.options, search=d.search)
    for name in names:
        far = (d.fault['far'] or d.distance) if name == d.target else None
        if name != 'spare' or d.name in ('dead-address', 'half-of-addresses'):
            lab.host(name, at[name], far=far, **conf)
    for name in names[3:6]:
        lab.name(name)
    lab.dns('ns', faults=d.fault['dns'], changes=d.fault['names'], rotate=d.name in ('dead-address', 'half-of-addresses'))
    return resolver


def listener(d, lab, faulty=True):
    told = dict(Port=d.port, Routes=d.routes, Faults=list(d.fault['server']) if faulty else [], **d.listens)
    if d.tls:
        told['Cert'], told['Key'] = lab.certificate(d.full(d.target))
        told['HTTP1Only'] = not d.h2
    if faulty and 'certificate' in d.fault:
        name, days = d.fault['certificate']
        cert, key = lab.certificate(name, days=days)
        told['Faults'].append(dict(Since=d.since, Until=d.end, Do='cert', Cert=cert, Key=key))
    return told


def servers(d, lab):
    for i, name in enumerate((d.second, d.third), 1):
        lab.serve(name, dict(Port=d.port + i, Routes=SMALL, Faults=d.fault['second'] if i == 1 else []))
    if d.name == 'half-of-addresses':
        lab.serve('spare', dict(listener(d, lab), Faults=d.spare))
    return lab.serve(d.target, listener(d, lab))


def caller(d, program, name, url, every):
    """As clients/ and peer/client.go have it."""
    told = dict(Name=name, URL=f'{url}/{{n}}', Every=list(every))
    if d.timeout:
        told['Timeout'] = d.timeout * 1000 if program in ('go', 'node', 'java') else d.timeout
    if not d.keep and program == 'requests':
        told['Session'] = False
    if not d.keep and program == 'node':
        told['KeepAlive'] = False
    if d.body and program != 'java':
        told['Body'] = [d.body, d.body] if program == 'go' else d.body
    return told


def callers(d, program, host):
    """Two that call the server the fault is put upon, two that call others."""
    short = lambda name: name if d.search and d.random.random() < 0.6 else d.full(name)
    scheme, target = ('https', d.full(d.target)) if d.tls else ('http', short(d.target))
    other = d.random.choice(['list', 'report'])
    at = f'{short(d.third)}:{d.port + 4}' if d.proxied else f'{target}:{d.port}'
    return [
        caller(d, program, f'{host}-item', f'{scheme}://{at}/item', d.rate),
        caller(d, program, f'{host}-{other}', f'{scheme}://{at}/{other}', d.rate),
        caller(d, program, f'{host}-ping', f'http://{short(d.second)}:{d.port + 1}/ping', (150, 300)),
        caller(d, program, f'{host}-things', f'http://{short(d.third)}:{d.port + 2}/v2/things', (150, 400)),
    ]


def client(d, lab, program, host):
    """The client, and the names of those of its callers that the fault may hit."""
    found, ca = callers(d, program, host), lab.authority() if d.tls else None
    hit = [c['Name'] for c in found[:2]]
    if program == 'go':
        pool = dict(NoKeepAlive=not d.keep, **(dict(Proto='h2') if d.h2 else {}))
        for c in found[:2]:
            c['Pool'] = 'server'
        return lab.go(host, *found, pools={'server': pool}, ca=ca), hit
    for c in found[:2]:
        c['Http2'] = d.h2 and program == 'httpx'
    options = {}
    if program == 'java':
        options = dict(java=['-Dsun.net.inetaddr.ttl=1'], old=not d.h2 and d.random.random() < 0.5)
    return lab.other(host, program, *found, ca=ca, options=options), hit


def capture(d, lab):
    place = {'client': HOSTS[0], 'any': HOSTS[0], 'in': d.target, 'server': d.target, 'resolver': 'ns', 'proxy': d.third}
    more = dict(direction='in') if d.place == 'in' else {}
    lab.capture(place.get(d.place), 'any' if d.place == 'any' else 'eth0', **more)


def truth(d, lab, resolver, hit):
    if d.kind.what == 'healthy':
        # curl has no connection to keep
        lab.healthy(d.note(), allowed='conn.churn' if 'curl' in d.clients else '')
        return
    at = lambda host: f'{d.full(host)}|{lab.address(host)}'
    subjects = dict(name=d.full(d.target), server=at(d.target), second=at(d.second), third=at(d.third))
    subjects.update(resolver=resolver, client=lab.address(HOSTS[0]))
    subjects['spare'] = lab.address('spare') if 'spare' in lab.hosts else ''
    by = lambda ends: [f'{h}-{end}' for h in HOSTS for end in ends] + list(ends)

    def tell(codes, side, subject, callers):
        found = '|'.join(subjects[s] for s in subject.split('|'))
        when = dict(since=d.since, until=d.until, callers=callers)
        lab.truth(codes, side, found, note=d.note(), shows='tcp or udp', least=1, **when)

    tell(d.kind.codes, d.kind.side, d.kind.subject, by(d.callers) if d.callers else hit)
    for codes, side, subject, callers in d.also:
        tell(codes, side, subject, by(callers))


def describe(d):
    def run(lab):
        d.kind.prepare(d)
        resolver = hosts(d, lab)
        server = servers(d, lab)
        for rule, host in d.fault['filters']:
            lab.filter(rule, d.since, d.filter_end, host=host)
        clients = [client(d, lab, program, host) for host, program in zip(HOSTS, d.clients)]
        for later in d.fault['later']:
            later(lab, server, [process for process, _ in clients])
        capture(d, lab)
        truth(d, lab, resolver, sum((hit for _, hit in clients), []))

    return run


def draw():
    """INCIDENTS_RANDOM: SEED or SEED:COUNT."""
    seed, _, count = os.environ.get('INCIDENTS_RANDOM', '').partition(':')
    for i in range(int(count or 40) if seed else 0):
        d = Draw(int(seed), i)
        network = dict(net=d.net, domain=d.domain, v6=d.v6, v4=d.v4, warm=12)
        incident(f'r{seed}-{i:03d}-{d.name}', 'judge', **network)(describe(d))


draw()
