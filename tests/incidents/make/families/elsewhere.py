"""The same troubles in other circumstances: other places of capture, protocols, clients, numbers and hours."""

import json
from . import incident

SMALL = [dict(Path='/', Delay=[4, 12], Size=[300, 900])]
FRESH = {'fresh': dict(NoKeepAlive=True)}


def hosts(lab, clients, servers, dns=(), far=None, **names):
    """The resolver is .2 (a second one .3 if names say so); clients and servers: {name: last number}; far:
    {name: ms or plan}.
    """
    far = far or {}
    lab.host('ns', 2, far=far.get('ns'))
    names.setdefault('resolvers', [lab.address('ns')])
    for name, last in {**clients, **servers}.items():
        lab.host(name, last, far=far.get(name), **(names if name in clients else {}))
    for name in servers:
        lab.name(name)
    lab.dns('ns', **dict(dns))


def serve(lab, host, port, faults=(), routes=SMALL, tls=False, **more):
    """Returns the process."""
    if tls:
        more['Cert'], more['Key'] = lab.certificate(f'{host}.{lab.domain}')
        more.setdefault('HTTP1Only', True)
    return lab.serve(host, dict(Port=port, Routes=routes, Faults=list(faults), **more), label=f'server-{host}-{port}')


def call(name, host, port, every=(100, 200), **more):
    """A caller; host with its domain. more: tls, and what the client's configuration knows."""
    scheme = 'https' if more.pop('tls', False) else 'http'
    return dict(Name=name, URL=f'{scheme}://{host}:{port}/{name}/{{n}}', Every=list(every), **more)


@incident('112-short-name-deleted', 'judge', net='10.201.2', domain='prod.grange.test', v6='fd31:9:2')
def short_name_deleted(lab):
    """Three hosts call "billing" by its short name along a search list of two; the record goes at 7 s. At the
    resolver.
    """
    clients = {'a': 11, 'b': 12, 'c': 13}
    changes = [(7.0, 'billing.prod.grange.test', None)]
    hosts(lab, clients, {'billing': 21, 'stock': 22}, dict(changes=changes), search='prod.grange.test grange.test')
    serve(lab, 'billing', 4101)
    serve(lab, 'stock', 4102)
    for host in clients:
        lab.go(
            host,
            call('billing', 'billing', 4101, (250, 450), Pool='fresh'),
            call('stock', 'stock', 4102),
            pools=FRESH,
        )
    lab.capture('ns')
    lab.truth(
        'dns.not_found',
        'name_service',
        'billing',
        since=7,
        until='end',
        callers=['billing'],
        note='the record of billing.prod.grange.test was deleted',
        not_to_blame='stock; the resolver',
        shows='dns.flags.rcode==3 && dns.qry.name=="billing.prod.grange.test"',
    )


@incident('113-first-resolver-fails', 'judge', net='10.202.3', domain='wharf.test')
def first_resolver_fails(lab):
    """The first of two resolvers answers SERVFAIL after 0.4 s for a while; Java, Python and Go on two hosts; at
    the bridge.
    """
    hosts(
        lab,
        {'one': 11, 'two': 12},
        {'cargo': 21, 'crew': 22},
        dict(faults=[dict(since=4, until=10, do='servfail', ms=[350, 450])]),
        resolvers=['10.202.3.2', '10.202.3.3'],
    )
    lab.host('ns2', 3)
    lab.dns('ns2')
    serve(lab, 'cargo', 4111, routes=[dict(SMALL[0], Header={'Connection': 'close'})])
    serve(lab, 'crew', 4112)
    lab.other(
        'one',
        'java',
        call('cargo', 'cargo.wharf.test', 4111, (250, 400)),
        options=dict(java=['-Dsun.net.inetaddr.ttl=0'], old=True),
    )
    lab.other('two', 'requests', call('crew-py', 'crew.wharf.test', 4112, (250, 400), Session=False))
    lab.go('two', call('kept', 'cargo.wharf.test', 4111, (200, 300)))
    lab.capture()
    lab.truth(
        'dns.server_failure',
        'resolver',
        '10.202.3.2',
        since=4,
        until=10,
        callers=[],
        note='SERVFAIL after 0.4 s of the first resolver, the second answers',
        not_to_blame='cargo; crew; 10.202.3.3',
        shows='dns.flags.rcode==2 && ip.src==10.202.3.2',
    )


@incident('114-half-of-the-answers-slow', 'judge', net='10.203.4', domain='loom.test')
def half_slow(lab):
    """Half of the resolver's answers take 0.15 to 0.25 s from 6 s on; Python with TLS to one service, curl; -i
    any.
    """
    hosts(
        lab,
        {'weaver': 11},
        {'yarn': 21, 'dye': 22},
        dict(faults=[dict(since=6, until=13, do='slow', ms=[150, 250], share=0.5)]),
    )
    serve(lab, 'yarn', 4121, tls=True)
    serve(lab, 'dye', 4122)
    lab.other('weaver', 'urllib', call('yarn', 'yarn.loom.test', 4121, (280, 420), tls=True), ca=lab.authority())
    lab.other('weaver', 'curl', call('dye', 'dye.loom.test', 4122, (250, 350)))
    lab.capture('weaver', 'any')
    lab.truth(
        'dns.slow',
        'resolver',
        '10.203.4.2',
        since=6,
        until=13,
        callers=[],
        note='half of the answers take 0.15 to 0.25 s',
        not_to_blame='yarn; dye; network',
        shows='dns.time>0.14',
    )


@incident('115-empty-answers-for-node', 'tune', net='10.204.5', domain='apiary.test', v6='2001:db8:45')
def empty_for_node(lab):
    """Both families of a name are empty for 5 s (A and AAAA NODATA); node without keep-alive and curl; client."""
    hosts(
        lab,
        {'bee': 11},
        {'hive': 21, 'wax': 22},
        dict(faults=[dict(since=6, until=11, name='hive.apiary.test', do='empty')]),
    )
    serve(lab, 'hive', 4131)
    serve(lab, 'wax', 4132)
    lab.other(
        'bee',
        'node',
        call('hive', 'hive.apiary.test', 4131, (150, 300), KeepAlive=False),
        call('wax', 'wax.apiary.test', 4132),
    )
    lab.other('bee', 'curl', call('hive-curl', 'hive.apiary.test', 4131, (400, 600)))
    lab.capture('bee')
    lab.truth(
        'dns.empty_answer',
        'name_service',
        'hive.apiary.test',
        since=6,
        until=11,
        callers=['hive', 'hive-curl'],
        note='NOERROR without an address, A and AAAA',
        not_to_blame='wax',
        shows='dns.qry.name=="hive.apiary.test" && dns.flags.response==1 && dns.count.answers==0',
    )


