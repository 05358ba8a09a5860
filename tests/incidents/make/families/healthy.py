"""Nothing is wrong, and much looks like it: no cause may be named."""

import json
from . import incident

SMALL = [dict(Path='/', Delay=[4, 12], Size=[300, 900])]
FRESH = {'fresh': dict(NoKeepAlive=True)}


def services(lab, net, port, **routes):
    for i, (n, r) in enumerate(routes.items()):
        lab.host(n, 220 + i, resolvers=[f'{net}.2'])
        lab.name(n)
        lab.serve(n, dict(Port=port + i, Routes=r))


@incident('87-healthy-search-lists', 'tune', net='10.151.2', domain='prod.svc.cluster.test')
def search_lists(lab):
    """ndots:5 with three domains, Go, urllib and curl; a name that never existed is asked for by an agent every
    second.
    """
    lab.host('ns', 2)
    lab.host(
        'pod',
        101,
        resolvers=['10.151.2.2'],
        search='shop.svc.cluster.test svc.cluster.test cluster.test',
        options='ndots:5',
    )
    services(lab, '10.151.2', 9710, carts=SMALL, users=SMALL)
    lab.name('carts', 'carts.shop.svc.cluster.test')
    lab.name('users', 'users.partner.example')
    lab.dns('ns')
    lab.go(
        'pod',
        dict(Name='carts', URL='http://carts:9710/c/{n}', Every=[100, 200]),
        dict(Name='users', URL='http://users.partner.example:9711/u/{n}', Every=[100, 200]),
    )
    lab.other('pod', 'urllib', dict(Name='agent', URL='http://collector.monitoring:4318/v1/{n}', Every=[900, 1100]))
    lab.other('pod', 'curl', dict(Name='probe', URL='http://users.partner.example:9711/health', Every=[1500, 2000]))
    lab.capture('pod')
    lab.healthy('search lists that end well, a collector that never existed', shows='dns.flags.rcode==3')


@incident('88-healthy-many-404s', 'judge', net='10.152.3', domain='cache.test')
def many_404s(lab):
    """A third of the look-ups are 404 all the time, some 409 and 304; Java and Go."""
    lab.host('ns', 2)
    lab.host('front', 102, resolvers=['10.152.3.2'])
    services(
        lab,
        '10.152.3',
        9720,
        items=[dict(Path='/', Delay=[4, 12], Size=[300, 900], Mix={'404': 0.33, '304': 0.1})],
        locks=[dict(Path='/', Delay=[4, 12], Size=[300, 900], Mix={'409': 0.2, '423': 0.05})],
    )
    lab.dns('ns')
    lab.other('front', 'java', dict(Name='items', URL='http://items.cache.test:9720/i/{n}', Every=[60, 120]))
    lab.go(
        'front',
        dict(Name='locks', URL='http://locks.cache.test:9721/l/{n}', Every=[80, 160], Body=[100]),
        dict(Name='items-go', URL='http://items.cache.test:9720/i/{n}', Every=[80, 160]),
    )
    lab.capture('front')
    lab.healthy('404, 409 and 304 are answers here', shows='http.response.code==404')


@incident('89-healthy-slow-reports', 'tune', net='10.153.4', domain='finance.test', seconds=17)
def slow_reports(lab):
    """Reports take 1.5 to 3.5 s always, exports stream for 2 s; TLS without keys; Python and Go."""
    lab.host('ns', 2)
    lab.host('desk', 103, resolvers=['10.153.4.2'])
    lab.host('reports', 220)
    lab.host('rates', 221)
    lab.name('reports')
    lab.name('rates')
    lab.dns('ns')
    cert, key = lab.certificate('reports.finance.test')
    lab.serve(
        'reports',
        dict(
            Port=9743,
            Cert=cert,
            Key=key,
            Routes=[
                dict(Path='/report', Delay=[1500, 3500], Size=[900, 3000]),
                dict(Path='/export', Delay=[20, 50], Size=[6000, 9000], Chunks=20, Gap=[80, 120]),
                dict(Path='/', Delay=[4, 12], Size=[300, 900]),
            ],
        ),
    )
    lab.serve('rates', dict(Port=9744, Routes=[dict(Path='/audit', Delay=[900, 1600], Size=[500, 900]), *SMALL]))
    lab.other(
        'desk',
        'requests',
        dict(Name='report', URL='https://reports.finance.test:9743/report/{n}', Every=[1000, 2000], Workers=2),
        dict(Name='export', URL='https://reports.finance.test:9743/export/{n}', Every=[2000, 2500]),
        ca=lab.authority(),
    )
    lab.go(
        'desk',
        dict(Name='list', URL='https://reports.finance.test:9743/list/{n}', Every=[250, 400], Pool='h2'),
        dict(Name='rates', URL='http://rates.finance.test:9744/r/{n}', Every=[100, 200]),
        dict(Name='audit', URL='http://rates.finance.test:9744/audit/{n}', Every=[2000, 3000]),
        pools={'h2': dict(Proto='h2')},
        ca=lab.authority(),
    )
    lab.capture('desk')
    lab.healthy('reports and exports that always take long', shows='http.response && http.time>0.8')


