"""Two things at once, on different services: both are to be named, the worse one first or second."""

from . import incident

SMALL = [dict(Path='/', Delay=[4, 12], Size=[300, 900])]
FRESH = {'fresh': dict(NoKeepAlive=True)}


@incident('81-slow-resolver-and-500s', 'tune', net='10.141.2', domain='arena.test', seconds=16)
def resolver_and_errors(lab):
    for name, last in (('ns', 2), ('box', 91), ('shows', 201), ('seats', 202), ('fans', 203)):
        lab.host(name, last, resolvers=['10.141.2.2'])
    for n in ('shows', 'seats', 'fans'):
        lab.name(n)
    lab.dns('ns', faults=[dict(since=5, until=12, do='slow', ms=[300, 500])])
    lab.serve('shows', dict(Port=9610, Routes=SMALL))
    lab.serve('fans', dict(Port=9612, Routes=SMALL))
    lab.serve(
        'seats',
        dict(Port=9611, Routes=SMALL, Faults=[dict(Since=7, Until=12, Path='/', Do='status', Status=500, Share=0.7)]),
    )
    lab.go(
        'box',
        dict(Name='shows', URL='http://shows.arena.test:9610/s/{n}', Every=[120, 220], Pool='fresh'),
        dict(Name='seats', URL='http://seats.arena.test:9611/s/{n}', Every=[100, 200]),
        dict(Name='fans', URL='http://fans.arena.test:9612/f/{n}', Every=[100, 200]),
        pools=FRESH,
    )
    lab.capture('box')
    lab.truth(
        'http.error_cluster',
        'server',
        'seats.arena.test|10.141.2.202',
        since=7,
        until=12,
        callers=['seats'],
        note='500 for 70 %',
        not_to_blame='fans; network',
        shows='http.response.code==500',
    )
    lab.truth(
        'dns.slow',
        'resolver',
        '10.141.2.2',
        since=5,
        until=12,
        callers=['shows'],
        note='answers after 0.3 to 0.5 s',
        not_to_blame='shows; fans',
        shows='dns.time>0.28',
    )


@incident('82-loss-and-refused', 'judge', net='10.142.3', domain='market.test', seconds=16)
def loss_and_refused(lab):
    for name, last in (('ns', 2), ('stall', 92), ('fish', 204), ('fruit', 205), ('bread', 206)):
        lab.host(name, last, resolvers=['10.142.3.2'])
    for n in ('fish', 'fruit', 'bread'):
        lab.name(n)
    lab.dns('ns')
    lab.serve('fish', dict(Port=9620, Routes=[dict(Path='/', Delay=[4, 12], Size=[3000, 12000])]))
    lab.serve('bread', dict(Port=9622, Routes=SMALL))
    fruit = lab.serve('fruit', dict(Port=9621, Routes=SMALL))
    lab.filter('ip saddr 10.142.3.204 numgen random mod 100 < 9 drop', 4.5)
    lab.at(7, fruit.kill)
    lab.go(
        'stall',
        dict(Name='fish', URL='http://fish.market.test:9620/f/{n}', Every=[60, 120]),
        dict(Name='fruit', URL='http://fruit.market.test:9621/f/{n}', Every=[100, 200]),
        dict(Name='bread', URL='http://bread.market.test:9622/b/{n}', Every=[100, 200]),
    )
    lab.capture('stall')
    lab.truth(
        'conn.refused',
        'server',
        'fruit.market.test|10.142.3.205',
        since=7,
        until='end',
        callers=['fruit'],
        note='the process is gone',
        not_to_blame='bread; network',
        shows='tcp.srcport==9621 && tcp.flags.reset==1',
    )
    lab.truth(
        'tcp.lossy_path|tcp.loss_stall',
        'network',
        'fish.market.test|10.142.3.204',
        since=4.5,
        until='end',
        callers=['fish'],
        note='9 % of the packets from fish are lost',
        not_to_blame='fish; bread',
        shows='ip.src==10.142.3.204 && (tcp.analysis.retransmission || tcp.analysis.fast_retransmission || tcp.analysis.lost_segment || tcp.analysis.out_of_order)',
    )