@incident(
    '116-second-process-refused', 'judge', net='10.205.6', domain='smithy.test', v6='fd33:4:1', v4=False, seconds=16
)
def process_refused(lab):
    """IPv6: a process ends at 8 s for good; Go, Java and curl on three hosts; at the bridge."""
    hosts(lab, {'a': 11, 'b': 12, 'c': 13}, {'anvil': 21, 'tongs': 22})
    first = serve(lab, 'anvil', 4141)
    serve(lab, 'tongs', 4142)
    lab.at(8, first.kill)
    lab.go('a', call('anvil', 'anvil.smithy.test', 4141), call('tongs', 'tongs.smithy.test', 4142))
    lab.other('b', 'java', call('anvil-java', 'anvil.smithy.test', 4141))
    lab.other('c', 'curl', call('anvil-curl', 'anvil.smithy.test', 4141, (400, 600)))
    lab.capture()
    lab.truth(
        'conn.refused',
        'server',
        'anvil.smithy.test|fd33:4:1::15',
        since=8,
        until='end',
        callers=['anvil', 'anvil-java', 'anvil-curl'],
        note='nothing listens any more',
        not_to_blame='tongs; network',
        shows='tcp.srcport==4141 && tcp.flags.reset==1',
    )


@incident('117-host-switched-off', 'judge', net='10.206.7', domain='belfry.test', seconds=17)
def host_off(lab):
    """A server's host goes dark at 6 s: what stood is silent, SYNs too. httpx and Go with limits of 1.2 s; at
    the client.
    """
    hosts(lab, {'ringer': 11}, {'bells': 21, 'ropes': 22})
    lab.filter('ip daddr 10.206.7.21 drop', 6)
    lab.filter('ip saddr 10.206.7.21 drop', 6)
    serve(lab, 'bells', 4151)
    serve(lab, 'ropes', 4152)
    lab.go(
        'ringer',
        call('bells', 'bells.belfry.test', 4151, (120, 220), Timeout=1200),
        call('ropes', 'ropes.belfry.test', 4152),
    )
    lab.other('ringer', 'httpx', call('bells-py', 'bells.belfry.test', 4151, (150, 250), Timeout=1.2, Workers=2))
    lab.capture('ringer')
    lab.truth(
        'conn.no_answer|tcp.silent_peer',
        'network|server',
        'bells.belfry.test|10.206.7.21',
        since=6,
        until='end',
        callers=['bells', 'bells-py'],
        note='nothing comes from the host any more',
        not_to_blame='ropes; dns',
        shows='ip.dst==10.206.7.21 && tcp.analysis.retransmission',
    )


@incident('118-one-thread-is-busy', 'tune', net='10.207.8', domain='atelier.test', seconds=16)
def one_thread(lab):
    """Python's HTTPServer has one thread: from 5 s on a report of 1.2 s now and then holds it, and other calls
    wait behind it.
    """
    hosts(lab, {'desk': 11}, {'prints': 21, 'frames': 22})
    serve(lab, 'prints', 4161, routes=[dict(Path='/report', Delay=[1100, 1300], Size=[900, 2000]), *SMALL], Workers=1)
    serve(lab, 'frames', 4162)
    lab.go(
        'desk',
        call('small', 'prints.atelier.test', 4161, (100, 200)),
        call('report', 'prints.atelier.test', 4161, (1500, 2200), Since=5, Until=11),
        call('frames', 'frames.atelier.test', 4162),
        pools={'': dict(MaxIdle=20)},
    )
    lab.capture('desk')
    lab.truth(
        'http.think_time|time.load',
        'server',
        'prints.atelier.test|10.207.8.21',
        since=5,
        until=12.5,
        callers=['small'],
        note='calls wait in the server behind reports',
        not_to_blame='frames; network',
        shows='http.response && http.time>0.3',
    )


@incident('119-tls-path-longer', 'judge', net='10.208.9', domain='crofter.test', v6='fd35:6:2', v4=False, seconds=16)
def tls_path_longer(lab):
    """IPv6, HTTP/2 in TLS without keys on one kept connection: the path to the server is 110 ms instead of 10
    ms from 7 s on.
    """
    hosts(lab, {'croft': 11}, {'wool': 21, 'post': 22}, far={'wool': [(0, 5, 0), (7, 55, 0)]})
    serve(lab, 'wool', 4171, tls=True, HTTP1Only=False)
    serve(lab, 'post', 4172)
    lab.go(
        'croft',
        call('wool', 'wool.crofter.test', 4171, (110, 220), tls=True, Pool='h2'),
        call('post', 'post.crofter.test', 4172),
        pools={'h2': dict(Proto='h2')},
        ca=lab.authority(),
    )
    lab.capture('croft')
    lab.truth(
        'conn.slow_path|conn.slow_handshake|time.step',
        'network',
        'wool.crofter.test|fd35:6:2::15',
        since=7,
        until='end',
        callers=['wool'],
        note='every packet takes 50 ms longer each way',
        not_to_blame='wool; post',
        shows='tcp.dstport==4171 && tcp.analysis.ack_rtt>=0 || (tcp.srcport==4171 && tcp.analysis.ack_rtt>0.1)',
    )


@incident('120-agent-without-keep-alive', 'judge', net='10.209.1', domain='outlet.test')
def no_keep_alive(lab):
    """node with keepAlive false, 34 ms away: a connection for each call; seen at the server."""
    hosts(lab, {'shop': 11}, {'goods': 21, 'cards': 22}, far={'shop': 17})
    serve(lab, 'goods', 4181)
    serve(lab, 'cards', 4182)
    lab.other('shop', 'node', call('goods', 'goods.outlet.test', 4181, (90, 160), KeepAlive=False))
    lab.go('shop', call('cards', 'cards.outlet.test', 4182, (150, 250)))
    lab.capture('goods')
    lab.truth(
        'conn.churn',
        'client',
        'goods.outlet.test|10.209.1.21|10.209.1.11',
        since=0,
        until='end',
        callers=['goods'],
        note='a connection for each call, at 34 ms',
        not_to_blame='goods; network; cards',
        shows='tcp.flags.syn==1 && tcp.flags.ack==0',
    )


