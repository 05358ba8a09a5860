"""Connections that are refused, silent, slow to come, too many, or gone when they are used again."""

from . import incident

SMALL = [dict(Path='/', Delay=[4, 12], Size=[300, 900])]


@incident('31-server-restarted-late', 'judge', net='10.72.3', domain='ferry.test')
def refused(lab):
    """A server's process ends and comes back four seconds later; seen at the server's host; Python and Go
    clients.
    """
    for name, last in (('ns', 2), ('north', 20), ('south', 21), ('decks', 77), ('cabins', 78)):
        lab.host(name, last, resolvers=['10.72.3.2'])
    lab.name('decks')
    lab.name('cabins')
    lab.dns('ns')
    first = lab.serve('decks', dict(Port=8820, Routes=SMALL))
    lab.at(5.0, first.kill)
    lab.at(9.2, lambda: lab.serve('decks', dict(Port=8820, Routes=SMALL), label='again'))
    lab.serve('decks', dict(Port=8821, Routes=SMALL), label='other')
    lab.other('north', 'requests', dict(Name='decks-py', URL='http://decks.ferry.test:8820/d/{n}', Every=[200, 350]))
    lab.go(
        'south',
        dict(Name='decks', URL='http://decks.ferry.test:8820/d/{n}', Every=[150, 250]),
        dict(Name='meals', URL='http://decks.ferry.test:8821/m/{n}', Every=[150, 250]),
    )
    lab.capture('decks')
    lab.truth(
        'conn.refused',
        'server',
        'decks.ferry.test|10.72.3.77',
        since=5.0,
        until=9.2,
        callers=['decks', 'decks-py'],
        note='the process was gone; port 8821 of the same host went on',
        not_to_blame='network; port 8821',
        shows='tcp.srcport==8820 && tcp.flags.reset==1 && tcp.ack==1',
    )


@incident('32-filter-drops-port', 'tune', net='10.73.4', domain='lantern.test', v6='fd52:1:8', v4=False)
def port_dropped(lab):
    """A firewall drops what comes for one port (IPv6); the host's other port answers. httpx with a limit of 1.5
    s.
    """
    for name, last in (('ns', 3), ('stage', 22), ('lights', 80), ('sound', 81)):
        lab.host(name, last, resolvers=['fd52:1:8::3'])
    lab.name('lights')
    lab.name('sound')
    lab.dns('ns')
    lab.filter('tcp dport 9931 drop', 6.0, None, host='lights')
    lab.serve('lights', dict(Port=9931, Routes=SMALL), dict(Port=9932, Routes=SMALL))
    lab.other(
        'stage',
        'requests',
        dict(
            Name='lights',
            URL='http://lights.lantern.test:9931/l/{n}',
            Every=[150, 300],
            Timeout=1.5,
            Session=False,
            Workers=3,
        ),
    )
    lab.go('stage', dict(Name='dimmer', URL='http://lights.lantern.test:9932/d/{n}', Every=[150, 300]))
    lab.capture('stage')
    lab.truth(
        'conn.no_answer',
        'network|server',
        'lights.lantern.test|fd52:1:8::50',
        since=6.0,
        until='end',
        callers=['lights'],
        note='SYNs to port 9931 are dropped',
        not_to_blame='port 9932; dns',
        shows=[
            'tcp.dstport==9931 && tcp.flags.syn==1 && tcp.analysis.retransmission',
            'tcp.srcport==9932 && http.response',
        ],
    )