@incident('90-healthy-long-polls-and-events', 'judge', net='10.154.5', domain='chat.test', seconds=18)
def long_polls(lab):
    """Long polls of 2 to 6 s, event streams, WebSockets; one event stream and one socket begin and end outside
    the capture.
    """
    lab.host('ns', 2)
    lab.host('tab', 104, resolvers=['10.154.5.2'])
    lab.host('rooms', 220)
    lab.name('rooms')
    lab.dns('ns')
    lab.serve(
        'rooms',
        dict(
            Port=9750,
            Routes=[
                dict(Path='/poll', Delay=[2000, 6000], Size=[20, 400]),
                dict(Path='/events', Kind='events', Gap=[300, 900]),
                dict(Path='/ws', Kind='socket', Gap=[400, 1200]),
                *SMALL,
            ],
        ),
    )
    base = 'http://rooms.chat.test:9750'
    lab.go(
        'tab',
        dict(Name='poll', URL=f'{base}/poll/{{n}}', Workers=3, Every=[10, 30]),
        dict(Name='events', URL=f'{base}/events/{{n}}', Workers=2, Every=[100, 200], Leave=5200),
        dict(Name='always', URL=f'{base}/events/all', Workers=1, Every=[100, 200]),
        dict(Name='socket', URL=f'{base}/ws/{{n}}', Socket=True, Workers=2, Every=[10, 20]),
        dict(Name='send', URL=f'{base}/send/{{n}}', Every=[150, 300], Body=[100, 300]),
    )
    lab.capture('tab', since=2.5, until=16)
    lab.healthy(
        'long polls, event streams and sockets',
        shows=['http.response.code==101 || tcp.payload contains "data: "', 'http.response && http.time>2'],
    )


@incident('91-healthy-callers-that-leave', 'tune', net='10.155.6', domain='search.test')
def leavers(lab):
    """Search as you type: two of three calls are left after 60 to 90 ms by design; 500s nowhere. Go; at the
    server.
    """
    lab.host('ns', 2)
    lab.host('web', 105, resolvers=['10.155.6.2'])
    services(lab, '10.155.6', 9760, suggest=[dict(Path='/', Delay=[50, 160], Size=[300, 900])], spell=SMALL)
    lab.dns('ns')
    lab.go(
        'web',
        dict(Name='type', URL='http://suggest.search.test:9760/s/{n}', Every=[60, 120], Leave=75, LeaveShare=0.66),
        dict(Name='spell', URL='http://spell.search.test:9761/w/{n}', Every=[80, 160]),
    )
    lab.capture('suggest')
    lab.healthy('callers that leave as they mean to, all the time', shows='tcp.dstport==9760 && tcp.flags.reset==1')


@incident('92-healthy-far-and-lossy', 'judge', net='10.156.7', domain='overseas.test', seconds=16)
def far_and_lossy(lab):
    """160 ms away, 0.4 % loss both ways: a few repeats; TLS and plain; Python."""
    lab.host('ns', 2)
    lab.host('office', 106, resolvers=['10.156.7.2'])
    lab.host('sydney', 220, far=[(0, 80, 0.4)])
    lab.host('local', 221)
    lab.name('sydney')
    lab.name('local')
    lab.dns('ns')
    cert, key = lab.certificate('sydney.overseas.test')
    lab.serve(
        'sydney',
        dict(Port=9770, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 6000])]),
        dict(Port=9771, Cert=cert, Key=key, HTTP1Only=True, Routes=SMALL),
    )
    lab.serve('local', dict(Port=9772, Routes=SMALL))
    lab.other(
        'office',
        'requests',
        dict(Name='plain', URL='http://sydney.overseas.test:9770/p/{n}', Every=[150, 250], Workers=3),
        dict(Name='tls', URL='https://sydney.overseas.test:9771/t/{n}', Every=[200, 300]),
        ca=lab.authority(),
    )
    lab.go('office', dict(Name='local', URL='http://local.overseas.test:9772/l/{n}', Every=[100, 200]))
    lab.capture('office')
    lab.healthy('far away, and a packet lost now and then', shows='tcp.srcport==9770 && http.time>0.15')