@incident('121-three-seconds-idle', 'judge', net='10.210.2', domain='jetty.test', seconds=18)
def three_seconds_idle(lab):
    """A server closes after 3 s idle; Python posts every 3.01 s over 50 ms and meets the FIN; seen at the server."""
    hosts(lab, {'buoy': 11}, {'tide': 21, 'log': 22}, far={'buoy': 25})
    serve(lab, 'tide', 4191, Idle=3)
    serve(lab, 'log', 4192)
    lab.go(
        'buoy',
        *[
            call(f'tide{i}', 'tide.jetty.test', 4191, (3012, 3044), Since=0.13 * i, Body=[300], Pool=f'p{i}')
            for i in range(10)
        ],
        call('log', 'log.jetty.test', 4192, (200, 300)),
        pools={f'p{i}': dict(MaxIdle=1) for i in range(10)},
    )
    lab.capture('tide')
    lab.truth(
        'conn.stale_reuse',
        'server|client',
        'tide.jetty.test|10.210.2.21',
        since=3,
        until='end',
        callers=[f'tide{i}' for i in range(10)],
        note='the FIN after 3 s idle and the next request cross',
        not_to_blame='network; log',
        shows='tcp.srcport==4191 && tcp.flags.reset==1',
    )


@incident('122-tls-downloads-lose-packets', 'judge', net='10.211.3', domain='gallery.test', seconds=17)
def lossy_downloads(lab):
    """12 % of what one TLS server sends is lost; Python and Go on two hosts, 20 ms away; client, -i any."""
    hosts(lab, {'wall': 11, 'hall': 12}, {'scans': 21, 'index': 22}, far={'scans': 10})
    lab.filter('ip saddr 10.211.3.21 numgen random mod 100 < 12 drop', 5, 13)
    serve(lab, 'scans', 4201, tls=True, routes=[dict(Path='/', Delay=[5, 15], Size=[1200, 4000])])
    serve(lab, 'index', 4202)
    lab.other(
        'wall',
        'requests',
        call('scans-py', 'scans.gallery.test', 4201, (120, 220), tls=True, Workers=2),
        ca=lab.authority(),
    )
    lab.go(
        'wall',
        call('scans', 'scans.gallery.test', 4201, (120, 220), tls=True),
        call('index', 'index.gallery.test', 4202),
        ca=lab.authority(),
    )
    lab.capture('wall', 'any', snaplen=140)
    lab.truth(
        'tcp.lossy_path|tcp.loss_stall',
        'network',
        'scans.gallery.test|10.211.3.21',
        since=5,
        until=13,
        callers=['scans', 'scans-py'],
        note='12 % of the packets of scans are lost',
        not_to_blame='index; scans',
        shows='ip.src==10.211.3.21 && (tcp.analysis.retransmission || tcp.analysis.fast_retransmission || tcp.analysis.lost_segment || tcp.analysis.out_of_order)',
    )


@incident(
    '123-curl-uploads-not-read', 'judge', net='10.212.4', domain='darkroom.test', v6='fd37:8:4', v4=False, seconds=16
)
def uploads_not_read(lab):
    """IPv6: the server reads 48 kB of an upload and stands still for a second or more; curl; at the bridge."""
    hosts(lab, {'cam': 11}, {'films': 21, 'clock': 22})
    serve(lab, 'films', 4211, Rcvbuf=16384, faults=[dict(Since=5, Until=11, Path='/', Do='unread', Ms=[1000, 1700])])
    serve(lab, 'clock', 4212)
    lab.other(
        'cam',
        'curl',
        call('films', 'films.darkroom.test', 4211, (500, 800), Body=160000, Workers=2, Header={'Expect': ''}),
    )
    lab.go('cam', call('clock', 'clock.darkroom.test', 4212))
    lab.capture(snaplen=300)
    lab.truth(
        'tcp.zero_window_server',
        'server',
        'films.darkroom.test|fd37:8:4::15',
        since=5,
        until=12.5,
        callers=['films'],
        note='the server does not read; its window is zero',
        not_to_blame='network; cam; clock',
        shows='tcp.srcport==4211 && tcp.analysis.zero_window',
    )


@incident(
    '124-big-answers-vanish', 'judge', net='10.213.5', domain='herbarium.test', v6='fd39:2:7', v4=False, seconds=17
)
def big_answers_vanish(lab):
    """IPv6 and TLS: packets over 1300 bytes from one server vanish from 5 s on, no ICMP; small answers pass;
    client.
    """
    hosts(lab, {'desk': 11}, {'plates': 21, 'notes': 22})
    lab.filter('ip6 saddr fd39:2:7::15 ip6 length > 1260 drop', 5)
    serve(lab, 'plates', 4221, tls=True, routes=[dict(Path='/big', Delay=[5, 10], Size=[20000, 40000]), *SMALL])
    serve(lab, 'notes', 4222)
    lab.go(
        'desk',
        call('big', 'plates.herbarium.test', 4221, (250, 400), tls=True, Timeout=3500),
        call('tiny', 'plates.herbarium.test', 4221, (200, 300), tls=True, Timeout=3500),
        call('notes', 'notes.herbarium.test', 4222),
        ca=lab.authority(),
    )
    lab.capture('desk', snaplen=140)
    lab.truth(
        'tcp.pmtud_blackhole',
        'network',
        'plates.herbarium.test|fd39:2:7::15',
        since=5,
        until='end',
        callers=['big'],
        note='packets of over 1300 bytes from plates vanish',
        not_to_blame='plates; notes',
        shows=['ipv6.src==fd39:2:7::15 && tcp.analysis.lost_segment'],
    )


@incident('125-two-sends-of-the-client', 'judge', net='10.214.6', domain='counter.test')
def two_sends(lab):
    """A plain Python client sends head and body apart with Nagle on; the server's host delays its ACK: 40 ms a
    call.
    """
    hosts(lab, {'till': 11}, {'sums': 21, 'rates': 22})
    serve(lab, 'sums', 4231, routes=[dict(Path='/', Delay=[1, 3], Size=[200, 400])])
    serve(lab, 'rates', 4232)
    lab.other('till', 'socket', call('sums', 'sums.counter.test', 4231, (3, 9), Body=120, Workers=2))
    lab.go('till', call('rates', 'rates.counter.test', 4232))
    lab.capture('till')
    lab.truth(
        'tcp.nagle|tcp.delayed_ack',
        'client',
        'sums.counter.test|10.214.6.21|10.214.6.11',
        since=0,
        until='end',
        callers=['sums'],
        note='the body waits for the ACK of the head, which the server delays',
        not_to_blame='network; rates; sums',
        shows='ip.src==10.214.6.21 && tcp.len==0 && tcp.time_delta>0.035 && tcp.time_delta<0.06',
        least=50,
    )