@incident('83-slow-service-and-deleted-name', 'tune', net='10.143.4', domain='campus.test', seconds=16)
def slow_and_deleted(lab):
    for name, last in (('ns', 2), ('portal', 93), ('exams', 207), ('rooms', 208), ('staff', 209)):
        lab.host(name, last, resolvers=['10.143.4.2'], search='campus.test lan.campus.test')
    for n in ('exams', 'rooms', 'staff'):
        lab.name(n)
    lab.dns('ns', changes=[(6, 'rooms.campus.test', None)])
    lab.serve(
        'exams', dict(Port=9630, Routes=SMALL, Faults=[dict(Since=5, Until=11, Path='/', Do='delay', Ms=[600, 1000])])
    )
    lab.serve('rooms', dict(Port=9631, Routes=SMALL))
    lab.serve('staff', dict(Port=9632, Routes=SMALL))
    lab.go(
        'portal',
        dict(Name='exams', URL='http://exams.campus.test:9630/e/{n}', Every=[100, 200]),
        dict(Name='staff', URL='http://staff.campus.test:9632/s/{n}', Every=[100, 200]),
    )
    lab.other('portal', 'urllib', dict(Name='rooms', URL='http://rooms.campus.test:9631/r/{n}', Every=[250, 400]))
    lab.capture('portal', 'any')
    lab.truth(
        'dns.not_found',
        'name_service',
        'rooms.campus.test',
        since=6,
        until='end',
        callers=['rooms'],
        note='the name was deleted',
        not_to_blame='staff',
        shows='dns.flags.rcode==3 && dns.qry.name=="rooms.campus.test"',
    )
    lab.truth(
        'http.think_time',
        'server',
        'exams.campus.test|10.143.4.207',
        since=5,
        until=11,
        callers=['exams'],
        note='answers take 0.6 to 1 s longer',
        not_to_blame='staff; network',
        shows='http.response && http.time>0.55 && ip.src==10.143.4.207',
    )


@incident('84-closed-window-and-certificate', 'judge', net='10.144.5', domain='foundry.test', seconds=16)
def window_and_certificate(lab):
    for name, last in (('ns', 2), ('press', 94), ('molds', 210), ('alloys', 211), ('shifts', 212)):
        lab.host(name, last, resolvers=['10.144.5.2'])
    for n in ('molds', 'alloys', 'shifts'):
        lab.name(n)
    lab.dns('ns')
    cert, key = lab.certificate('alloys.foundry.test')
    old, old_key = lab.certificate('alloys.foundry.test', days=(-40, -1))
    lab.serve(
        'molds',
        dict(
            Port=9640,
            Rcvbuf=16384,
            Routes=SMALL,
            Faults=[dict(Since=5, Until=12, Path='/', Do='unread', Ms=[1100, 1600])],
        ),
    )
    lab.serve('shifts', dict(Port=9642, Routes=SMALL))
    lab.serve(
        'alloys',
        dict(
            Port=9641,
            Cert=cert,
            Key=key,
            HTTP1Only=True,
            TLSMax=0x303,
            Routes=SMALL,
            Faults=[dict(Since=6, Until=99, Do='cert', Cert=old, Key=old_key)],
        ),
    )
    lab.go(
        'press',
        dict(Name='molds', URL='http://molds.foundry.test:9640/m/{n}', Every=[500, 800], Body=[150000, 200000]),
        dict(Name='alloys', URL='https://alloys.foundry.test:9641/a/{n}', Every=[280, 450], Pool='fresh'),
        dict(Name='shifts', URL='http://shifts.foundry.test:9642/s/{n}', Every=[100, 200]),
        pools=FRESH,
        ca=lab.authority(),
    )
    lab.capture('press', snaplen=1200)
    lab.truth(
        'tls.certificate|tls.alert|tls.client_rejects',
        'server',
        'alloys.foundry.test|10.144.5.211',
        since=6,
        until='end',
        callers=['alloys'],
        note='the certificate expired yesterday',
        not_to_blame='shifts; network',
        shows='tls.alert_message && ip.dst==10.144.5.211',
    )
    lab.truth(
        'tcp.zero_window_server',
        'server',
        'molds.foundry.test|10.144.5.210',
        since=5,
        until=13.5,
        callers=['molds'],
        note='the server does not read for 1.1 to 1.6 s; its window is zero',
        not_to_blame='network',
        shows='ip.src==10.144.5.210 && tcp.analysis.zero_window',
    )