@incident('33-prohibited-by-filter', 'judge', net='10.74.2', domain='canal.test')
def prohibited(lab):
    """A filter answers with ICMP host-prohibited for one port; seen with -i any at the client; curl and Go."""
    for name, last in (('ns', 4), ('lock', 26), ('gates', 83), ('pumps', 84)):
        lab.host(name, last, resolvers=['10.74.2.4'])
    lab.name('gates')
    lab.name('pumps')
    lab.dns('ns')
    lab.filter('tcp dport 8840 ct state new reject with icmp type host-prohibited', 4.4, 11, host='gates')
    lab.serve('gates', dict(Port=8840, Routes=SMALL))
    lab.serve('pumps', dict(Port=8841, Routes=SMALL))
    lab.other('lock', 'curl', dict(Name='gates-curl', URL='http://gates.canal.test:8840/g/{n}', Every=[300, 450]))
    lab.go(
        'lock',
        dict(Name='gates', URL='http://gates.canal.test:8840/g/{n}', Every=[200, 350], Pool='fresh'),
        dict(Name='pumps', URL='http://pumps.canal.test:8841/p/{n}', Every=[150, 300]),
        pools={'fresh': dict(NoKeepAlive=True)},
    )
    lab.capture('lock', 'any')
    lab.truth(
        'conn.unreachable',
        'network|server',
        'gates.canal.test|10.74.2.83',
        since=4.4,
        until=11,
        callers=['gates', 'gates-curl'],
        note='ICMP host administratively prohibited',
        not_to_blame='pumps',
        shows='icmp.type==3 && icmp.code==10',
    )


@incident('34-nobody-accepts', 'tune', net='10.75.6', domain='quarry.test', seconds=17)
def nobody_accepts(lab):
    """The process accepts nothing for 5 s and its queue of 4 fills; seen at the server."""
    for name, last in (('ns', 5), ('east', 27), ('west', 28), ('stones', 85), ('sand', 86)):
        lab.host(name, last, resolvers=['10.75.6.5'])
    lab.name('stones')
    lab.name('sand')
    lab.dns('ns')

    lab.sysctl('stones', 'net.core.somaxconn=4')
    lab.serve('stones', dict(Port=7230, Routes=SMALL, Faults=[dict(Since=5.5, Until=10.5, Do='noaccept')]))
    lab.serve('sand', dict(Port=7231, Routes=SMALL))
    for host in ('east', 'west'):
        lab.go(
            host,
            dict(Name='stones', URL='http://stones.quarry.test:7230/s/{n}', Every=[200, 400], Pool='fresh'),
            dict(Name='sand', URL='http://sand.quarry.test:7231/s/{n}', Every=[200, 400]),
            pools={'fresh': dict(NoKeepAlive=True)},
        )
    lab.capture('stones')
    lab.truth(
        'conn.accept_queue',
        'server',
        'stones.quarry.test|10.75.6.85',
        since=5.5,
        until=10.5,
        callers=['stones'],
        note='nobody accepts; the queue is full',
        not_to_blame='network; sand',
        shows='tcp.dstport==7230 && tcp.flags.syn==1 && tcp.analysis.retransmission',
    )


@incident('35-ipv6-path-dead', 'judge', net='10.76.7', domain='harbor.test', v6='2001:db8:61', seconds=14)
def ipv6_dead(lab):
    """Names have both families; packets to one host's IPv6 address vanish. Go falls back to IPv4 after 300 ms."""
    for name, last in (('ns', 6), ('pilot', 29), ('cranes', 87), ('ships', 88)):
        lab.host(name, last, resolvers=['10.76.7.6'])
    lab.name('cranes')
    lab.name('ships')
    lab.dns('ns')
    lab.filter('ip6 daddr 2001:db8:61::57 tcp dport 8870 drop', 5)
    lab.serve('cranes', dict(Port=8870, Routes=SMALL))
    lab.serve('ships', dict(Port=8871, Routes=SMALL))
    lab.go(
        'pilot',
        dict(Name='cranes', URL='http://cranes.harbor.test:8870/c/{n}', Every=[200, 350], Pool='fresh'),
        dict(Name='ships', URL='http://ships.harbor.test:8871/s/{n}', Every=[150, 300], Pool='fresh'),
        pools={'fresh': dict(NoKeepAlive=True)},
    )
    lab.capture('pilot')
    lab.truth(
        'conn.one_address_dead|dns.address_refuses|conn.no_answer',
        'network|server',
        '2001:db8:61::57',
        since=5,
        until='end',
        callers=['cranes'],
        note='each new connection loses 300 ms',
        not_to_blame='ships; the IPv4 address',
        shows='ipv6.dst==2001:db8:61::57 && tcp.flags.syn==1',
    )