@incident('126-wrong-name-in-certificate', 'tune', net='10.215.7', domain='notary.test')
def wrong_name(lab):
    """TLS 1.2: from 6 s on the certificate is another host's; Python breaks off; seen at the server."""
    hosts(lab, {'clerk': 11}, {'deeds': 21, 'seals': 22})
    lab.certificate('deeds.notary.test')
    cert, key = lab.certificate('wills.notary.test')
    serve(lab, 'deeds', 4241, tls=True, TLSMax=0x303, faults=[dict(Since=6, Until=99, Do='cert', Cert=cert, Key=key)])
    serve(lab, 'seals', 4242)
    lab.other(
        'clerk',
        'requests',
        call('deeds', 'deeds.notary.test', 4241, (250, 400), tls=True, Session=False),
        ca=lab.authority(),
    )
    lab.go('clerk', call('seals', 'seals.notary.test', 4242))
    lab.capture('deeds')
    lab.truth(
        'tls.certificate|tls.alert|tls.client_rejects',
        'server',
        'deeds.notary.test|10.215.7.21',
        since=6,
        until='end',
        callers=['deeds'],
        note='the certificate is for wills.notary.test',
        not_to_blame='network; seals; clerk',
        shows='ip.dst==10.215.7.21 && tls.alert_message',
    )


@incident('127-upstream-answers-500', 'judge', net='10.216.8', domain='tavern.test')
def upstream_500(lab):
    """haproxy hands on the 500s of one upstream (60 %); both legs, at haproxy; Python and Go."""
    hosts(lab, {'guest': 11}, {'lb': 20, 'menu': 21, 'bill': 22})
    serve(lab, 'menu', 4251)
    serve(lab, 'bill', 4252, faults=[dict(Since=5, Until=11, Path='/', Do='status', Status=500, Share=0.6)])
    lab.haproxy('lb', 8810, {'menu': '10.216.8.21:4251', 'bill': '10.216.8.22:4252'})
    lab.other('guest', 'requests', call('bill', 'lb.tavern.test', 8810, (120, 220)))
    lab.go('guest', call('menu', 'lb.tavern.test', 8810))
    lab.capture('lb')
    lab.truth(
        'http.error_cluster',
        'server',
        '10.216.8.22',
        since=5,
        until=11,
        callers=['bill'],
        note='the upstream answers 500, the proxy hands it on',
        not_to_blame='lb; menu; network',
        shows='http.response.code==500 && ip.src==10.216.8.22',
    )


@incident('128-upstream-refuses', 'judge', net='10.217.9', domain='stable.test')
def upstream_refuses(lab):
    """nginx answers 502, for one upstream's process is gone; both legs, at nginx; Go and curl."""
    hosts(lab, {'rider': 11}, {'gate': 20, 'hay': 21, 'oats': 22})
    hay = serve(lab, 'hay', 4261)
    serve(lab, 'oats', 4262)
    lab.at(6, hay.kill)
    lab.nginx('gate', 8820, {'hay': '10.217.9.21:4261', 'oats': '10.217.9.22:4262'})
    lab.go('rider', call('hay', 'gate.stable.test', 8820), call('oats', 'gate.stable.test', 8820))
    lab.other('rider', 'curl', call('hay', 'gate.stable.test', 8820, (400, 600)))
    lab.capture('gate', 'any')
    lab.truth(
        'conn.refused',
        'server',
        '10.217.9.21',
        since=6,
        until='end',
        callers=['hay'],
        note='the upstream refuses, the proxy answers 502',
        not_to_blame='gate; oats; network',
        shows=['http.response.code==502', 'ip.src==10.217.9.21 && tcp.flags.reset==1'],
    )


@incident('129-one-replica-is-slow', 'judge', net='10.218.1', domain='relics.test')
def one_replica_slow(lab):
    """Three addresses behind a name; one answers in 0.3 to 0.5 s instead of 10 ms from 5 s on; new connections,
    turned answers.
    """
    hosts(lab, {'guard': 11}, {'r1': 21, 'r2': 22, 'r3': 23, 'lamps': 24}, dict(rotate=True))
    lab.name('r1', 'relics', addresses=['10.218.1.21', '10.218.1.22', '10.218.1.23'])
    for host in ('r1', 'r2', 'r3'):
        serve(
            lab,
            host,
            4271,
            faults=[dict(Since=5, Until=12, Path='/', Do='delay', Ms=[300, 500])] if host == 'r2' else [],
        )
    serve(lab, 'lamps', 4272)
    lab.go(
        'guard',
        call('relics', 'relics.relics.test', 4271, (60, 120), Pool='fresh'),
        call('lamps', 'lamps.relics.test', 4272),
        pools=FRESH,
    )
    lab.capture('guard')
    lab.truth(
        'http.think_time|conn.lb_uneven',
        'server',
        '10.218.1.22',
        since=5,
        until=12,
        callers=['relics'],
        note='one of three addresses is slow',
        not_to_blame='10.218.1.21; 10.218.1.23; network',
        shows='ip.src==10.218.1.22 && http.response && http.time>0.28',
    )


@incident('130-quick-503s-tried-again', 'tune', net='10.219.2', domain='parade.test')
def quick_503s(lab):
    """A service answers 503 at once to 80 % for some seconds; Python tries each up to four times, 50 ms apart."""
    hosts(lab, {'band': 11}, {'drums': 21, 'flags': 22})
    serve(lab, 'drums', 4281, faults=[dict(Since=6, Until=11, Path='/', Do='status', Status=503, Share=0.8)])
    serve(lab, 'flags', 4282)
    lab.other(
        'band', 'requests', call('drums', 'drums.parade.test', 4281, (120, 220), Workers=2, Retries=4, RetryWait=0.05)
    )
    lab.go('band', call('flags', 'flags.parade.test', 4282))
    lab.capture('band')
    lab.truth(
        'http.error_cluster|http.retry_storm',
        'server|client',
        'drums.parade.test|10.219.2.21',
        since=6,
        until=11,
        callers=['drums'],
        note='503 to four of five, each tried again',
        not_to_blame='network; flags',
        shows='http.response.code==503',
    )


