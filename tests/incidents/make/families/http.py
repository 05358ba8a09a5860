"""Answers that are late, wrong, cut or never come, and who gave them."""

import json
from . import incident

SMALL = [dict(Path='/', Delay=[4, 12], Size=[300, 900])]
FRESH = {'fresh': dict(NoKeepAlive=True)}


@incident('55-grpc-deadline', 'tune', net='10.101.2', domain='rides.test', seconds=16)
def grpc_deadline(lab):
    """gRPC (grpcio on both sides): one method slows to 0.5..0.9 s from 6 s on; its callers' deadline is 0.4 s."""
    for name, last in (('ns', 2), ('front', 60), ('quotes', 141)):
        lab.host(name, last, resolvers=['10.101.2.2'])
    lab.name('quotes')
    lab.dns('ns')
    lab.python_server(
        'quotes',
        'rpc',
        50061,
        json.dumps(
            {'Price': dict(ms=[8, 20], faults=[dict(since=6, until=12, ms=[500, 900])]), 'Zone': dict(ms=[3, 8])}
        ),
    )
    lab.other(
        'front',
        'grpc',
        dict(
            Name='price', URL='quotes.rides.test:50061/rides.Quotes/Price', Every=[150, 250], Timeout=0.4, Workers=3
        ),
        dict(Name='zone', URL='quotes.rides.test:50061/rides.Quotes/Zone', Every=[120, 200], Timeout=0.4),
    )
    lab.capture('front')
    lab.truth(
        'grpc.deadline|http.think_time|http.gave_up',
        'server|client',
        'quotes.rides.test|10.101.2.141',
        since=6,
        until=12,
        callers=['price'],
        note='Price takes 0.5 to 0.9 s, the deadline (grpc-timeout) is 0.4 s',
        not_to_blame='network; Zone',
        shows='http2.type==3',
    )


@incident('56-grpc-unavailable', 'judge', net='10.102.3', domain='parcel.test')
def grpc_unavailable(lab):
    """gRPC: one method answers UNAVAILABLE (grpc-status 14, HTTP 200) for two thirds of its calls from 5 s on;
    at the server.
    """
    for name, last in (('ns', 3), ('gateway', 61), ('routes', 142)):
        lab.host(name, last, resolvers=['10.102.3.3'])
    lab.name('routes')
    lab.dns('ns')
    lab.python_server(
        'routes',
        'rpc',
        50071,
        json.dumps(
            {
                'Plan': dict(ms=[8, 20], faults=[dict(since=5, until=12, share=0.67, code='UNAVAILABLE')]),
                'Check': dict(ms=[3, 8]),
            }
        ),
    )
    lab.other(
        'gateway',
        'grpc',
        dict(Name='plan', URL='routes.parcel.test:50071/parcel.Routes/Plan', Every=[120, 220], Workers=2),
        dict(Name='check', URL='routes.parcel.test:50071/parcel.Routes/Check', Every=[120, 200]),
    )
    lab.capture('routes')
    lab.truth(
        'grpc.status|http.error_cluster',
        'server',
        'routes.parcel.test|10.102.3.142',
        since=5,
        until=12,
        callers=['plan'],
        note='grpc-status 14 of Plan',
        not_to_blame='network; Check',
        shows='http2.header.value=="14"',
    )


@incident('57-errors-of-one-route', 'tune', net='10.103.4', domain='menu.test')
def errors_of_one_route(lab):
    """Java: POST /order is answered 500 in 60 % from 6 s to 11 s; GET /menu of the same service is fine."""
    for name, last in (('ns', 4), ('pos', 62), ('kitchen', 143), ('bar', 144)):
        lab.host(name, last, resolvers=['10.103.4.4'])
    lab.name('kitchen')
    lab.name('bar')
    lab.dns('ns')
    lab.serve(
        'kitchen',
        dict(
            Port=9210,
            Routes=SMALL,
            Faults=[dict(Since=6, Until=11, Path='/order', Do='status', Status=500, Share=0.6, Ms=[1, 3])],
        ),
    )
    lab.serve('bar', dict(Port=9211, Routes=SMALL))
    lab.other(
        'pos',
        'java',
        dict(Name='order', URL='http://kitchen.menu.test:9210/order/{n}', Every=[100, 200], Body=600),
        dict(Name='menu', URL='http://kitchen.menu.test:9210/menu/{n}', Every=[100, 200]),
    )
    lab.go('pos', dict(Name='bar', URL='http://bar.menu.test:9211/b/{n}', Every=[100, 200]))
    lab.capture('pos')
    lab.truth(
        'http.error_cluster',
        'server',
        'kitchen.menu.test|10.103.4.143',
        since=6,
        until=11,
        callers=['order'],
        note='500 for 60 % of POST /order',
        not_to_blame='network; /menu; bar',
        shows='http.response.code==500',
    )


