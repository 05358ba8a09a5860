"""Limits that are reached: ports, windows, what a server takes; and names that something on the way does not like."""

from . import incident

SMALL = [dict(Path='/', Delay=[4, 12], Size=[300, 900])]


def hosts(lab, *names):
    """(name, last number of its address); the first is the resolver."""
    net = names[0][1]
    for name, last in names:
        lab.host(name, last, resolvers=[f'{lab.net}.{net}'])


@incident('162-ports-used-up', 'tune', net='10.240.2', domain='quay.test', seconds=18)
def ports(lab):
    """A Python client opens a connection for each call and closes it first; its host lends it 96 ports, each of which stays in
    TIME_WAIT for a minute. From the 97th call on none can be opened; its calls to another service use few.
    """
    hosts(lab, ('ns', 2), ('crawl', 21), ('cranes', 41), ('tides', 42))
    lab.sysctl('crawl', 'net.ipv4.ip_local_port_range="41000 41095"')
    lab.name('cranes')
    lab.name('tides')
    lab.dns('ns')
    lab.serve('cranes', dict(Port=9801, Routes=SMALL))
    lab.serve('tides', dict(Port=9802, Routes=SMALL))
    lab.other(
        'crawl', 'requests', dict(Name='cranes', URL='http://cranes.quay.test:9801/c/{n}', Every=[40, 70], Session=False)
    )
    lab.go('crawl', dict(Name='tides', URL='http://tides.quay.test:9802/t/{n}', Every=[150, 250]))
    lab.capture('crawl')
    lab.truth(
        'conn.port_exhaustion',
        'client',
        '10.240.2.21',
        since=7,
        until='end',
        callers=['cranes'],
        note='no port is free for one more connection: calls fail before their SYN',
        not_to_blame='cranes; tides; network; resolver',
        shows='dns.flags.response==1 && dns.qry.name=="cranes.quay.test"',
    )


@incident('163-one-name-filtered', 'judge', net='10.241.3', domain='reading.test', seconds=17)
def filtered(lab):
    """Something on the way drops ClientHellos that name one of two hosts at an address (Python, TLS 1.3)."""
    hosts(lab, ('ns', 3), ('desk', 22))
    lab.host('shelf', 43, far=[(0, 1, 0), (6, 1, 0, 'novels.reading.test')])
    cert, key = lab.certificate('*.reading.test')
    lab.name('shelf', 'novels')
    lab.name('shelf', 'poems')
    lab.dns('ns')
    lab.serve('shelf', dict(Port=9811, Cert=cert, Key=key, HTTP1Only=True, Routes=SMALL))
    for name in ('novels', 'poems'):
        lab.other(
            'desk',
            'requests',
            dict(Name=name, URL=f'https://{name}.reading.test:9811/{name}/{{n}}', Every=[300, 500], Session=False, Timeout=2.5),
            label=name,
            ca=lab.authority(),
        )
    lab.capture('desk')
    lab.truth(
        'tls.hello_dropped',
        'network',
        'novels.reading.test|10.241.3.43',
        since=6,
        until='end',
        callers=['novels'],
        note='ClientHellos for novels.reading.test are never acknowledged, those for poems.reading.test are',
        not_to_blame='poems; the host',
        shows='tcp.dstport==9811 && tcp.len>500 && tcp.analysis.retransmission',
    )


@incident('164-restarts-under-calls', 'judge', net='10.243.5', domain='loom.test', seconds=16)
def restarts(lab):
    """A server restarts again and again and leaves its calls 150 ms: GOAWAY, and then the connection is gone (HTTP/2
    without TLS)."""
    hosts(lab, ('ns', 5), ('mill', 24), ('warp', 46), ('weft', 47))
    lab.name('warp')
    lab.name('weft')
    lab.dns('ns')
    lab.serve('warp', dict(Port=9831, H2C=True, Restart=[5, 7, 9, 11], Routes=[dict(Path='/', Delay=[200, 400], Size=[300, 900])]))
    lab.serve('weft', dict(Port=9832, H2C=True, Routes=SMALL))
    lab.go(
        'mill',
        dict(Name='warp', URL='http://warp.loom.test:9831/w/{n}', Every=[60, 100], Workers=8, Pool='h2'),
        dict(Name='weft', URL='http://weft.loom.test:9832/f/{n}', Every=[100, 200], Pool='h2'),
        pools={'h2': dict(Proto='h2c')},
    )
    lab.capture('mill')
    lab.truth(
        'http2.goaway|conn.reset_midway',
        'server',
        'warp.loom.test|10.243.5.46',
        since=5,
        until=11.2,
        callers=['warp'],
        note='GOAWAY, and 150 ms later the connection ends under calls that take 200 to 400 ms',
        not_to_blame='weft; network',
        shows='http2.type==7',
        least=3,
    )