@incident('93-healthy-from-the-middle', 'tune', net='10.157.8', domain='stream.test', seconds=16)
def from_the_middle(lab):
    """A capture of 7 s in the middle of busy connections and of a download that is longer than it."""
    lab.host('ns', 2)
    lab.host('player', 107, resolvers=['10.157.8.2'])
    services(
        lab,
        '10.157.8',
        9780,
        media=[dict(Path='/film', Delay=[5, 10], Size=[90000, 90000], Chunks=140, Gap=[100, 130]), *SMALL],
        index=SMALL,
    )
    lab.dns('ns')
    lab.go(
        'player',
        dict(Name='film', URL='http://media.stream.test:9780/film/{n}', Workers=2, Every=[10, 20]),
        dict(Name='seg', URL='http://media.stream.test:9780/seg/{n}', Every=[80, 160]),
        dict(Name='index', URL='http://index.stream.test:9781/i/{n}', Every=[60, 120]),
    )
    lab.capture('player', since=5, until=12)
    lab.healthy('connections that began before and end after', shows='tcp.srcport==9780')


@incident('94-healthy-churn-that-costs-nothing', 'judge', net='10.158.9', domain='probes.test')
def cheap_churn(lab):
    """Probes of a local net: curl and Python open a connection each time (HTTP/1.0 and close), a balancer's
    check connects and says nothing.
    """
    lab.host('ns', 2)
    lab.host('monitor', 108, resolvers=['10.158.9.2'])
    services(lab, '10.158.9', 9790, one=SMALL, two=[dict(SMALL[0], Header={'Connection': 'close'})], three=SMALL)
    lab.host('balancer', 109)
    lab.dns('ns')
    lab.haproxy('balancer', 8600, {'one': '10.158.9.220:9790'}, check=True)
    lab.other(
        'monitor',
        'curl',
        *[
            dict(
                Name=n,
                URL=f'http://{n}.probes.test:{9790 + i}/health',
                Every=[400, 700],
                Args=['-0'] if n == 'three' else [],
            )
            for i, n in enumerate(('one', 'two', 'three'))
        ],
    )
    lab.other(
        'monitor',
        'requests',
        dict(Name='two-py', URL='http://two.probes.test:9791/h/{n}', Every=[80, 140], Session=False),
    )
    lab.capture()
    lab.healthy('a connection for each probe, at no cost', shows='tcp.flags.syn==1 && tcp.flags.ack==0')


@incident('95-healthy-names-that-never-were', 'tune', net='10.159.1', domain='lab9.test', v6='fd91:5:2')
def never_were(lab):
    """Printer, WPAD and telemetry names that never existed, asked for now and then and in a burst at 8 s; calls
    go on over IPv6 and IPv4.
    """
    lab.host('ns', 2)
    lab.host('pc', 110, resolvers=['10.159.1.2'], search='lab9.test corp.test')
    services(lab, '10.159.1', 9810, files=SMALL, tasks=SMALL)
    lab.dns('ns')
    lab.go(
        'pc',
        dict(Name='files', URL='http://files.lab9.test:9810/f/{n}', Every=[80, 160], Pool='fresh'),
        dict(Name='tasks', URL='http://tasks.lab9.test:9811/t/{n}', Every=[80, 160]),
        pools=FRESH,
    )
    lab.other(
        'pc',
        'urllib',
        dict(Name='wpad', URL='http://wpad/wpad.dat', Every=[2500, 3500]),
        dict(Name='printer', URL='http://printer-3.lab9.test:631/jobs', Every=[1500, 2500]),
    )
    lab.other(
        'pc',
        'urllib',
        dict(Name='telemetry', URL='http://telemetry.vendor.example:443/t', Every=[150, 250], Since=8, Until=10),
        label='burst',
    )
    lab.capture('pc', 'any')
    lab.healthy('names that never existed', shows='dns.flags.rcode==3 && dns.qry.name contains "telemetry"')