@incident('58-token-expired', 'judge', net='10.104.5', domain='badge.test')
def token_expired(lab):
    """From 7 s on every call of one service is answered 401: the client's token is no longer valid. httpx."""
    for name, last in (('ns', 5), ('door', 63), ('access', 145), ('clock', 146)):
        lab.host(name, last, resolvers=['10.104.5.5'])
    lab.name('access')
    lab.name('clock')
    lab.dns('ns')
    lab.serve(
        'access', dict(Port=9220, Routes=SMALL, Faults=[dict(Since=7, Until=99, Path='/', Do='status', Status=401)])
    )
    lab.serve('clock', dict(Port=9221, Routes=SMALL))
    lab.other(
        'door',
        'httpx',
        dict(
            Name='access',
            URL='http://access.badge.test:9220/in/{n}',
            Every=[150, 250],
            Workers=2,
            Header={'Authorization': 'Bearer 6cf1e0aa'},
        ),
    )
    lab.go('door', dict(Name='clock', URL='http://clock.badge.test:9221/c/{n}', Every=[100, 200]))
    lab.capture('door', 'any')
    lab.truth(
        'http.error_cluster',
        'client|server',
        'access.badge.test|10.104.5.145',
        since=7,
        until='end',
        callers=['access'],
        note='401 for every call',
        not_to_blame='network; clock',
        bad=400,
        shows='http.response.code==401',
    )


@incident('59-upstream-hangs-behind-proxy', 'tune', net='10.105.6', domain='atlas.test', seconds=17)
def upstream_hangs(lab):
    """nginx before two services; one hangs from 5 s to 11 s, nginx answers 504 after its 1.5 s. Both legs are
    seen at nginx.
    """
    for name, last in (('ns', 6), ('web', 64), ('proxy', 200), ('places', 147), ('photos', 148)):
        lab.host(name, last, resolvers=['10.105.6.6'])
    lab.name('proxy')
    lab.dns('ns')
    lab.serve('places', dict(Port=9230, Routes=SMALL, Faults=[dict(Since=5, Until=11, Path='/', Do='hang')]))
    lab.serve('photos', dict(Port=9231, Routes=SMALL))
    services = {'places': '10.105.6.147:9230', 'photos': '10.105.6.148:9231'}
    lab.nginx('proxy', 8300, services, 'proxy_read_timeout 1500ms;')
    lab.go(
        'web',
        dict(Name='places', URL='http://proxy.atlas.test:8300/places/{n}', Every=[150, 300]),
        dict(Name='photos', URL='http://proxy.atlas.test:8300/photos/{n}', Every=[100, 200]),
    )
    lab.capture('proxy')
    lab.truth(
        'http.think_time|conn.closed_by_client|http.gave_up|http.who_answered',
        'server',
        '10.105.6.147',
        since=5,
        until=11.5,
        callers=['places'],
        note='the upstream does not answer; nginx gives up after 1.5 s and answers 504',
        not_to_blame='proxy; photos; network',
        shows=['http.response.code==504', 'ip.src==10.105.6.200 && tcp.dstport==9230 && tcp.flags.fin==1'],
    )


