"""Names: what the resolver or the zone says, late, wrong or never."""

from . import incident


@incident('20-name-deleted', 'tune', net='10.61.8', domain='freight.example')
def name_deleted(lab):
    """A zone edit deletes a name that worked; Python and Go ask for it anew at each call."""
    for name, last in (('ns', 5), ('desk', 20), ('wagons', 41), ('loads', 42)):
        lab.host(name, last, resolvers=['10.61.8.5'], search='yard.freight.example freight.example')
    lab.name('wagons')
    lab.name('loads')
    lab.dns('ns', changes=[(6.0, 'wagons.freight.example', None)])
    lab.serve('wagons', dict(Port=8113, Routes=[dict(Path='/', Delay=[3, 9], Size=[200, 900])]))
    lab.serve('loads', dict(Port=8114, Routes=[dict(Path='/', Delay=[2, 6], Size=[300, 700], Mix={'404': 0.08})]))
    lab.other(
        'desk',
        'urllib',
        dict(Name='wagons-py', URL='http://wagons.freight.example:8113/list/{n}', Every=[300, 500], Timeout=5),
    )
    lab.go(
        'desk',
        dict(Name='wagons', URL='http://wagons.freight.example:8113/one/{n}', Every=[120, 260], Pool='fresh'),
        dict(Name='loads', URL='http://loads.freight.example:8114/l/{n}', Every=[90, 200]),
        pools={'fresh': dict(NoKeepAlive=True)},
    )
    lab.capture('desk')
    lab.truth(
        'dns.not_found',
        'name_service',
        'wagons.freight.example',
        since=6.0,
        until='end',
        callers=['wagons', 'wagons-py'],
        note='the name was deleted',
        not_to_blame='loads; resolver',
        shows='dns.flags.rcode==3 && dns.qry.name=="wagons.freight.example"',
    )


@incident('21-no-address-on-ipv6-only', 'judge', net='10.62.3', domain='gauge.test', v6='fd31:7:1', v4=False)
def no_address(lab):
    """Only IPv6: the AAAA records of one name are gone, its A record (of use to nobody) stays. At the bridge."""
    for name, last in (('ns', 3), ('one', 17), ('two', 18), ('meters', 64), ('tariffs', 65)):
        lab.host(name, last, resolvers=['fd31:7:1::3'])
    lab.name('meters')
    lab.name('tariffs')
    lab.dns('ns', faults=[dict(since=4.5, until=10.5, name='meters.gauge.test', do='empty')])
    lab.serve('meters', dict(Port=9601, Routes=[dict(Path='/', Delay=[5, 15], Size=[500, 2500])]))
    lab.serve('tariffs', dict(Port=9602, Routes=[dict(Path='/', Delay=[2, 5], Size=[500, 800])]))
    for host, every in (('one', [150, 350]), ('two', [250, 450])):
        lab.go(
            host,
            dict(Name='meters', URL='http://meters.gauge.test:9601/v2/read/{n}', Every=every, Pool='fresh'),
            dict(Name='tariffs', URL='http://tariffs.gauge.test:9602/t/{n}', Every=[200, 400]),
            pools={'fresh': dict(NoKeepAlive=True)},
        )
    lab.capture()
    lab.truth(
        'dns.empty_answer',
        'name_service',
        'meters.gauge.test',
        since=4.5,
        until=10.5,
        callers=['meters'],
        note='AAAA and A answered NOERROR without an address',
        not_to_blame='tariffs',
        shows='dns.flags.response==1 && dns.qry.name=="meters.gauge.test" && dns.flags.rcode==0 && dns.count.answers==0 && dns.qry.type==28',
    )