@incident('85-dead-address-and-own-503s', 'tune', net='10.145.6', domain='depot9.test', seconds=16)
def dead_address_and_503(lab):
    for name, last in (('ns', 2), ('van', 95), ('p1', 213), ('p2', 214), ('lb', 215), ('bays', 216), ('fuel', 217)):
        lab.host(name, last, resolvers=['10.145.6.2'])
    lab.name('p1', 'parcels', addresses=['10.145.6.213', '10.145.6.214'])
    lab.name('lb')
    lab.dns('ns', rotate=True)
    lab.serve('p1', dict(Port=9650, Routes=SMALL))
    lab.serve('p2', dict(Port=9650, Routes=SMALL))
    lab.serve('fuel', dict(Port=9652, Routes=SMALL))
    bays = lab.serve('bays', dict(Port=9651, Routes=SMALL))
    lab.haproxy('lb', 8500, {'bays': '10.145.6.216:9651', 'fuel': '10.145.6.217:9652'}, check=True)
    lab.filter('ip daddr 10.145.6.214 drop', 5)
    lab.at(7, bays.kill)
    lab.other(
        'van',
        'requests',
        dict(
            Name='parcels',
            URL='http://parcels.depot9.test:9650/p/{n}',
            Every=[150, 250],
            Session=False,
            Timeout=1.2,
            Workers=2,
        ),
    )
    lab.go(
        'van',
        dict(Name='bays', URL='http://lb.depot9.test:8500/bays/{n}', Every=[100, 200]),
        dict(Name='fuel', URL='http://lb.depot9.test:8500/fuel/{n}', Every=[100, 200]),
    )
    lab.capture('van')
    lab.truth(
        'http.who_answered|http.error_cluster',
        'proxy|server',
        'lb.depot9.test|10.145.6.215',
        since=7,
        until='end',
        callers=['bays'],
        note='503 of the balancer itself',
        not_to_blame='network; /fuel',
        shows='http.response.code==503',
    )
    lab.truth(
        'conn.one_address_dead|dns.address_refuses|conn.no_answer',
        'server|network',
        '10.145.6.214',
        since=5,
        until='end',
        callers=['parcels'],
        note='one of two addresses is silent; each dial of it loses 1.2 s',
        not_to_blame='10.145.6.213',
        shows='tcp.flags.syn==1 && ip.dst==10.145.6.214',
    )


@incident('86-refused-names-and-slow-route', 'judge', net='10.146.7', domain='quarter.test', seconds=17)
def refused_names_and_slow(lab):
    """A resolver that answers REFUSED, and a slow upstream route of another service over IPv4 and HTTP/2."""
    for name, last in (('ns', 2), ('desk', 96), ('mail', 218), ('news', 219)):
        lab.host(name, last, resolvers=['10.146.7.2'])
    lab.name('mail')
    lab.name('news')
    lab.dns('ns', faults=[dict(since=6, until=11, do='refused')])
    lab.serve('mail', dict(Port=9660, Routes=SMALL))
    lab.serve(
        'news',
        dict(
            Port=9661,
            H2C=True,
            Routes=SMALL,
            Faults=[dict(Since=5, Until=12, Path='/front', Do='delay', Ms=[300, 500])],
        ),
    )
    lab.go(
        'desk',
        dict(Name='mail', URL='http://mail.quarter.test:9660/m/{n}', Every=[150, 250], Pool='fresh'),
        dict(Name='front', URL='http://news.quarter.test:9661/front/{n}', Every=[100, 200], Pool='h2'),
        dict(Name='item', URL='http://news.quarter.test:9661/item/{n}', Every=[100, 200], Pool='h2'),
        pools={'fresh': dict(NoKeepAlive=True), 'h2': dict(Proto='h2c')},
    )
    lab.capture('desk', 'any')
    lab.truth(
        'dns.server_failure',
        'resolver',
        '10.146.7.2',
        since=6,
        until=11,
        callers=['mail'],
        note='the only resolver answers REFUSED',
        not_to_blame='network',
        shows='dns.flags.rcode==5',
    )
    lab.truth(
        'http.think_time',
        'server',
        'news.quarter.test|10.146.7.219',
        since=5,
        until=12,
        callers=['front'],
        note='front takes 0.3 to 0.5 s longer',
        not_to_blame='network; /item',
        shows='http2.type==1 && tcp.srcport==9661',
    )