@incident('60-balancer-without-servers', 'judge', net='10.106.7', domain='plaza.test')
def no_servers(lab):
    """haproxy answers 503 itself, for its checks found no server of one service; only the client's side is
    captured.
    """
    for name, last in (('ns', 7), ('app', 65), ('lb', 201), ('carts', 149), ('offers', 150)):
        lab.host(name, last, resolvers=['10.106.7.7'])
    lab.name('lb')
    lab.dns('ns')
    carts = lab.serve('carts', dict(Port=9240, Routes=SMALL))
    lab.serve('offers', dict(Port=9241, Routes=SMALL))
    lab.haproxy('lb', 8400, {'carts': '10.106.7.149:9240', 'offers': '10.106.7.150:9241'}, check=True)
    lab.at(5.0, carts.kill)
    lab.go(
        'app',
        dict(Name='carts', URL='http://lb.plaza.test:8400/carts/{n}', Every=[100, 200]),
        dict(Name='offers', URL='http://lb.plaza.test:8400/offers/{n}', Every=[100, 200]),
    )
    lab.capture('app')
    lab.truth(
        'http.who_answered|http.error_cluster',
        'proxy|server',
        'lb.plaza.test|10.106.7.201',
        since=5,
        until='end',
        callers=['carts'],
        note='503 of the balancer itself, at once; the other leg is not in the capture',
        not_to_blame='network; /offers',
        shows='http.response.code==503',
    )


@incident('61-no-100-continue', 'judge', net='10.107.8', domain='scanbox.test')
def no_continue(lab):
    """curl asks Expect: 100-continue, Python's HTTP/1.0 server never says it: 1 s lost for each upload."""
    for name, last in (('ns', 8), ('scanner', 66), ('box', 151), ('index', 152)):
        lab.host(name, last, resolvers=['10.107.8.8'])
    lab.name('box')
    lab.name('index')
    lab.dns('ns')
    lab.python_server('box', 'plain', 9250, 'HTTP/1.0')
    lab.serve('index', dict(Port=9251, Routes=SMALL))
    lab.other(
        'scanner',
        'curl',
        dict(
            Name='box',
            URL='http://box.scanbox.test:9250/page/{n}',
            Every=[700, 1100],
            Body=5000,
            Workers=2,
            Header={'Expect': '100-continue'},
        ),
    )
    lab.go('scanner', dict(Name='index', URL='http://index.scanbox.test:9251/i/{n}', Every=[100, 200]))
    lab.capture('scanner')
    lab.truth(
        'http.continue_expired',
        'server',
        'box.scanbox.test|10.107.8.151',
        since=0,
        until='end',
        callers=['box'],
        note='no 100 Continue; the body follows after 1 s',
        not_to_blame='network; scanner; index',
        shows='ip.dst==10.107.8.151 && tcp.len>1000 && tcp.time_delta>0.9',
    )


@incident('62-answers-cut-short', 'tune', net='10.108.9', domain='library.test')
def cut_short(lab):
    """The server breaks off answers of a known length after two fifths (from 5 s, 70 %); requests and Go; bridge."""
    for name, last in (('ns', 9), ('reader', 67), ('books', 153), ('loans', 154)):
        lab.host(name, last, resolvers=['10.108.9.9'])
    lab.name('books')
    lab.name('loans')
    lab.dns('ns')
    lab.serve(
        'books',
        dict(
            Port=9260,
            Routes=[dict(Path='/', Delay=[5, 15], Size=[8000, 20000])],
            Faults=[dict(Since=5, Until=12, Path='/', Do='truncate', Share=0.7)],
        ),
    )
    lab.serve('loans', dict(Port=9261, Routes=SMALL))
    lab.other(
        'reader', 'requests', dict(Name='books-py', URL='http://books.library.test:9260/b/{n}', Every=[250, 400])
    )
    lab.go(
        'reader',
        dict(Name='books', URL='http://books.library.test:9260/b/{n}', Every=[150, 300]),
        dict(Name='loans', URL='http://loans.library.test:9261/l/{n}', Every=[100, 200]),
    )
    lab.capture()
    lab.truth(
        'http.truncated|conn.reset_midway|conn.closed_by_server',
        'server',
        'books.library.test|10.108.9.153',
        since=5,
        until=12,
        callers=['books', 'books-py'],
        note='FIN of the server in the middle of the body',
        not_to_blame='network; loans',
        shows='tcp.srcport==9260 && tcp.flags.fin==1',
    )