@incident('22-parallel-question-lost', 'tune', net='10.63.2', domain='quay.test', seconds=19)
def parallel_question(lab):
    """A and AAAA go out together from one port; the path drops the AAAA question of some pairs (seen at the
    client).
    """
    for name, last in (('ns', 9), ('crane', 30), ('berths', 70), ('tides', 71)):
        lab.host(name, last, resolvers=['10.63.2.9'])
    lab.name('berths')
    lab.name('tides')
    lab.dns('ns', faults=[dict(since=3.5, until=12, type='AAAA', do='silent', share=0.4)])
    lab.serve('berths', dict(Port=8301, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900])]))
    lab.serve('tides', dict(Port=8302, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900])]))
    lab.other(
        'crane',
        'urllib',
        *[
            dict(Name=f'{n}-{k}', URL=f'http://{n}.quay.test:{p}/{k}/{{n}}', Every=[500, 900])
            for n, p in (('berths', 8301), ('tides', 8302))
            for k in 'ab'
        ],
    )
    lab.capture('crane')
    lab.truth(
        'dns.race_5s|dns.no_answer|dns.retried|dns.one_family',
        'network|resolver',
        '10.63.2.9',
        since=3.5,
        until='end',
        callers=[],
        note='one of two parallel questions is not answered and repeated after 5 s; packets do not tell whether the path or the resolver lost it',
        not_to_blame='berths; tides',
        shows='dns.qry.type==28 && dns.flags.response==0 && !dns.response_in',
    )


@incident('23-servfail-of-one-zone', 'judge', net='10.64.7', domain='silo.test')
def servfail_zone(lab):
    """One zone is broken (SERVFAIL after 0.2 s from both resolvers), all other names are fine. node, keep-alive
    off.
    """
    for name, last in (('ns1', 2), ('ns2', 3), ('panel', 25), ('grain', 81), ('stock', 82)):
        lab.host(name, last, resolvers=['10.64.7.2', '10.64.7.3'], options='timeout:2 attempts:1')
    lab.name('grain', 'grain.partner.example')
    lab.name('stock')
    broken = [dict(since=5.2, name='*.partner.example', do='servfail', ms=[180, 260])]
    lab.dns('ns1', faults=broken)
    lab.dns('ns2', faults=broken)
    lab.serve('grain', dict(Port=8451, Routes=[dict(Path='/', Delay=[8, 20], Size=[300, 900])]))
    lab.serve('stock', dict(Port=8452, Routes=[dict(Path='/', Delay=[3, 8], Size=[300, 900])]))
    lab.other(
        'panel',
        'node',
        dict(Name='grain', URL='http://grain.partner.example:8451/p/{n}', Every=[200, 400], KeepAlive=False),
        dict(Name='stock', URL='http://stock.silo.test:8452/s/{n}', Every=[150, 300], KeepAlive=False),
    )
    lab.capture('panel', 'any')
    lab.truth(
        'dns.server_failure',
        'name_service|resolver',
        'grain.partner.example',
        since=5.2,
        until='end',
        callers=['grain'],
        note='both resolvers answer SERVFAIL for this zone only',
        not_to_blame='stock',
        shows='dns.flags.rcode==2 && dns.qry.name=="grain.partner.example"',
    )


@incident('24-resolver-slow', 'tune', net='10.65.1', domain='kiln.test')
def resolver_slow(lab):
    """The resolver takes 250 to 450 ms an answer for a while; Java (old API) and curl ask for every connection."""
    for name, last in (('ns', 4), ('floor', 33), ('ovens', 90), ('bricks', 91)):
        lab.host(name, last, resolvers=['10.65.1.4'])
    lab.name('ovens')
    lab.name('bricks')
    lab.dns('ns', faults=[dict(since=5, until=11, do='slow', ms=[250, 450])])
    lab.serve(
        'ovens',
        dict(Port=7710, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900], Header={'Connection': 'close'})]),
    )
    lab.serve('bricks', dict(Port=7711, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900])]))
    lab.other(
        'floor',
        'java',
        dict(Name='ovens', URL='http://ovens.kiln.test:7710/o/{n}', Every=[200, 350]),
        options=dict(java=['-Dsun.net.inetaddr.ttl=0'], old=True),
    )
    lab.other('floor', 'curl', dict(Name='bricks', URL='http://bricks.kiln.test:7711/b/{n}', Every=[250, 400]))
    lab.capture('floor')
    lab.truth(
        'dns.slow',
        'resolver',
        '10.65.1.4',
        since=5,
        until=11,
        callers=[],
        note='every question takes 250 to 450 ms',
        not_to_blame='ovens; bricks; network',
        shows='dns.time>0.24',
    )