@incident('36-path-got-longer', 'tune', net='10.77.9', domain='bridge.test')
def longer_path(lab):
    """A route changes: one server is 95 ms instead of 8 ms away; no loss. Connections are kept, but for curl's."""
    for name, last in (('ns', 7), ('toll', 30), ('trucks', None), ('cars', 90)):
        if last:
            lab.host(name, last, resolvers=['10.77.9.7'])
    lab.host('trucks', 89, far=[(0, 4, 0), (6.5, 47.5, 0)])
    lab.name('trucks')
    lab.name('cars')
    lab.dns('ns')
    lab.serve('trucks', dict(Port=8890, Routes=SMALL))
    lab.serve('cars', dict(Port=8891, Routes=SMALL))
    lab.go(
        'toll',
        dict(Name='trucks', URL='http://trucks.bridge.test:8890/t/{n}', Every=[80, 200]),
        dict(Name='cars', URL='http://cars.bridge.test:8891/c/{n}', Every=[80, 200]),
    )
    lab.other('toll', 'curl', dict(Name='trucks-curl', URL='http://trucks.bridge.test:8890/t/{n}', Every=[400, 600]))
    lab.capture('toll')
    lab.truth(
        'conn.slow_path|conn.slow_handshake|time.step',
        'network',
        'trucks.bridge.test|10.77.9.89',
        since=6.5,
        until='end',
        callers=['trucks', 'trucks-curl'],
        note='every packet takes 43 ms longer each way',
        not_to_blame='trucks (its answer takes 4..12 ms as before); cars',
        shows='tcp.srcport==8890 && tcp.flags.syn==1 && tcp.analysis.ack_rtt>0.09',
    )


@incident('37-no-session-in-script', 'judge', net='10.78.8', domain='ledger.test')
def no_session(lab):
    """A Python script opens a TLS connection for each call (requests without a session) 24 ms away: the
    client's choice.
    """
    lab.host('ns', 8)
    lab.host('clerk', 31, resolvers=['10.78.8.8'])
    lab.host('books', 91, far=12)
    lab.host('stamps', 92)
    lab.name('books')
    lab.name('stamps')
    lab.dns('ns')
    cert, key = lab.certificate('books.ledger.test')
    lab.serve(
        'books',
        dict(
            Port=8943,
            Cert=cert,
            Key=key,
            HTTP1Only=True,
            Idle=60,
            Routes=[dict(Path='/', Delay=[1, 4], Size=[300, 900])],
        ),
    )
    lab.serve('stamps', dict(Port=8944, Routes=SMALL))
    lab.other(
        'clerk',
        'requests',
        dict(Name='books', URL='https://books.ledger.test:8943/b/{n}', Every=[260, 380], Session=False, Workers=1),
        ca=lab.authority(),
    )
    lab.go('clerk', dict(Name='stamps', URL='http://stamps.ledger.test:8944/s/{n}', Every=[200, 400]))
    lab.capture('clerk')
    lab.truth(
        'conn.churn|tls.no_resumption',
        'client',
        'books.ledger.test|10.78.8.91',
        since=0,
        until='end',
        callers=['books'],
        note='a connection and a TLS handshake for each call; the client closes',
        not_to_blame='books; network',
        shows='tls.handshake.type==1 && ip.dst==10.78.8.91',
    )


@incident('38-idle-limit-of-node', 'judge', net='10.79.5', domain='relay.test', seconds=20)
def idle_limit_of_node(lab):
    """node's server closes after 6 s idle (5 s and its buffer of 1 s), POSTs come 6.01 to 6.05 s after the one
    before from a client 60 ms away and cross the FIN.
    """
    lab.host('ns', 9)
    lab.host('meter', 32, resolvers=['10.79.5.9'], far=30)
    lab.host('hub', 93)
    lab.host('log', 94)
    lab.name('hub')
    lab.name('log')
    lab.dns('ns')
    lab.node_server('hub', 7105)
    lab.serve('log', dict(Port=7106, Routes=SMALL))
    posts = [
        dict(
            Name=f'hub{i}',
            URL=f'http://hub.relay.test:7105/r{i}/{{n}}',
            Every=[6014, 6046],
            Since=0.1 * i,
            Body=[400],
            Pool=f'p{i}',
        )
        for i in range(9)
    ]
    lab.go(
        'meter',
        *posts,
        dict(Name='log', URL='http://log.relay.test:7106/l/{n}', Every=[300, 500]),
        pools={f'p{i}': dict(MaxIdle=1) for i in range(9)},
    )
    lab.capture('meter')
    lab.truth(
        'conn.stale_reuse',
        'server|client',
        'hub.relay.test|10.79.5.93',
        since=11,
        until='end',
        callers=[f'hub{i}' for i in range(9)],
        note='the server closes after 6 s idle, the request crosses its FIN and is reset',
        not_to_blame='network; log',
        shows='tcp.srcport==7105 && tcp.flags.reset==1',
    )