@incident('63-four-streams-allowed', 'judge', net='10.109.1', domain='feeds.test', seconds=16)
def four_streams(lab):
    """gRPC: the server allows 4 streams a connection and needs 0.1 s for each; from 5 s on more calls are due
    than that. grpcio's client queues them.
    """
    for name, last in (('ns', 10), ('agg', 68), ('feed', 155), ('tags', 156)):
        lab.host(name, last, resolvers=['10.109.1.10'])
    lab.name('feed')
    lab.name('tags')
    lab.dns('ns')
    lab.python_server(
        'feed',
        'rpc',
        50091,
        json.dumps({'Item': dict(ms=[90, 120]), 'options': [['grpc.max_concurrent_streams', 4]]}),
    )
    lab.serve('tags', dict(Port=9271, Routes=SMALL))
    item = 'feed.feeds.test:50091/feeds.Feed/Item'
    lab.other(
        'agg',
        'grpc',
        dict(Name='feed', URL=item, Every=[90, 170]),
        dict(Name='burst', URL=item, Every=[150, 250], Since=5, Until=11, Workers=14),
        options=dict(channel=[['grpc.use_local_subchannel_pool', 0]]),
    )
    lab.go('agg', dict(Name='tags', URL='http://tags.feeds.test:9271/t/{n}', Every=[100, 200]))
    lab.capture('agg')
    lab.truth(
        'http2.max_streams|conn.pool_wait',
        'server|client',
        'feed.feeds.test|10.109.1.155',
        since=5,
        until=12,
        callers=['feed', 'burst'],
        note='four streams open without a gap (SETTINGS_MAX_CONCURRENT_STREAMS 4); calls queue in the client',
        not_to_blame='network; tags',
        shows='http2.type==1 && tcp.dstport==50091',
    )


@incident('64-streams-aborted', 'tune', net='10.110.2', domain='sensor.test')
def streams_aborted(lab):
    """HTTP/2 without TLS: the server resets half of the streams of one route (INTERNAL_ERROR) from 6 s to 11 s."""
    for name, last in (('ns', 11), ('hub', 69), ('probe', 157)):
        lab.host(name, last, resolvers=['10.110.2.11'])
    lab.name('probe')
    lab.dns('ns')
    lab.serve(
        'probe',
        dict(
            Port=9280,
            H2C=True,
            Routes=SMALL,
            Faults=[dict(Since=6, Until=11, Path='/series', Do='abort', Share=0.5, Ms=[5, 15])],
        ),
    )
    lab.go(
        'hub',
        dict(Name='series', URL='http://probe.sensor.test:9280/series/{n}', Every=[80, 160], Pool='h2'),
        dict(Name='last', URL='http://probe.sensor.test:9280/last/{n}', Every=[80, 160], Pool='h2'),
        pools={'h2': dict(Proto='h2c')},
    )
    lab.other(
        'hub', 'httpx', dict(Name='py', URL='http://probe.sensor.test:9280/last/{n}', Every=[200, 300], Http2=True)
    )
    lab.capture('probe')
    lab.truth(
        'http2.stream_reset|conn.reset_midway',
        'server',
        'probe.sensor.test|10.110.2.157',
        since=6,
        until=11,
        callers=['series'],
        note='RST_STREAM INTERNAL_ERROR of the server',
        not_to_blame='network; /last',
        shows='http2.type==3 && tcp.srcport==9280',
    )