@incident('96-healthy-grpc-and-restarts', 'judge', net='10.160.2', domain='fleet.test', seconds=16)
def grpc_and_restart(lab):
    """gRPC with a few NOT_FOUND all the time, HTTP/2 beside it; a service is replaced by another host without a
    failed call (the name moves, old connections are closed when idle).
    """
    lab.host('ns', 2)
    lab.host('dispatch', 111, resolvers=['10.160.2.2'])
    lab.host('cars', 220)
    lab.host('old', 221)
    lab.host('new', 222)
    lab.name('cars')
    lab.name('old', 'jobs', ttl=2)
    lab.dns('ns', changes=[(7, 'jobs.fleet.test', ['10.160.2.222'])])
    lab.python_server(
        'cars',
        'rpc',
        50081,
        json.dumps(
            {
                'Find': dict(
                    ms=[5, 20], faults=[dict(since=0, until=99, share=0.12, code='NOT_FOUND', words='no such car')]
                ),
                'Where': dict(ms=[3, 8]),
            }
        ),
    )
    for n in ('old', 'new'):
        lab.serve(
            n,
            dict(Port=9820, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900], Header={'Connection': 'close'})]),
        )
    lab.other(
        'dispatch',
        'grpc',
        dict(Name='find', URL='cars.fleet.test:50081/fleet.Cars/Find', Every=[100, 200], Workers=2),
        dict(Name='where', URL='cars.fleet.test:50081/fleet.Cars/Where', Every=[100, 200]),
    )
    lab.go('dispatch', dict(Name='jobs', URL='http://jobs.fleet.test:9820/j/{n}', Every=[100, 200]))
    lab.capture('dispatch', 'any')
    lab.healthy('NOT_FOUND now and then, a service that moves without harm', shows=['http2', 'dns.a==10.160.2.222'])


@incident('97-healthy-batch-and-ramp', 'tune', net='10.161.3', domain='ramp.test', seconds=15)
def batch_and_ramp(lab):
    """A batch job works as fast as it can with four workers, an open load doubles and falls: answers stay as
    fast. At the server.
    """
    lab.host('ns', 2)
    lab.host('app', 112, resolvers=['10.161.3.2'])
    lab.host('batch', 113, resolvers=['10.161.3.2'])
    services(lab, '10.161.3', 9830, store=SMALL, log=SMALL)
    lab.dns('ns')
    lab.go(
        'app',
        dict(Name='store', URL='http://store.ramp.test:9830/s/{n}', Every=[60, 120]),
        dict(Name='more', URL='http://store.ramp.test:9830/s/{n}', Every=[60, 100], Since=5, Until=10),
        dict(Name='log', URL='http://log.ramp.test:9831/l/{n}', Every=[80, 160]),
        pools={'': dict(MaxIdle=20)},
    )
    lab.go(
        'batch',
        dict(Name='batch', URL='http://store.ramp.test:9830/b/{n}', Workers=4, Every=[0, 3], Since=3, Until=11),
    )
    lab.capture('store', snaplen=260)
    lab.healthy('a closed loop of four and a load that doubles, both at no cost', shows='http.response')


@incident('98-healthy-redirects-and-challenges', 'judge', net='10.162.4', domain='gatekeeper.test')
def redirects(lab):
    """302 to another path, 401 before each session's first call, 206, 204 and HEAD; uploads with 100 Continue;
    curl and Go.
    """
    lab.host('ns', 2)
    lab.host('kiosk', 114, resolvers=['10.162.4.2'])
    services(
        lab,
        '10.162.4',
        9840,
        site=[
            dict(Path='/old', Delay=[1, 3], Size=[80, 80], Status=302, Header={'Location': '/new/1'}),
            dict(Path='/login', Delay=[1, 3], Size=[80, 80], Mix={'401': 0.5}),
            dict(Path='/part', Delay=[3, 9], Size=[4000, 9000], Status=206),
            dict(Path='/none', Delay=[1, 3], Status=204),
            *SMALL,
        ],
    )
    lab.dns('ns')
    base = 'http://site.gatekeeper.test:9840'
    lab.go(
        'kiosk',
        dict(Name='old', URL=f'{base}/old/{{n}}', Every=[150, 250]),
        dict(Name='login', URL=f'{base}/login/{{n}}', Every=[250, 400]),
        dict(Name='part', URL=f'{base}/part/{{n}}', Every=[120, 240]),
        dict(Name='none', URL=f'{base}/none/{{n}}', Every=[200, 300], Method='PUT', Body=[90]),
        dict(Name='head', URL=f'{base}/new/{{n}}', Every=[200, 300], Method='HEAD'),
        dict(Name='up', URL=f'{base}/up/{{n}}', Every=[200, 300], Body=[5000], Expect=True),
    )
    lab.other('kiosk', 'curl', dict(Name='curl', URL=f'{base}/old/{{n}}', Every=[400, 600], Args=['-L']))
    lab.capture('kiosk')
    lab.healthy('redirects, challenges, parts and nothing to say', shows='http.response.code==302')