@incident('131-route-gone-after-deploy', 'judge', net='10.220.3', domain='press9.test')
def route_gone(lab):
    """A deploy forgets a route: 404 for every call of it from 6 s on, where it had none; Java; at the server."""
    hosts(lab, {'desk': 11}, {'pages': 21, 'ads': 22})
    serve(lab, 'pages', 4291, faults=[dict(Since=6, Until=99, Path='/proof', Do='status', Status=404)])
    serve(lab, 'ads', 4292)
    lab.other(
        'desk',
        'java',
        call('proof', 'pages.press9.test', 4291, (100, 180)),
        call('print', 'pages.press9.test', 4291, (100, 180)),
    )
    lab.go('desk', call('ads', 'ads.press9.test', 4292))
    lab.capture('pages')
    lab.truth(
        'http.error_cluster',
        'server|client',
        'pages.press9.test|10.220.3.21',
        since=6,
        until='end',
        callers=['proof'],
        note='404 for every call of one route',
        not_to_blame='network; /print; ads',
        shows='http.response.code==404',
        bad=400,
    )


@incident('132-go-process-stopped', 'judge', net='10.221.4', domain='turbine.test', seconds=16)
def go_stopped(lab):
    """A Go process is stopped for 3 s; all it calls are ports of one host, where the capture is; Python beside
    it goes on.
    """
    hosts(lab, {'scada': 11}, {'unit': 21})
    for port in (4301, 4302, 4303):
        serve(lab, 'unit', port)
    frozen = lab.go('scada', *[call(f'p{port}', 'unit.turbine.test', port, (80, 160)) for port in (4301, 4302, 4303)])
    lab.other('scada', 'requests', call('py', 'unit.turbine.test', 4302, (120, 200)))
    lab.stop(frozen, 7, 10)
    lab.capture('unit')
    lab.truth(
        'client.stopped',
        'client',
        '10.221.4.11',
        since=7,
        until=10,
        callers=['p4301', 'p4302', 'p4303'],
        note='the Go process stood still, Python on its host did not',
        not_to_blame='unit; network',
        shows='http.user_agent contains "Go-http-client"',
        gap=2.7,
    )


@incident('133-short-pauses', 'judge', net='10.222.5', domain='mosaic.test', seconds=16)
def short_pauses(lab):
    """A process of two services stands still for 0.22 s every 1.1 s from 4 s on; seen at its host."""
    hosts(lab, {'floor': 11}, {'tiles': 21, 'glue': 22})
    lab.name('tiles', 'grout')
    both = lab.serve(
        'tiles', dict(Port=4311, Routes=SMALL), dict(Port=4312, Routes=SMALL), dict(Port=4313, Routes=SMALL)
    )
    serve(lab, 'glue', 4314)
    for k in range(9):
        lab.stop(both, 4 + 1.1 * k, 4.22 + 1.1 * k)
    lab.go(
        'floor',
        call('a', 'tiles.mosaic.test', 4311, (25, 50)),
        call('b', 'grout.mosaic.test', 4312, (25, 50)),
        call('c', 'tiles.mosaic.test', 4313, (25, 50)),
        call('glue', 'glue.mosaic.test', 4314, (60, 120)),
    )
    lab.capture('tiles')
    lab.truth(
        'time.periodic|http.think_time',
        'server',
        '10.222.5.21',
        since=4,
        until=14,
        callers=['a', 'b', 'c'],
        note='the process stands still for 0.22 s every 1.1 s',
        not_to_blame='network; glue; floor',
        shows='http.response && http.time>0.1',
    )


@incident('134-errors-in-a-lossy-capture', 'judge', net='10.223.6', domain='lockup.test')
def errors_and_drops(lab):
    """503s of one service from 5 s on, and a mirror port that loses 3 %: the errors are to be named all the same."""
    hosts(lab, {'warder': 11}, {'cells': 21, 'keys': 22, 'meals': 23})
    serve(lab, 'cells', 4321, faults=[dict(Since=5, Until=12, Path='/', Do='status', Status=503, Share=0.7)])
    serve(lab, 'keys', 4322)
    serve(lab, 'meals', 4323)
    lab.go(
        'warder',
        *[call(n, f'{n}.lockup.test', p, (70, 140)) for n, p in (('cells', 4321), ('keys', 4322), ('meals', 4323))],
    )
    lab.capture('warder', lost=3)
    lab.truth(
        'http.error_cluster',
        'server',
        'cells.lockup.test|10.223.6.21',
        since=5,
        until=12,
        callers=['cells'],
        note='503 for 70 %',
        not_to_blame='network; keys; meals',
        shows='http.response.code==503',
    )
    lab.truth(
        'capture.drops',
        'capture',
        '',
        since=0,
        until='end',
        callers=['none'],
        note='the mirror port loses 3 %',
        not_to_blame='network',
        shows='tcp.analysis.ack_lost_segment || tcp.analysis.lost_segment',
    )


@incident('135-healthy-slow-line', 'judge', net='10.224.7', domain='hamlet.test', seconds=16)
def slow_line(lab):
    """A client with a line of 150 kB/s always takes its time for downloads; small calls beside them; TLS."""
    lab.host('ns', 2)
    lab.host('farm', 11, resolvers=['10.224.7.2'], far=8, bandwidth=1.5e5, queue=3e4)
    for name, last in (('files', 21), ('prices', 22)):
        lab.host(name, last)
        lab.name(name)
    lab.dns('ns')
    serve(lab, 'files', 4331, tls=True, routes=[dict(Path='/', Delay=[5, 15], Size=[20000, 40000])])
    serve(lab, 'prices', 4332)
    lab.go(
        'farm',
        call('files', 'files.hamlet.test', 4331, (10, 20), tls=True, Workers=1),
        call('prices', 'prices.hamlet.test', 4332),
        ca=lab.authority(),
    )
    lab.capture('farm', snaplen=120)
    lab.healthy('downloads as fast as the line, all the time', shows='tcp.srcport==4331')