@incident('65-too-many-requests', 'judge', net='10.111.3', domain='geo.test', v6='fd81:1:2', v4=False)
def too_many(lab):
    """A service answers 429 to most calls of one client after a new job has doubled its load (IPv6); others of
    the host are fine.
    """
    for name, last in (('ns', 3), ('jobs', 70), ('lookup', 158), ('names', 159)):
        lab.host(name, last, resolvers=['fd81:1:2::3'])
    lab.name('lookup')
    lab.name('names')
    lab.dns('ns')
    lab.serve(
        'lookup',
        dict(
            Port=9290, Routes=SMALL, Faults=[dict(Since=5.2, Until=12, Path='/', Do='status', Status=429, Share=0.75)]
        ),
    )
    lab.serve('names', dict(Port=9291, Routes=SMALL))
    lab.go(
        'jobs',
        dict(Name='lookup', URL='http://lookup.geo.test:9290/l/{n}', Every=[100, 200]),
        dict(Name='newjob', URL='http://lookup.geo.test:9290/l/{n}', Every=[100, 150], Since=5, Until=12),
        dict(Name='names', URL='http://names.geo.test:9291/n/{n}', Every=[100, 200]),
    )
    lab.capture('jobs')
    lab.truth(
        'http.error_cluster',
        'client|server',
        'lookup.geo.test|fd81:1:2::9e|fd81:1:2::46',
        since=5.2,
        until=12,
        callers=['lookup', 'newjob'],
        note='429 for three quarters',
        not_to_blame='network; names',
        bad=400,
        shows='http.response.code==429',
    )


@incident('66-retry-storm-at-one-worker', 'tune', net='10.112.4', domain='quota.test', seconds=17)
def retry_storm(lab):
    """One worker at the server; it stands still for 1.2 s, callers give up after 0.25 s and try again up to 4
    times: it stays overloaded.
    """
    for name, last in (('ns', 4), ('gate', 71), ('quota', 160), ('users', 161)):
        lab.host(name, last, resolvers=['10.112.4.4'])
    lab.name('quota')
    lab.name('users')
    lab.dns('ns')
    lab.serve(
        'quota',
        dict(
            Port=9310,
            Workers=1,
            Routes=[dict(Path='/', Delay=[16, 22], Size=[200, 300])],
            Faults=[dict(Since=5, Until=5.04, Path='/', Do='delay', Ms=[1200, 1200])],
        ),
    )
    lab.serve('users', dict(Port=9311, Routes=SMALL))
    lab.go(
        'gate',
        dict(
            Name='quota',
            URL='http://quota.quota.test:9310/q/{n}',
            Every=[30, 48],
            Until=11,
            Timeout=250,
            Retries=4,
            RetryWait=[40, 60],
        ),
        dict(Name='users', URL='http://users.quota.test:9311/u/{n}', Every=[100, 200]),
    )
    lab.capture('gate', snaplen=260)
    lab.truth(
        'http.retry_storm',
        'client',
        'quota.quota.test|10.112.4.160|10.112.4.71',
        since=5,
        until=13,
        callers=['quota'],
        note='each call is given up after 250 ms and sent again; the server works for nobody',
        not_to_blame='network; users',
        shows='tcp.dstport==9310 && (tcp.flags.reset==1 || tcp.flags.fin==1)',
    )


@incident('67-one-slow-route', 'judge', net='10.113.5', domain='invoice.test', seconds=16)
def slow_route(lab):
    """HTTP/2 without TLS, at the server with -i any: POST /render takes 0.4..0.7 s instead of 20 ms from 5 s to
    10 s, other routes do not.
    """
    for name, last in (('ns', 5), ('crm', 72), ('docs', 162)):
        lab.host(name, last, resolvers=['10.113.5.5'])
    lab.name('docs')
    lab.dns('ns')
    lab.serve(
        'docs',
        dict(
            Port=9320,
            H2C=True,
            Routes=[dict(Path='/', Delay=[15, 25], Size=[500, 3000])],
            Faults=[dict(Since=5, Until=10, Path='/render', Do='delay', Ms=[400, 700])],
        ),
    )
    lab.go(
        'crm',
        dict(
            Name='render',
            URL='http://docs.invoice.test:9320/render/{n}',
            Every=[100, 200],
            Pool='h2',
            Body=[700, 1500],
        ),
        dict(Name='list', URL='http://docs.invoice.test:9320/list/{n}', Every=[80, 160], Pool='h2'),
        pools={'h2': dict(Proto='h2c')},
    )
    lab.capture('docs', 'any')
    lab.truth(
        'http.think_time',
        'server',
        'docs.invoice.test|10.113.5.162',
        since=5,
        until=10,
        callers=['render'],
        note='render takes 0.4 to 0.7 s longer',
        not_to_blame='network; /list',
        shows='http2.type==1 && tcp.srcport==9320',
    )