@incident('39-one-of-three-addresses', 'tune', net='10.80.2', domain='grove.test')
def one_of_three(lab):
    """Three addresses behind a name; one of them is refused. Java's old client dials the first only; the
    answers turn.
    """
    for name, last in (('ns', 10), ('nursery', 33), ('t1', 95), ('t2', 96), ('t3', 97)):
        lab.host(name, last, resolvers=['10.80.2.10'])
    lab.name('t1', 'trees', addresses=['10.80.2.95', '10.80.2.96', '10.80.2.97'])
    lab.dns('ns', rotate=True)
    closing = [dict(SMALL[0], Header={'Connection': 'close'})]
    servers = [lab.serve(t, dict(Port=8990, Routes=closing)) for t in ('t1', 't2', 't3')]
    lab.name('t1', 'soil')
    lab.serve('t1', dict(Port=8991, Routes=SMALL), label='soil')
    lab.at(5, servers[1].kill)
    lab.other(
        'nursery',
        'java',
        dict(Name='trees', URL='http://trees.grove.test:8990/t/{n}', Every=[100, 200]),
        options=dict(java=['-Dsun.net.inetaddr.ttl=0'], old=True),
    )
    lab.go('nursery', dict(Name='soil', URL='http://soil.grove.test:8991/s/{n}', Every=[100, 200]))
    lab.capture('nursery')
    lab.truth(
        'dns.address_refuses|conn.refused|conn.one_address_dead',
        'server|name_service',
        '10.80.2.96',
        since=5,
        until='end',
        callers=['trees'],
        note='one of three addresses refuses',
        not_to_blame='10.80.2.95; 10.80.2.97',
        shows='ip.src==10.80.2.96 && tcp.flags.reset==1',
    )


@incident('40-two-connections-allowed', 'judge', net='10.81.3', domain='tram.test', seconds=16)
def pool_of_two(lab):
    """A Go client may open two connections to fares; from 5 s on more calls are due than these can do. Seen at
    the server.
    """
    for name, last in (('ns', 11), ('app', 34), ('fares', 98), ('stops', 99)):
        lab.host(name, last, resolvers=['10.81.3.11'])
    lab.name('fares')
    lab.name('stops')
    lab.dns('ns')
    lab.serve('fares', dict(Port=9010, Routes=[dict(Path='/', Delay=[70, 90], Size=[300, 900])]))
    lab.serve('stops', dict(Port=9011, Routes=SMALL))
    lab.go(
        'app',
        dict(Name='fares', URL='http://fares.tram.test:9010/f/{n}', Every=[110, 190], Pool='two', Timeout=2500),
        dict(
            Name='rush',
            URL='http://fares.tram.test:9010/f/{n}',
            Every=[27, 46],
            Since=5,
            Until=12,
            Pool='two',
            Timeout=2500,
        ),
        dict(Name='stops', URL='http://stops.tram.test:9011/s/{n}', Every=[150, 300]),
        pools={'two': dict(MaxIdle=2, MaxConns=2)},
    )
    lab.capture('fares')
    lab.truth(
        'conn.pool_wait',
        'client',
        'fares.tram.test|10.81.3.98|10.81.3.34',
        since=5,
        until=15,
        callers=['fares', 'rush'],
        note='two connections, busy without a gap; calls wait inside the client up to its limit of 2.5 s',
        not_to_blame='fares (70 to 90 ms as before)',
        shows='http.request && tcp.dstport==9010',
    )