@incident('136-healthy-idle-closes', 'judge', net='10.225.8', domain='scriptorium.test', v6='fd41:1:5', seconds=18)
def idle_closes(lab):
    """Servers close after 1 s idle, clients come back after 2 s and find the connection gone: no call is hurt.
    HTTP/1.0 and 1.1.
    """
    hosts(lab, {'scribe': 11}, {'ink': 21, 'quills': 22})
    serve(lab, 'ink', 4341, Idle=1)
    lab.python_server('quills', 'plain', 4342, 'HTTP/1.0')
    lab.name('quills', addresses=['10.225.8.22'])
    callers = [
        call(f'ink{i}', 'ink.scriptorium.test', 4341, (1900, 2400), Since=0.2 * i, Pool=f'p{i}') for i in range(6)
    ]
    lab.go('scribe', *callers, pools={f'p{i}': dict(MaxIdle=1) for i in range(6)})
    lab.other('scribe', 'requests', call('quills', 'quills.scriptorium.test', 4342, (400, 600)))
    lab.capture('scribe')
    lab.healthy('connections that end when idle', shows='tcp.srcport==4341 && tcp.flags.fin==1')


@incident('137-healthy-load-test', 'judge', net='10.226.9', domain='anvil9.test', seconds=15)
def load_test(lab):
    """A closed loop of six workers at a server with four places, from beginning to end; TLS beside it; at the
    server.
    """
    hosts(lab, {'hammer': 11}, {'iron': 21, 'coal': 22})
    serve(lab, 'iron', 4351, Workers=4, routes=[dict(Path='/', Delay=[15, 25], Size=[300, 900])])
    serve(lab, 'coal', 4352, tls=True)
    lab.go(
        'hammer',
        call('iron', 'iron.anvil9.test', 4351, (10, 14), Workers=6),
        call('coal', 'coal.anvil9.test', 4352, tls=True),
        pools={'': dict(MaxIdle=8)},
        ca=lab.authority(),
    )
    lab.capture('iron', snaplen=200)
    lab.healthy('a load test that goes on as it began', shows='http.response')


@incident('138-healthy-grpc-and-python-noise', 'judge', net='10.227.1', domain='choir.test', v6='fd43:7:3')
def grpc_noise(lab):
    """gRPC with a slow method (always 0.6 s), cancelled calls by design, retries that go well, 204s and HEADs;
    -i any.
    """
    hosts(lab, {'choir': 11}, {'songs': 21, 'seats': 22})
    lab.name('songs', addresses=['10.227.1.21'])
    lab.python_server('songs', 'rpc', 50095, json.dumps({'Mix': dict(ms=[500, 700]), 'Note': dict(ms=[3, 8])}))
    serve(lab, 'seats', 4362, routes=[dict(Path='/none', Delay=[1, 3], Status=204), *SMALL])
    rpc = 'songs.choir.test:50095/choir.Songs'
    lab.other(
        'choir',
        'grpc',
        dict(Name='mix', URL=f'{rpc}/Mix', Every=[300, 500], Workers=2),
        dict(Name='note', URL=f'{rpc}/Note', Every=[80, 160]),
    )
    lab.other('choir', 'httpx', call('seats', 'seats.choir.test', 4362, (120, 220)))
    lab.go(
        'choir',
        dict(Name='none', URL='http://seats.choir.test:4362/none/{n}', Every=[200, 300], Method='HEAD'),
        call('leave', 'seats.choir.test', 4362, (100, 200), Leave=6, LeaveShare=0.4),
    )
    lab.capture('choir', 'any')
    lab.healthy('a method that always takes 0.6 s, callers that leave', shows='http2')


@incident('139-one-direction-and-no-name', 'judge', net='10.228.2', domain='fold.test')
def one_direction_no_name(lab):
    """Only what comes to the client is captured: the NXDOMAIN of a name that was deleted at 6 s is in it."""
    hosts(lab, {'shepherd': 11}, {'sheep': 21, 'dogs': 22}, dict(changes=[(6, 'sheep.fold.test', None)]))
    serve(lab, 'sheep', 4371)
    serve(lab, 'dogs', 4372)
    lab.go(
        'shepherd',
        call('sheep', 'sheep.fold.test', 4371, (120, 220), Pool='fresh'),
        call('dogs', 'dogs.fold.test', 4372),
        pools=FRESH,
    )
    lab.capture('shepherd', direction='in')
    lab.truth(
        'dns.not_found',
        'name_service',
        'sheep.fold.test',
        since=6,
        until='end',
        callers=['sheep'],
        note='the name was deleted',
        not_to_blame='dogs',
        shows='dns.flags.rcode==3',
    )
    lab.truth(
        'capture.one_direction',
        'capture',
        '',
        since=0,
        until='end',
        callers=['none'],
        note='one direction only',
        shows='ip.dst==10.228.2.11',
    )


@incident('140-one-direction-and-refused', 'tune', net='10.229.3', domain='ferry9.test')
def one_direction_refused(lab):
    """Only what comes to the client is captured: the RSTs of a port where nothing listens since 5 s are in it."""
    hosts(lab, {'quay': 11}, {'boat': 21, 'tide': 22})
    boat = serve(lab, 'boat', 4381)
    serve(lab, 'tide', 4382)
    lab.at(5, boat.kill)
    lab.other('quay', 'requests', call('boat', 'boat.ferry9.test', 4381, (120, 220), Session=False))
    lab.go('quay', call('tide', 'tide.ferry9.test', 4382))
    lab.capture('quay', 'any', direction='in')
    lab.truth(
        'conn.refused',
        'server',
        'boat.ferry9.test|10.229.3.21',
        since=5,
        until='end',
        callers=['boat'],
        note='nothing listens',
        not_to_blame='tide',
        shows='tcp.srcport==4381 && tcp.flags.reset==1 && tcp.flags.ack==1',
    )
    lab.truth(
        'capture.one_direction',
        'capture',
        '',
        since=0,
        until='end',
        callers=['none'],
        note='one direction only',
        shows='ip.dst==10.229.3.11',
    )