@incident('68-resets-while-working', 'tune', net='10.114.6', domain='engine.test')
def resets_midway(lab):
    """The server resets the connection 30..80 ms after it has read the request, in half of the calls of one
    route; Java; at the server.
    """
    for name, last in (('ns', 6), ('tool', 73), ('solver', 163), ('plots', 164)):
        lab.host(name, last, resolvers=['10.114.6.6'])
    lab.name('solver')
    lab.name('plots')
    lab.dns('ns')
    lab.serve(
        'solver',
        dict(
            Port=9330,
            HTTP1Only=True,
            Routes=SMALL,
            Faults=[dict(Since=5, Until=10.5, Path='/solve', Do='reset', Share=0.5, Ms=[30, 80])],
        ),
    )
    lab.serve('plots', dict(Port=9331, Routes=SMALL))
    lab.other(
        'tool',
        'java',
        dict(Name='solve', URL='http://solver.engine.test:9330/solve/{n}', Every=[120, 220], Body=900),
        dict(Name='state', URL='http://solver.engine.test:9330/state/{n}', Every=[120, 220]),
    )
    lab.go('tool', dict(Name='plots', URL='http://plots.engine.test:9331/p/{n}', Every=[100, 200]))
    lab.capture('solver')
    lab.truth(
        'conn.reset_midway|conn.closed_by_server',
        'server',
        'solver.engine.test|10.114.6.163',
        since=5,
        until=10.5,
        callers=['solve'],
        note='RST of the server 30 to 80 ms after the request',
        not_to_blame='network; plots; /state',
        shows='tcp.srcport==9330 && tcp.flags.reset==1',
    )


@incident('108-proxy-queue', 'judge', net='10.182.3', domain='gateway7.test', seconds=16)
def proxy_queue(lab):
    """haproxy lets two calls at a time to one server: since a second client came, calls wait in its queue; the
    server is as fast as ever. At haproxy.
    """
    for name, last in (('ns', 2), ('web', 144), ('bot', 145), ('lb', 146), ('stock', 147), ('price', 148)):
        lab.host(name, last, resolvers=['10.182.3.2'])
    lab.name('lb')
    lab.dns('ns')
    lab.serve('stock', dict(Port=9980, Routes=[dict(Path='/', Delay=[50, 70], Size=[300, 900])]))
    lab.serve('price', dict(Port=9981, Routes=SMALL))
    lab.haproxy('lb', 8700, {'stock': '10.182.3.147:9980', 'price': '10.182.3.148:9981'}, settings='maxconn 2')
    lab.go(
        'web',
        dict(Name='stock', URL='http://lb.gateway7.test:8700/stock/{n}', Every=[80, 160]),
        dict(Name='price', URL='http://lb.gateway7.test:8700/price/{n}', Every=[100, 200]),
    )
    lab.go(
        'bot',
        dict(Name='bot', URL='http://lb.gateway7.test:8700/stock/{n}', Every=[26, 42], Since=6, Until=10),
        pools={'': dict(MaxIdle=40)},
    )
    lab.capture('lb')
    lab.truth(
        'http.proxy_queue|http.who_answered|conn.pool_wait|http.think_time',
        'proxy',
        'lb.gateway7.test|10.182.3.146',
        since=6,
        until=12,
        callers=['stock', 'bot'],
        note='calls wait in the proxy for one of two places',
        not_to_blame='stock (50 to 70 ms as before); price; network',
        shows='http.response && tcp.srcport==8700 && http.time>0.2',
    )