@incident('25-aaaa-never-answered', 'judge', net='10.66.4', domain='orchard.test')
def aaaa_silent(lab):
    """A filter before the resolver drops AAAA questions all the time; Go waits for both (timeout:1)."""
    for name, last in (('ns', 6), ('press', 40), ('apples', 50), ('cider', 51)):
        lab.host(name, last, resolvers=['10.66.4.6'], options='timeout:1 attempts:2')
    lab.name('apples')
    lab.name('cider')
    lab.dns('ns', faults=[dict(since=0, type='AAAA', do='silent')])
    lab.serve('apples', dict(Port=8600, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900])]))
    lab.serve('cider', dict(Port=8601, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900])]))
    lab.other(
        'press',
        'urllib',
        dict(Name='apples', URL='http://apples.orchard.test:8600/a/{n}', Every=[300, 500], Workers=4),
    )
    lab.go('press', dict(Name='cider', URL='http://cider.orchard.test:8601/c/{n}', Every=[150, 300]))
    lab.capture('press')
    lab.truth(
        'dns.one_family|dns.no_answer|dns.retried',
        'resolver|network',
        '10.66.4.6',
        since=0,
        until='end',
        callers=['apples'],
        note='AAAA questions are never answered, A at once; whole capture',
        not_to_blame='apples; cider',
        shows='dns.qry.type==28 && dns.flags.response==0 && !dns.response_in',
    )


@incident('26-answer-too-big', 'tune', net='10.67.9', domain='mill.test')
def truncated(lab):
    """From 5 s on the answers for one name are truncated, and a firewall refuses DNS over TCP."""
    for name, last in (('ns', 7), ('saw', 44), ('planks', 60), ('beams', 61)):
        lab.host(name, last, resolvers=['10.67.9.7'], options='timeout:1 attempts:1')
    lab.name('planks')
    lab.name('beams')
    lab.dns('ns', faults=[dict(since=5, name='planks.*', do='truncate')])
    lab.filter('tcp dport 53 reject with tcp reset', 0.1, host='ns')
    lab.serve('planks', dict(Port=8710, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900])]))
    lab.serve('beams', dict(Port=8711, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900])]))
    lab.go(
        'saw',
        dict(Name='planks', URL='http://planks.mill.test:8710/p/{n}', Every=[200, 350], Pool='fresh'),
        dict(Name='beams', URL='http://beams.mill.test:8711/b/{n}', Every=[200, 350], Pool='fresh'),
        pools={'fresh': dict(NoKeepAlive=True)},
    )
    lab.capture('saw')
    lab.truth(
        'dns.truncated',
        'resolver|network|name_service',
        'planks.mill.test|10.67.9.7',
        since=5,
        until='end',
        callers=['planks'],
        note='TC=1 and TCP 53 is refused',
        not_to_blame='beams',
        shows=['dns.flags.truncated==1 && dns.qry.name=="planks.mill.test"', 'tcp.srcport==53 && tcp.flags.reset==1'],
    )


@incident('27-name-moved-to-dead-host', 'judge', net='10.68.5', domain='pilot.test')
def moved(lab):
    """The name's record is changed to a host that is not there; connections are new each time."""
    for name, last in (('ns', 8), ('tower', 21), ('charts', 31), ('winds', 33)):
        lab.host(name, last, resolvers=['10.68.5.8'])
    lab.name('charts', ttl=2)
    lab.name('winds')
    lab.dns('ns', changes=[(6.5, 'charts.pilot.test', ['10.68.5.32'])])
    lab.host('spare', 32)
    lab.filter('ip daddr 10.68.5.32 drop', 0, host=None)
    lab.serve('charts', dict(Port=7401, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900])]))
    lab.serve('winds', dict(Port=7402, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900])]))
    lab.go(
        'tower',
        dict(Name='charts', URL='http://charts.pilot.test:7401/c/{n}', Every=[200, 350], Pool='fresh', Timeout=1500),
        dict(Name='winds', URL='http://winds.pilot.test:7402/w/{n}', Every=[200, 350]),
        pools={'fresh': dict(NoKeepAlive=True)},
    )
    lab.capture('tower')
    lab.truth(
        'dns.changed',
        'name_service',
        'charts.pilot.test',
        since=6.5,
        until='end',
        callers=['charts'],
        note='the answer changed to 10.68.5.32, which never answers',
        not_to_blame='winds; resolver',
        shows=['dns.a==10.68.5.32', 'tcp.flags.syn==1 && tcp.flags.ack==0 && ip.dst==10.68.5.32'],
    )