@incident('165-small-receive-buffer', 'judge', net='10.244.6', domain='scans.test', seconds=17)
def small_buffer(lab):
    """A client 30 ms away allows 16 KB on their way: its downloads take a round trip for each. Another client of the same
    server has a usual buffer."""
    hosts(lab, ('ns', 6), ('near', 26), ('plates', 48))
    lab.host('old', 25, far=30, resolvers=['10.244.6.6'])
    lab.name('plates')
    lab.dns('ns')
    lab.serve('plates', dict(Port=9841, Routes=[dict(Path='/big', Delay=[4, 12], Size=[300000, 400000]), *SMALL]))
    for host, pool in (('old', dict(Rcvbuf=8192)), ('near', {})):
        lab.go(
            host,
            dict(Name=f'{host}-big', URL='http://plates.scans.test:9841/big/{n}', Every=[900, 1300]),
            dict(Name=f'{host}-small', URL='http://plates.scans.test:9841/s/{n}', Every=[150, 250], Pool='small'),
            pools={'': dict(pool, MaxIdle=4), 'small': {}},
        )
    lab.capture('old')
    lab.truth(
        'tcp.window_limited',
        'client',
        '10.244.6.25',
        since=0,
        until='end',
        callers=['old-big'],
        note="as many bytes a round trip as the client's window allows, all the time",
        not_to_blame='plates; near; network',
        shows='tcp.srcport==9841 && tcp.len>1000',
        least=500,
    )


@incident('166-healthy-goaways', 'judge', net='10.245.7', domain='parks.test', seconds=15)
def goaways(lab):
    """nginx ends each HTTP/2 connection after 20 requests with GOAWAY and NO_ERROR; nobody loses a call."""
    hosts(lab, ('ns', 7), ('web', 27), ('edge', 49), ('trees', 50))
    lab.name('edge')
    lab.name('trees')
    lab.dns('ns')
    lab.serve('trees', dict(Port=9851, Routes=SMALL))
    lab.nginx('edge', 9852, {'trees': f"{lab.address('trees')}:9851"}, listen='http2', settings='keepalive_requests 20;')
    lab.go(
        'web',
        dict(Name='trees', URL='http://edge.parks.test:9852/trees/{n}', Every=[30, 60], Workers=2, Pool='h2'),
        pools={'h2': dict(Proto='h2c')},
    )
    lab.capture('web')
    lab.healthy('GOAWAY after every 20 requests', shows='http2.type==7')


@incident('167-healthy-slow-start', 'judge', net='10.246.8', domain='archive.test', seconds=15)
def slow_start(lab):
    """A client 25 ms away fetches 200 to 400 KB over a new connection each time: some round trips of slow start, and no
    window, loss or pause."""
    hosts(lab, ('ns', 8), ('vault', 52))
    lab.host('reader', 51, far=25, resolvers=['10.246.8.8'])
    lab.name('vault')
    lab.dns('ns')
    lab.serve('vault', dict(Port=9861, Routes=[dict(Path='/', Delay=[4, 12], Size=[200000, 400000])]))
    lab.go(
        'reader',
        dict(Name='vault', URL='http://vault.archive.test:9861/v/{n}', Every=[900, 1300], Pool='fresh'),
        pools={'fresh': dict(NoKeepAlive=True)},
    )
    lab.capture('reader')
    lab.healthy('new connections to a far server, whose slow start takes most of the time', shows='tcp.srcport==9861 && tcp.len>1000')