@incident('109-redirect-loop', 'tune', net='10.183.4', domain='lobby.test')
def redirect_loop(lab):
    """From 6 s on a page leads to itself: Go gives up after ten hops."""
    lab.host('ns', 2)
    lab.host('guest', 149, resolvers=['10.183.4.2'])
    lab.host('desk', 150)
    lab.host('rooms', 151)
    lab.name('desk')
    lab.name('rooms')
    lab.dns('ns')
    lab.serve(
        'desk',
        dict(
            Port=9990,
            Routes=SMALL,
            Faults=[dict(Since=6, Until=12, Path='/welcome', Do='redirect', Status=302, To='/welcome/again')],
        ),
    )
    lab.serve('rooms', dict(Port=9991, Routes=SMALL))
    lab.go(
        'guest',
        dict(Name='welcome', URL='http://desk.lobby.test:9990/welcome/{n}', Every=[200, 350]),
        dict(Name='rooms', URL='http://rooms.lobby.test:9991/r/{n}', Every=[100, 200]),
    )
    lab.capture('guest')
    lab.truth(
        'http.redirect_chain',
        'server',
        'desk.lobby.test|10.183.4.150',
        since=6,
        until=12,
        callers=['welcome'],
        note='a redirect to itself',
        not_to_blame='rooms; network',
        shows='http.response.code==302',
    )


@incident('110-limit-too-short', 'judge', net='10.184.5', domain='quiz.test')
def limit_too_short(lab):
    """The server needs 30 to 110 ms always; at 6 s the client is replaced by one with a limit of 60 ms."""
    lab.host('ns', 2)
    lab.host('app', 152, resolvers=['10.184.5.2'])
    lab.host('score', 153)
    lab.host('names', 154)
    lab.name('score')
    lab.name('names')
    lab.dns('ns')
    lab.serve('score', dict(Port=9890, Routes=[dict(Path='/', Delay=[30, 110], Size=[300, 900])]))
    lab.serve('names', dict(Port=9891, Routes=SMALL))
    lab.go(
        'app',
        dict(Name='before', URL='http://score.quiz.test:9890/s/{n}', Every=[80, 160], Until=6),
        dict(Name='after', URL='http://score.quiz.test:9890/s/{n}', Every=[80, 160], Since=6, Timeout=60),
        dict(Name='names', URL='http://names.quiz.test:9891/n/{n}', Every=[100, 200]),
    )
    lab.capture('app')
    lab.truth(
        'http.gave_up|conn.closed_by_client',
        'client',
        'score.quiz.test|10.184.5.153|10.184.5.152',
        since=6,
        until='end',
        callers=['after'],
        note='calls are given up after 60 ms; the server is as fast as before',
        not_to_blame='score; names; network',
        shows='tcp.dstport==9890 && (tcp.flags.fin==1 || tcp.flags.reset==1)',
    )


@incident('111-upload-window-shut', 'tune', net='10.185.6', domain='ingest.test', seconds=16)
def upload_window(lab):
    """HTTP/2 without TLS: the server reads 48 kB of some uploads and then stands still; their stream windows of
    64 kB run dry. At the server.
    """
    lab.host('ns', 2)
    lab.host('agent', 155, resolvers=['10.185.6.2'])
    lab.host('logs', 156)
    lab.host('time', 157)
    lab.name('logs')
    lab.name('time')
    lab.dns('ns')
    lab.serve(
        'logs',
        dict(
            Port=9880,
            H2C=True,
            StreamBuffer=65536,
            Routes=SMALL,
            Faults=[dict(Since=5, Until=11, Path='/bulk', Do='unread', Ms=[1000, 1600])],
        ),
    )
    lab.serve('time', dict(Port=9881, Routes=SMALL))
    lab.go(
        'agent',
        dict(
            Name='bulk',
            URL='http://logs.ingest.test:9880/bulk/{n}',
            Every=[400, 600],
            Body=[150000, 200000],
            Pool='h2',
        ),
        dict(Name='line', URL='http://logs.ingest.test:9880/line/{n}', Every=[100, 200], Body=[300], Pool='h2'),
        dict(Name='time', URL='http://time.ingest.test:9881/t/{n}', Every=[150, 250]),
        pools={'h2': dict(Proto='h2c')},
    )
    lab.capture('logs', snaplen=300)
    lab.truth(
        'http2.flow_control|http.slow_upload',
        'server',
        'logs.ingest.test|10.185.6.156',
        since=5,
        until=12.5,
        callers=['bulk'],
        note='the stream window is used up and not given back for 1 to 1.6 s',
        not_to_blame='network; agent; /line',
        shows='tcp.dstport==9880 && http2.type==0',
    )