@incident('28-client-keeps-old-address', 'tune', net='10.69.6', domain='vault.test', seconds=18)
def stale_address(lab):
    """The name moves and the old host is shut; a JVM that caches names for ever goes on dialling it, curl
    beside it does not.
    """
    for name, last in (('ns', 9), ('till', 22), ('oldkeys', 34), ('newkeys', 35)):
        lab.host(name, last, resolvers=['10.69.6.9'])
    lab.name('oldkeys', 'keys', ttl=5)
    lab.dns('ns', changes=[(4.0, 'keys.vault.test', ['10.69.6.35'])])
    routes = [dict(Path='/', Delay=[4, 12], Size=[300, 900], Header={'Connection': 'close'})]
    old = lab.serve('oldkeys', dict(Port=7501, Routes=routes))
    lab.serve('newkeys', dict(Port=7501, Routes=routes))
    lab.at(8.0, old.kill)
    lab.other(
        'till',
        'java',
        dict(Name='keys', URL='http://keys.vault.test:7501/k/{n}', Every=[200, 350]),
        options=dict(java=['-Dsun.net.inetaddr.ttl=-1'], old=True),
    )
    lab.other('till', 'curl', dict(Name='keys-curl', URL='http://keys.vault.test:7501/k/{n}', Every=[300, 500]))
    lab.capture('till')
    lab.truth(
        'dns.stale_ttl|conn.refused',
        'client|server',
        'keys.vault.test|10.69.6.34',
        since=8,
        until='end',
        callers=['keys'],
        note='the old address is refused since it was shut; DNS has not given it for 4 s and more',
        not_to_blame='the new host; resolver',
        shows='tcp.flags.reset==1 && ip.src==10.69.6.34 && tcp.seq==1',
    )


@incident('29-resolver-process-gone', 'judge', net='10.70.1', domain='pump.test', seconds=14)
def resolver_gone(lab):
    """The only resolver's process ends: its host says port unreachable. httpx and Go."""
    for name, last in (('ns', 10), ('well', 23), ('flow', 36), ('level', 37)):
        lab.host(name, last, resolvers=['10.70.1.10'])
    lab.name('flow')
    lab.name('level')
    lab.dns('ns')
    lab.at(5.5, lambda: [p.kill() for p in lab.processes if any('dns-ns' in str(a) for a in p.args)])
    routes = [dict(Path='/', Delay=[4, 12], Size=[300, 900])]
    lab.serve('flow', dict(Port=7601, Routes=routes))
    lab.serve('level', dict(Port=7602, Routes=routes))
    lab.other(
        'well', 'requests', dict(Name='flow', URL='http://flow.pump.test:7601/f/{n}', Every=[200, 350], Session=False)
    )
    lab.go(
        'well',
        dict(Name='level', URL='http://level.pump.test:7602/l/{n}', Every=[200, 350], Pool='fresh'),
        pools={'fresh': dict(NoKeepAlive=True)},
    )
    lab.capture('well')
    lab.truth(
        'dns.unreachable|dns.no_answer',
        'resolver',
        '10.70.1.10',
        since=5.5,
        until='end',
        callers=[],
        note='ICMP port unreachable for every question',
        not_to_blame='flow; level; network',
        shows='icmp.type==3 && icmp.code==3',
    )