@incident('102-middlebox-refuses', 'judge', net='10.173.4', domain='annex.test')
def refused_by_middle(lab):
    """Something on the way answers SYNs to one port with RST: its TTL is 64, the server's packets have 128.
    Seen at the client.
    """
    lab.host('ns', 2)
    lab.host('desk', 126, resolvers=['10.173.4.2'])
    lab.host('vault', 127)
    lab.host('plans', 128)

    lab.sysctl('vault', 'net.ipv4.ip_default_ttl=128')
    lab.name('vault')
    lab.name('plans')
    lab.dns('ns')
    lab.reject('desk', 'ip daddr 10.173.4.127 tcp dport 9930 tcp flags syn / syn,ack', 5.5, 11.5)
    lab.serve('vault', dict(Port=9930, Routes=SMALL), dict(Port=9931, Routes=SMALL))
    lab.serve('plans', dict(Port=9932, Routes=SMALL))
    lab.go(
        'desk',
        dict(Name='vault', URL='http://vault.annex.test:9930/v/{n}', Every=[150, 250], Pool='fresh'),
        dict(Name='other', URL='http://vault.annex.test:9931/o/{n}', Every=[150, 250]),
        dict(Name='plans', URL='http://plans.annex.test:9932/p/{n}', Every=[150, 250]),
        pools={'fresh': dict(NoKeepAlive=True)},
    )
    lab.capture('desk')
    lab.truth(
        'conn.refused_by_middle|conn.refused',
        'network|server',
        'vault.annex.test|10.173.4.127',
        since=5.5,
        until=11.5,
        callers=['vault'],
        note='RSTs with TTL 64 from 10.173.4.127, whose own packets have 128',
        not_to_blame='port 9931; plans',
        shows='ip.src==10.173.4.127 && tcp.flags.reset==1 && ip.ttl==64',
    )


@incident('103-middlebox-resets', 'tune', net='10.174.5', domain='outpost.test')
def reset_by_middle(lab):
    """Something on the way resets connections when it sees some requests of one path: TTL 64, the server's
    packets have 128.
    """
    lab.host('ns', 2)
    lab.host('scout', 129, resolvers=['10.174.5.2'])
    lab.host('camp', 130)
    lab.host('maps', 131)

    lab.sysctl('camp', 'net.ipv4.ip_default_ttl=128')
    lab.name('camp')
    lab.name('maps')
    lab.dns('ns')
    lab.reject(
        'scout', 'ip daddr 10.174.5.130 tcp dport 9940 tcp flags & psh == psh numgen random mod 100 < 45', 6, 12
    )
    lab.serve('camp', dict(Port=9940, Routes=SMALL))
    lab.serve('maps', dict(Port=9941, Routes=SMALL))
    lab.go(
        'scout',
        dict(Name='camp', URL='http://camp.outpost.test:9940/c/{n}', Every=[150, 250], Body=[400]),
        dict(Name='maps', URL='http://maps.outpost.test:9941/m/{n}', Every=[150, 250]),
    )
    lab.capture('scout')
    lab.truth(
        'conn.reset_by_middle|conn.reset_midway|conn.closed_by_server',
        'network|server',
        'camp.outpost.test|10.174.5.130',
        since=6,
        until=12,
        callers=['camp'],
        note='RSTs with TTL 64 at once after a request; the server own packets have 128',
        not_to_blame='maps',
        shows='ip.src==10.174.5.130 && tcp.flags.reset==1 && ip.ttl==64',
    )


@incident('104-firewall-forgets', 'judge', net='10.175.6', domain='ridge.test', seconds=17)
def firewall_forgets(lab):
    """A firewall restarts at 6 s and drops what belongs to connections it no longer knows; new ones pass. Calls
    have a limit of 2 s.
    """
    lab.host('ns', 2)
    lab.host('hut', 132, resolvers=['10.175.6.2'])
    lab.host('snow', 133)
    lab.host('wind', 134)
    lab.name('snow')
    lab.name('wind')
    lab.dns('ns')
    lab.forget('ip daddr 10.175.6.133', 6)
    lab.serve('snow', dict(Port=9950, Routes=SMALL))
    lab.serve('wind', dict(Port=9951, Routes=SMALL))
    lab.go('hut', dict(Name='wind', URL='http://wind.ridge.test:9951/w/{n}', Every=[150, 250]))
    lab.other(
        'hut',
        'requests',
        dict(Name='snow', URL='http://snow.ridge.test:9950/s/{n}', Every=[80, 160], Workers=8, Timeout=2),
    )
    lab.capture('hut')
    lab.truth(
        'tcp.silent_peer|conn.idle_drop',
        'network|server',
        'snow.ridge.test|10.175.6.133',
        since=6,
        until=9,
        callers=['snow'],
        note='eight connections that stood go silent at once, new ones are fine',
        not_to_blame='wind; dns',
        shows='ip.dst==10.175.6.133 && tcp.analysis.retransmission',
    )