@incident('141-java-http2-in-tls', 'judge', net='10.230.4', domain='opera.test', seconds=16)
def java_http2(lab):
    """Java's HTTP/2 in TLS without keys: the service needs 0.6 to 0.9 s instead of 15 ms from 6 s to 11 s; at
    the server.
    """
    hosts(lab, {'foyer': 11}, {'stage': 21, 'bar': 22})
    serve(
        lab,
        'stage',
        4391,
        tls=True,
        HTTP1Only=False,
        routes=[dict(Path='/', Delay=[10, 20], Size=[300, 900])],
        faults=[dict(Since=6, Until=11, Path='/', Do='delay', Ms=[600, 900])],
    )
    serve(lab, 'bar', 4392)
    lab.other(
        'foyer',
        'java',
        call('stage', 'stage.opera.test', 4391, (200, 300), tls=True),
        ca=lab.authority(),
        options=dict(h2=True),
    )
    lab.go('foyer', call('bar', 'bar.opera.test', 4392))
    lab.capture('stage')
    lab.truth(
        'http.think_time',
        'server',
        'stage.opera.test|10.230.4.21',
        since=6,
        until=11,
        callers=['stage'],
        note='answers take 0.6 to 0.9 s',
        not_to_blame='network; bar; foyer',
        shows='tcp.srcport==4391 && tcp.len>0 && tcp.time_delta>0.1',
    )


@incident('142-grpc-server-gone', 'judge', net='10.231.5', domain='pantry.test', seconds=16)
def grpc_gone(lab):
    """A gRPC server's process ends at 6 s: its port refuses, grpcio's client tries again and again; at the
    bridge.
    """
    hosts(lab, {'cook': 11}, {'shelf': 21, 'oven': 22})
    shelf = lab.python_server('shelf', 'rpc', 50096, json.dumps({'Take': dict(ms=[3, 8])}))
    serve(lab, 'oven', 4402)
    lab.at(6, shelf.kill)
    options = [
        ['grpc.initial_reconnect_backoff_ms', 300],
        ['grpc.min_reconnect_backoff_ms', 300],
        ['grpc.max_reconnect_backoff_ms', 400],
    ]
    lab.other(
        'cook',
        'grpc',
        dict(Name='take', URL='shelf.pantry.test:50096/pantry.Shelf/Take', Every=[100, 200], Workers=2),
        options=dict(channel=options),
    )
    lab.go('cook', call('oven', 'oven.pantry.test', 4402))
    lab.capture()
    lab.truth(
        'conn.refused',
        'server',
        'shelf.pantry.test|10.231.5.21',
        since=6,
        until='end',
        callers=['take'],
        note='nothing listens; calls fail at once with UNAVAILABLE',
        not_to_blame='oven; network',
        shows='tcp.srcport==50096 && tcp.flags.reset==1',
    )


@incident('143-healthy-behind-proxies', 'judge', net='10.232.6', domain='orangery.test')
def behind_proxies(lab):
    """nginx and haproxy, one behind the other, both with all their legs in a capture at the bridge; some 404s."""
    hosts(lab, {'guest': 11}, {'outer': 19, 'inner': 20, 'palms': 21, 'figs': 22})
    serve(lab, 'palms', 4411, routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900], Mix={'404': 0.1})])
    serve(lab, 'figs', 4412)
    lab.haproxy('inner', 8830, {'palms': '10.232.6.21:4411', 'figs': '10.232.6.22:4412'})
    lab.nginx('outer', 8831, {'palms': '10.232.6.20:8830', 'figs': '10.232.6.20:8830'})
    lab.go('guest', call('palms', 'outer.orangery.test', 8831), call('figs', 'outer.orangery.test', 8831))
    lab.other('guest', 'requests', call('palms', 'outer.orangery.test', 8831, (200, 300)))
    lab.capture()
    lab.healthy('two proxies in a row', shows='http.response')


@incident('144-healthy-hits-and-misses', 'tune', net='10.233.7', domain='almanac.test')
def hits_and_misses(lab):
    """Two modes all the time: a cache that misses in a third (150 ms), a resolver that asks on for one name (60
    ms); new connections.
    """
    slow_name = [dict(since=0, name='far.almanac.test', do='slow', ms=[50, 70])]
    hosts(lab, {'reader': 11}, {'near': 21, 'far': 22}, dict(faults=slow_name))
    serve(lab, 'near', 4421, faults=[dict(Since=0, Until=99, Path='/page', Do='delay', Ms=[130, 170], Share=0.33)])
    serve(lab, 'far', 4422)
    lab.go(
        'reader',
        call('page', 'near.almanac.test', 4421, (60, 120)),
        call('far', 'far.almanac.test', 4422, (150, 250), Pool='fresh'),
        pools=FRESH,
    )
    lab.capture('reader')
    lab.healthy('hits and misses as always', shows='http.response && http.time>0.12')


@incident('145-healthy-one-time-job', 'judge', net='10.234.8', domain='granary.test')
def one_time_job(lab):
    """At 8 s a nightly job asks ten reports of 2 s of a route that nobody asked before; all else is as fast as
    before. -i any.
    """
    hosts(lab, {'clerk': 11}, {'sacks': 21, 'scales': 22})
    serve(lab, 'sacks', 4431, routes=[dict(Path='/nightly', Delay=[1800, 2300], Size=[2000, 4000]), *SMALL])
    serve(lab, 'scales', 4432)
    lab.go(
        'clerk',
        call('sacks', 'sacks.granary.test', 4431),
        call('scales', 'scales.granary.test', 4432),
        call('nightly', 'sacks.granary.test', 4431, (30, 60), Since=8, Until=8.5),
    )
    lab.capture('clerk', 'any')
    lab.healthy('a job of reports that take their time', shows='http.response && http.time>1.7')


@incident('146-healthy-two-errors', 'tune', net='10.235.9', domain='cooperage.test')
def two_errors(lab):
    """Two 503s in some three hundred calls, each tried again with success."""
    hosts(lab, {'cooper': 11}, {'staves': 21, 'hoops': 22})
    serve(
        lab, 'staves', 4441, faults=[dict(Since=s, Until=s + 0.12, Path='/', Do='status', Status=503) for s in (4, 9)]
    )
    serve(lab, 'hoops', 4442)
    lab.go(
        'cooper',
        call('staves', 'staves.cooperage.test', 4441, (90, 110), Retries=2, RetryWait=[150, 200]),
        call('hoops', 'hoops.cooperage.test', 4442, (40, 80)),
    )
    lab.capture('cooper')
    lab.healthy('two errors, tried again with success', shows='http.response.code==503')