@incident('30-resolver-cut-off', 'tune', net='10.71.2', domain='glass.test', v6='fd44:2:9', seconds=16)
def resolver_cut_off(lab):
    """The path to the only resolver (asked over IPv6) is cut; calls have a limit of 2 s; kept connections go on."""
    for name, last in (('ns', 11), ('shop', 24), ('panes', 38), ('frames', 39)):
        lab.host(name, last, resolvers=['fd44:2:9::b'])
    lab.name('panes')
    lab.name('frames')
    lab.dns('ns')
    lab.filter('ip6 daddr fd44:2:9::b udp dport 53 drop', 5.0, 12.0)
    routes = [dict(Path='/', Delay=[4, 12], Size=[300, 900])]
    lab.serve('panes', dict(Port=7701, Routes=routes))
    lab.serve('frames', dict(Port=7702, Routes=routes))
    lab.go(
        'shop',
        dict(Name='panes', URL='http://panes.glass.test:7701/p/{n}', Every=[180, 300], Pool='fresh', Timeout=2000),
        dict(Name='frames', URL='http://frames.glass.test:7702/f/{n}', Every=[180, 300]),
        pools={'fresh': dict(NoKeepAlive=True)},
    )
    lab.capture('shop')
    lab.truth(
        'dns.no_answer',
        'resolver|network',
        'fd44:2:9::b',
        since=5,
        until=12,
        callers=['panes'],
        note='no question is answered',
        not_to_blame='panes; frames',
        shows='dns.flags.response==0 && ipv6.dst==fd44:2:9::b',
    )


@incident('100-long-search-walk', 'judge', net='10.171.2', domain='mesh.test')
def search_walk(lab):
    """A name with two dots, ndots:4 and four domains: four vain walks over a 24 ms path for each connection,
    and connections are not kept.
    """
    lab.host('ns', 2, far=12)
    lab.host(
        'pod',
        120,
        resolvers=['10.171.2.2'],
        search='a.mesh.test b.mesh.test mesh.test corp.example',
        options='ndots:4',
    )
    lab.host('rates', 121)
    lab.host('local', 122)
    lab.name('rates', 'rates.bank.example')
    lab.name('local', 'local.a.mesh.test')
    lab.dns('ns')
    lab.serve('rates', dict(Port=9910, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900])]))
    lab.serve('local', dict(Port=9911, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900])]))
    lab.go(
        'pod',
        dict(Name='rates', URL='http://rates.bank.example:9910/r/{n}', Every=[150, 250], Pool='fresh'),
        dict(Name='local', URL='http://local:9911/l/{n}', Every=[100, 200]),
        pools={'fresh': dict(NoKeepAlive=True)},
    )
    lab.capture('pod')
    lab.truth(
        'dns.search_list',
        'client',
        'rates.bank.example|10.171.2.120',
        since=0,
        until='end',
        callers=['rates'],
        note='four vain lookups, one after another, before the right one',
        not_to_blame='the resolver; rates',
        shows='dns.flags.rcode==3 && dns.qry.name contains "rates.bank.example."',
    )


@incident('101-dns-packets-lost', 'tune', net='10.172.3', domain='mast.test', seconds=18)
def dns_lost(lab):
    """A third of the questions to the resolver is lost on the way from 5 s on; Go repeats them after 1 s
    (timeout:1). At the bridge.
    """
    lab.host('ns', 2)
    lab.host('radio', 123, resolvers=['10.172.3.2'], options='timeout:1 attempts:4')
    lab.host('spots', 124)
    lab.host('tunes', 125)
    lab.name('spots')
    lab.name('tunes')
    lab.dns('ns')
    lab.filter('udp dport 53 numgen random mod 100 < 33 drop', 5, 13)
    for i, n in enumerate(('spots', 'tunes')):
        lab.serve(n, dict(Port=9920 + i, Routes=[dict(Path='/', Delay=[4, 12], Size=[300, 900])]))
    lab.go(
        'radio',
        *[
            dict(Name=n, URL=f'http://{n}.mast.test:{9920 + i}/{n}/{{n}}', Every=[200, 350], Pool='fresh')
            for i, n in enumerate(('spots', 'tunes'))
        ],
        pools={'fresh': dict(NoKeepAlive=True)},
    )
    lab.capture()
    lab.truth(
        'dns.retried|dns.no_answer|dns.race_5s',
        'resolver|network',
        '10.172.3.2',
        since=5,
        until=13.5,
        callers=[],
        note='a third of the questions is lost; each costs a second',
        not_to_blame='spots; tunes',
        shows='dns.flags.response==0 && !dns.response_in',
    )