@incident('105-syns-limited', 'tune', net='10.176.7', domain='toll7.test', seconds=16)
def syns_limited(lab):
    """A limiter on the way drops half of the SYNs to one service; what stands is untouched. Python and Go;
    client.
    """
    lab.host('ns', 2)
    lab.host('lane', 135, resolvers=['10.176.7.2'])
    lab.host('plates', 136)
    lab.host('fees', 137)
    lab.name('plates')
    lab.name('fees')
    lab.dns('ns')
    lab.filter('ip daddr 10.176.7.136 tcp flags syn / syn,ack numgen random mod 100 < 50 drop', 5, 11.5)
    lab.serve('plates', dict(Port=9960, Routes=SMALL))
    lab.serve('fees', dict(Port=9961, Routes=SMALL))
    lab.other(
        'lane',
        'requests',
        dict(Name='plates', URL='http://plates.toll7.test:9960/p/{n}', Every=[200, 350], Session=False, Workers=3),
    )
    lab.go(
        'lane',
        dict(Name='kept', URL='http://plates.toll7.test:9960/k/{n}', Every=[100, 200]),
        dict(Name='fees', URL='http://fees.toll7.test:9961/f/{n}', Every=[150, 250]),
    )
    lab.capture('lane')
    lab.truth(
        'conn.syn_repeated|conn.accept_queue|tcp.lossy_path',
        'network|server',
        'plates.toll7.test|10.176.7.136',
        since=5,
        until=12.5,
        callers=['plates'],
        note='half of the SYNs is dropped: a second for each; whether on the way or by the server cannot be told here',
        not_to_blame='fees; kept',
        shows='tcp.dstport==9960 && tcp.flags.syn==1 && tcp.analysis.retransmission',
    )


@incident('106-overflow-resets', 'judge', net='10.177.8', domain='press7.test')
def overflow_resets(lab):
    """tcp_abort_on_overflow: ten calls come almost at once, the listener's queue of four is full now and then,
    and the kernel resets what does not fit. At the server.
    """
    lab.host('ns', 2)
    lab.host('desk', 138, resolvers=['10.177.8.2'], far=1)
    lab.host('print', 139)
    lab.host('proof', 140)
    lab.name('print')
    lab.name('proof')
    lab.dns('ns')

    lab.sysctl('print', 'net.core.somaxconn=4 net.ipv4.tcp_abort_on_overflow=1')
    lab.serve(
        'print',
        dict(
            Port=9970,
            Routes=SMALL,
            Faults=[dict(Since=5.15 + 0.8 * k, Until=5.5 + 0.8 * k, Do='noaccept') for k in range(7)],
        ),
    )
    lab.serve('proof', dict(Port=9971, Routes=SMALL))
    lab.go(
        'desk',
        *[
            dict(
                Name=f'print{i}',
                URL=f'http://print.press7.test:9970/p{i}/{{n}}',
                Every=[400, 400],
                Since=0.08 * (i > 4),
                Pool='fresh',
            )
            for i in range(10)
        ],
        dict(Name='proof', URL='http://proof.press7.test:9971/p/{n}', Every=[100, 200]),
        pools={'fresh': dict(NoKeepAlive=True)},
    )
    lab.capture('print')
    lab.truth(
        'conn.backlog_reset|conn.refused|conn.accept_queue|conn.reset_midway|conn.closed_by_server',
        'server',
        'print.press7.test|10.177.8.139',
        since=5,
        until=11,
        callers=[f'print{i}' for i in range(10)],
        note='some connections are reset after the handshake, others taken',
        not_to_blame='proof; network',
        shows='tcp.srcport==9970 && tcp.flags.reset==1',
    )