@incident('147-few-errors', 'judge', net='10.236.1', domain='chandlery.test', v6='fd47:3:8')
def few_errors(lab):
    """One call in six of one route is answered 502 from 6 s to 12 s, by the service itself; Python and Go, IPv6
    too; at the server.
    """
    hosts(lab, {'mate': 11}, {'ropes': 21, 'sails': 22})
    serve(lab, 'ropes', 4451, faults=[dict(Since=6, Until=12, Path='/cut', Do='status', Status=502, Share=0.18)])
    serve(lab, 'sails', 4452)
    lab.go(
        'mate',
        call('cut', 'ropes.chandlery.test', 4451, (40, 80)),
        call('coil', 'ropes.chandlery.test', 4451),
        call('sails', 'sails.chandlery.test', 4452),
    )
    lab.capture('ropes')
    lab.truth(
        'http.error_cluster|http.who_answered',
        'server|proxy',
        'ropes.chandlery.test|10.236.1.21',
        since=6,
        until=12,
        callers=['cut'],
        note='502 for 18 %',
        not_to_blame='network; /coil; sails',
        shows='http.response.code==502',
    )


@incident('148-java-http2-seen-at-client', 'judge', net='10.237.2', domain='masque.test', seconds=15)
def java_http2_at_client(lab):
    """Java's HTTP/2 in TLS without keys, calls side by side on one connection: answers take 0.5 to 0.8 s from 5
    s to 10 s; -i any at the client.
    """
    hosts(lab, {'usher': 11}, {'masks': 21, 'capes': 22})
    slow = [dict(Since=5, Until=10, Path='/', Do='delay', Ms=[500, 800])]
    serve(
        lab,
        'masks',
        4461,
        tls=True,
        HTTP1Only=False,
        routes=[dict(Path='/', Delay=[8, 16], Size=[300, 900])],
        faults=slow,
    )
    serve(lab, 'capes', 4462)
    lab.other(
        'usher',
        'java',
        call('masks', 'masks.masque.test', 4461, (150, 250), tls=True),
        ca=lab.authority(),
        options=dict(h2=True),
    )
    lab.go('usher', call('capes', 'capes.masque.test', 4462))
    lab.capture('usher', 'any')
    lab.truth(
        'http.think_time',
        'server',
        'masks.masque.test|10.237.2.21',
        since=5,
        until=10,
        callers=['masks'],
        note='answers take 0.5 to 0.8 s',
        not_to_blame='network; capes; usher',
        shows='tcp.srcport==4461 && tcp.len>0 && tcp.time_delta>0.05',
    )


@incident('149-path-longer-seen-at-server', 'judge', net='10.238.3', domain='minaret.test', seconds=16)
def path_longer_at_server(lab):
    """The path to one of two clients is 120 ms instead of 12 ms from 6 s on; the server's own time is as ever;
    at the server, plain and new connections too.
    """
    hosts(lab, {'near': 11, 'away': 12}, {'stairs': 21}, far={'away': [(0, 6, 0), (6, 60, 0)]})
    serve(lab, 'stairs', 4471)
    lab.go('near', call('near', 'stairs.minaret.test', 4471))
    lab.go('away', call('away', 'stairs.minaret.test', 4471))
    lab.other('away', 'curl', call('away-curl', 'stairs.minaret.test', 4471, (350, 500)))
    lab.capture('stairs')
    lab.truth(
        'conn.slow_path|conn.slow_handshake|time.step',
        'network',
        '10.238.3.12',
        since=6,
        until='end',
        callers=['away', 'away-curl'],
        note='every packet to and from 10.238.3.12 takes 54 ms longer',
        not_to_blame='stairs; 10.238.3.11',
        shows='tcp.dstport==4471 && tcp.analysis.ack_rtt>0.1',
    )


@incident(
    '150-httpx-http2-in-tls', 'judge', net='10.239.4', domain='planetarium.test', v6='fd49:1:6', v4=False, seconds=16
)
def httpx_http2(lab):
    """httpx's HTTP/2 in TLS without keys over IPv6, one call at a time: answers take 0.35 to 0.55 s from 6 s to
    12 s; at the bridge.
    """
    hosts(lab, {'dome': 11}, {'stars': 21, 'moons': 22})
    slow = [dict(Since=6, Until=12, Path='/', Do='delay', Ms=[350, 550])]
    serve(lab, 'stars', 4481, tls=True, HTTP1Only=False, faults=slow)
    serve(lab, 'moons', 4482, tls=True)
    lab.other(
        'dome',
        'httpx',
        call('stars', 'stars.planetarium.test', 4481, (200, 320), tls=True, Http2=True),
        ca=lab.authority(),
    )
    lab.other(
        'dome',
        'httpx',
        call('moons', 'moons.planetarium.test', 4482, (250, 400), tls=True),
        ca=lab.authority(),
        label='moons',
    )
    lab.capture()
    lab.truth(
        'http.think_time',
        'server',
        'stars.planetarium.test|fd49:1:6::15',
        since=6,
        until=12,
        callers=['stars'],
        note='answers take 0.35 to 0.55 s longer',
        not_to_blame='network; moons; dome',
        shows='tcp.srcport==4481 && tcp.len>0 && tcp.time_delta>0.25',
    )


@incident('151-tls-uploads-lose-packets', 'judge', net='10.240.5', domain='tannery.test', seconds=17)
def tls_uploads_lossy(lab):
    """12 % of what a client sends to one TLS server is lost; seen at the client, which sends it all; Python and
    Go.
    """
    hosts(lab, {'hide': 11}, {'vats': 21, 'hooks': 22}, far={'vats': 8})
    lab.filter('ip daddr 10.240.5.21 numgen random mod 100 < 12 drop', 5, 13)
    serve(lab, 'vats', 4491, tls=True)
    serve(lab, 'hooks', 4492)
    lab.other(
        'hide',
        'requests',
        call('vats-py', 'vats.tannery.test', 4491, (120, 220), tls=True, Body=1500, Workers=2),
        ca=lab.authority(),
    )
    lab.go(
        'hide',
        call('vats', 'vats.tannery.test', 4491, (120, 220), tls=True, Body=[1000, 3500]),
        call('hooks', 'hooks.tannery.test', 4492),
        ca=lab.authority(),
    )
    lab.capture('hide', snaplen=140)
    lab.truth(
        'tcp.lossy_path|tcp.loss_stall',
        'network',
        'vats.tannery.test|10.240.5.21',
        since=5,
        until=13,
        callers=['vats', 'vats-py'],
        note='12 % of the packets to vats are lost',
        not_to_blame='hooks; vats',
        shows='ip.dst==10.240.5.21 && (tcp.analysis.retransmission || tcp.analysis.fast_retransmission)',
    )
