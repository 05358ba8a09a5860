"""Handshakes that fail, are slow or get lost, and what is slow inside TLS without keys."""

from . import incident

SMALL = [dict(Path='/', Delay=[4, 12], Size=[300, 900])]
FRESH = {'fresh': dict(NoKeepAlive=True)}


@incident('48-certificate-expired', 'tune', net='10.91.2', domain='tickets.test')
def expired(lab):
    """A new certificate is put in place that expired four days ago; TLS 1.2, so it can be read. Go without
    keep-alive.
    """
    for name, last in (('ns', 2), ('gate', 50), ('sales', 121), ('seats', 122)):
        lab.host(name, last, resolvers=['10.91.2.2'])
    lab.name('sales')
    lab.name('seats')
    lab.dns('ns')
    cert, key = lab.certificate('sales.tickets.test')
    old, old_key = lab.certificate('sales.tickets.test', days=(-94, -4))
    lab.serve(
        'sales',
        dict(
            Port=9443,
            Cert=cert,
            Key=key,
            TLSMax=0x303,
            HTTP1Only=True,
            Routes=SMALL,
            Faults=[dict(Since=5.5, Until=99, Do='cert', Cert=old, Key=old_key)],
        ),
    )
    lab.serve('seats', dict(Port=9444, Routes=SMALL))
    lab.go(
        'gate',
        dict(Name='sales', URL='https://sales.tickets.test:9443/s/{n}', Every=[280, 420], Pool='fresh'),
        dict(Name='seats', URL='http://seats.tickets.test:9444/s/{n}', Every=[150, 250]),
        pools=FRESH,
        ca=lab.authority(),
    )
    lab.capture('gate')
    lab.truth(
        'tls.certificate|tls.alert|tls.client_rejects',
        'server',
        'sales.tickets.test|10.91.2.121',
        since=5.5,
        until='end',
        callers=['sales'],
        note='the certificate expired four days ago',
        not_to_blame='gate; network; seats',
        shows='tls.alert_message && ip.dst==10.91.2.121',
    )


@incident('49-unknown-issuer', 'judge', net='10.92.3', domain='post.test')
def unknown_issuer(lab):
    """TLS 1.3: from 4 s on the certificate comes from another issuer; Python and node clients break off. Seen
    at the server.
    """
    for name, last in (('ns', 3), ('counter', 51), ('parcels', 123), ('stamps', 124)):
        lab.host(name, last, resolvers=['10.92.3.3'])
    lab.name('parcels')
    lab.name('stamps')
    lab.dns('ns')
    cert, key = lab.certificate('parcels.post.test')
    other, other_key = lab.certificate('parcels.post.test', issuer='otherca')
    lab.serve(
        'parcels',
        dict(
            Port=8743,
            Cert=cert,
            Key=key,
            TLSMin=0x304,
            HTTP1Only=True,
            Routes=SMALL,
            Faults=[dict(Since=4, Until=99, Do='cert', Cert=other, Key=other_key)],
        ),
    )
    lab.serve('stamps', dict(Port=8744, Routes=SMALL))
    lab.other(
        'counter',
        'requests',
        dict(Name='parcels-py', URL='https://parcels.post.test:8743/p/{n}', Every=[380, 550], Session=False),
        ca=lab.authority(),
    )
    lab.other(
        'counter',
        'node',
        dict(Name='parcels', URL='https://parcels.post.test:8743/p/{n}', Every=[380, 550], KeepAlive=False),
        ca=lab.authority(),
    )
    lab.go('counter', dict(Name='stamps', URL='http://stamps.post.test:8744/s/{n}', Every=[150, 250]))
    lab.capture('parcels', 'any')
    lab.truth(
        'tls.client_rejects|tls.certificate|tls.alert',
        'server|client',
        'parcels.post.test|10.92.3.123',
        since=4,
        until='end',
        callers=['parcels', 'parcels-py'],
        note='both clients do not trust the new issuer',
        not_to_blame='network',
        shows='ip.dst==10.92.3.123 && (tls.alert_message || tcp.flags.fin==1)',
    )


@incident('50-old-version-switched-off', 'tune', net='10.93.4', domain='grid.test')
def version(lab):
    """The server takes TLS 1.3 only from 6 s on, one client can TLS 1.2 only; another one goes on. Seen at the
    bridge.
    """
    for name, last in (('ns', 4), ('legacy', 52), ('modern', 53), ('loads', 125)):
        lab.host(name, last, resolvers=['10.93.4.4'])
    lab.name('loads')
    lab.dns('ns')
    cert, key = lab.certificate('loads.grid.test')
    lab.serve(
        'loads',
        dict(
            Port=7443,
            Cert=cert,
            Key=key,
            HTTP1Only=True,
            Routes=SMALL,
            Faults=[dict(Since=6, Until=99, Do='tls', TLSMin=0x304)],
        ),
    )
    lab.go(
        'legacy',
        dict(Name='old', URL='https://loads.grid.test:7443/l/{n}', Every=[400, 600], Pool='fresh'),
        pools={'fresh': dict(NoKeepAlive=True, TLSMax=0x303)},
        ca=lab.authority(),
    )
    lab.go(
        'modern',
        dict(Name='new', URL='https://loads.grid.test:7443/l/{n}', Every=[400, 600], Pool='fresh'),
        pools=FRESH,
        ca=lab.authority(),
    )
    lab.capture()
    lab.truth(
        'tls.version_mismatch|tls.alert',
        'server|client',
        'loads.grid.test|10.93.4.125|10.93.4.52',
        since=6,
        until='end',
        callers=['old'],
        note='the server refuses TLS 1.2 (alert protocol_version)',
        not_to_blame='10.93.4.53; network',
        shows='tls.alert_message.desc==70',
    )


@incident('51-handshake-waits-for-key-store', 'judge', net='10.94.5', domain='mint.test', seconds=16)
def slow_hello(lab):
    """The server takes 0.6 to 0.9 s for its ServerHello from 5 s to 11 s (its key store is slow). Java client,
    TLS 1.3.
    """
    for name, last in (('ns', 5), ('teller', 54), ('coins', 126), ('notes', 127)):
        lab.host(name, last, resolvers=['10.94.5.5'])
    lab.name('coins')
    lab.name('notes')
    lab.dns('ns')
    cert, key = lab.certificate('coins.mint.test')
    lab.serve(
        'coins',
        dict(
            Port=9543,
            Cert=cert,
            Key=key,
            HTTP1Only=True,
            Routes=[dict(SMALL[0], Header={'Connection': 'close'})],
            Faults=[dict(Since=5, Until=11, Do='hello', Ms=[600, 900])],
        ),
    )
    lab.serve('notes', dict(Port=9544, Routes=SMALL))
    lab.other(
        'teller',
        'java',
        dict(Name='coins', URL='https://coins.mint.test:9543/c/{n}', Every=[280, 430]),
        ca=lab.authority(),
    )
    lab.go('teller', dict(Name='notes', URL='http://notes.mint.test:9544/n/{n}', Every=[150, 250]))
    lab.capture('teller')
    lab.truth(
        'tls.slow_server',
        'server',
        'coins.mint.test|10.94.5.126',
        since=5,
        until=11,
        callers=['coins'],
        note='ServerHello comes 0.6 to 0.9 s after the ClientHello, which was ACKed at once',
        not_to_blame='network; teller',
        shows='tls.handshake.type==2 && tcp.time_delta>0.55',
    )


@incident('52-plain-http-on-tls-port', 'tune', net='10.95.6', domain='studio.test')
def not_tls(lab):
    """After a restart the server speaks plain HTTP on its TLS port."""
    for name, last in (('ns', 6), ('mixer', 55), ('tracks', 128), ('lyrics', 129)):
        lab.host(name, last, resolvers=['10.95.6.6'])
    lab.name('tracks')
    lab.name('lyrics')
    lab.dns('ns')
    cert, key = lab.certificate('tracks.studio.test')
    first = lab.serve('tracks', dict(Port=8643, Cert=cert, Key=key, HTTP1Only=True, Routes=SMALL))
    lab.at(5.5, first.kill)
    lab.at(5.55, lambda: lab.serve('tracks', dict(Port=8643, Routes=SMALL), label='plain'))
    lab.serve('lyrics', dict(Port=8644, Routes=SMALL))
    lab.go(
        'mixer',
        dict(Name='tracks', URL='https://tracks.studio.test:8643/t/{n}', Every=[180, 300]),
        dict(Name='lyrics', URL='http://lyrics.studio.test:8644/l/{n}', Every=[150, 250]),
        ca=lab.authority(),
    )
    lab.capture('mixer')
    lab.truth(
        'tls.not_tls',
        'server',
        'tracks.studio.test|10.95.6.128',
        since=5.5,
        until='end',
        callers=['tracks'],
        note='the port answers a ClientHello with HTTP/1.1 400',
        not_to_blame='network; mixer; lyrics',
        shows='tcp.srcport==8643 && tcp.payload contains "HTTP/1.1 400"',
    )


@incident('53-big-hello-dropped', 'judge', net='10.96.7', domain='depotnet.test', seconds=16)
def big_hello(lab):
    """A middlebox drops ClientHellos of more than one packet (post-quantum key share); a client with a small
    hello passes.
    """
    for name, last in (('ns', 7), ('new', 56), ('old', 57), ('bins', 130)):
        lab.host(name, last, resolvers=['10.96.7.7'])
    lab.name('bins')
    lab.dns('ns')
    cert, key = lab.certificate('bins.depotnet.test')
    lab.filter('ip daddr 10.96.7.130 ip length > 1300 drop', 5)
    lab.serve('bins', dict(Port=9643, Cert=cert, Key=key, HTTP1Only=True, Routes=SMALL))
    lab.go(
        'new',
        dict(Name='new', URL='https://bins.depotnet.test:9643/b/{n}', Every=[450, 650], Pool='fresh', Timeout=3000),
        pools=FRESH,
        ca=lab.authority(),
    )
    lab.other(
        'old',
        'requests',
        dict(Name='old', URL='https://bins.depotnet.test:9643/b/{n}', Every=[450, 650], Session=False),
        ca=lab.authority(),
    )
    lab.capture()
    lab.truth(
        'tls.hello_dropped|tcp.pmtud_blackhole',
        'network',
        'bins.depotnet.test|10.96.7.130',
        since=5,
        until='end',
        callers=['new'],
        note='ClientHellos of over 1400 bytes are never acknowledged, small ones are',
        not_to_blame='bins; old',
        shows='ip.dst==10.96.7.130 && ip.len>1300 && tcp.analysis.retransmission',
    )


@incident('54-slow-inside-tls', 'tune', net='10.97.8', domain='claims.test', seconds=16)
def slow_inside_tls(lab):
    """TLS 1.3 without keys: one service answers in 0.5 to 0.8 s instead of 20 ms from 6 s to 12 s; node client
    on kept connections.
    """
    for name, last in (('ns', 8), ('portal', 58), ('cases', 131), ('files', 132)):
        lab.host(name, last, resolvers=['10.97.8.8'])
    lab.name('cases')
    lab.name('files')
    lab.dns('ns')
    for n, port, faults in (
        ('cases', 8443, [dict(Since=6, Until=12, Path='/', Do='delay', Ms=[500, 800])]),
        ('files', 8444, []),
    ):
        cert, key = lab.certificate(f'{n}.claims.test')
        lab.serve(
            n,
            dict(
                Port=port,
                Cert=cert,
                Key=key,
                HTTP1Only=True,
                Routes=[dict(Path='/', Delay=[10, 25], Size=[300, 900])],
                Faults=faults,
            ),
        )
    lab.other(
        'portal',
        'node',
        dict(Name='cases', URL='https://cases.claims.test:8443/c/{n}', Every=[180, 320]),
        dict(Name='files', URL='https://files.claims.test:8444/f/{n}', Every=[180, 320]),
        ca=lab.authority(),
    )
    lab.capture('portal')
    lab.truth(
        'http.think_time',
        'server',
        'cases.claims.test|10.97.8.131',
        since=6,
        until=12,
        callers=['cases'],
        note='answers take 0.5 to 0.8 s longer; the request is ACKed at once',
        not_to_blame='network; files; portal',
        shows='tcp.srcport==8443 && tcp.len>0 && tcp.time_delta>0.42',
    )


@incident('107-closed-at-hello', 'judge', net='10.181.2', domain='lock.test', v6='fd95:1:3', v4=False)
def closed_at_hello(lab):
    """The server closes the connection on reading the ClientHello, without an alert (IPv6); Go and curl."""
    lab.host('ns', 2)
    lab.host('key', 141, resolvers=['fd95:1:3::2'])
    lab.host('safe', 142)
    lab.host('hall', 143)
    lab.name('safe')
    lab.name('hall')
    lab.dns('ns')
    cert, key = lab.certificate('safe.lock.test')
    lab.serve(
        'safe',
        dict(
            Port=9843,
            Cert=cert,
            Key=key,
            HTTP1Only=True,
            Routes=SMALL,
            Faults=[dict(Since=5, Until=11, Do='nohello')],
        ),
    )
    lab.serve('hall', dict(Port=9844, Routes=SMALL))
    lab.go(
        'key',
        dict(Name='safe', URL='https://safe.lock.test:9843/s/{n}', Every=[450, 650], Pool='fresh'),
        dict(Name='hall', URL='http://hall.lock.test:9844/h/{n}', Every=[150, 250]),
        pools=FRESH,
        ca=lab.authority(),
    )
    lab.other(
        'key',
        'curl',
        dict(Name='safe-curl', URL='https://safe.lock.test:9843/s/{n}', Every=[600, 900]),
        ca=lab.authority(),
    )
    lab.capture('key', 'any')
    lab.truth(
        'tls.closed|tls.alert|conn.closed_by_server|conn.reset_midway',
        'server',
        'safe.lock.test|fd95:1:3::8e',
        since=5,
        until=11,
        callers=['safe', 'safe-curl'],
        note='FIN of the server right after the ClientHello',
        not_to_blame='hall; network',
        shows='tcp.srcport==9843 && tcp.flags.fin==1',
    )


@incident('160-client-asks-about-certificates', 'judge', net='10.239.1', domain='notary.test', seconds=16)
def slow_check(lab):
    """From 5 s to 11 s the client takes 0.35 to 0.5 s to check the server's certificate, as one does that asks whether it was
    revoked. Go client, TLS 1.3, a new connection for each call.
    """
    for name, last in (('ns', 2), ('scribe', 11), ('deeds', 21), ('seals', 22)):
        lab.host(name, last, resolvers=['10.239.1.2'])
    lab.name('deeds')
    lab.name('seals')
    lab.dns('ns')
    cert, key = lab.certificate('deeds.notary.test')
    lab.serve('deeds', dict(Port=9643, Cert=cert, Key=key, HTTP1Only=True, Routes=SMALL))
    lab.serve('seals', dict(Port=9644, Routes=SMALL))
    lab.go(
        'scribe',
        dict(Name='deeds', URL='https://deeds.notary.test:9643/d/{n}', Every=[220, 380], Pool='checking'),
        dict(Name='seals', URL='http://seals.notary.test:9644/s/{n}', Every=[150, 250]),
        pools={'checking': dict(NoKeepAlive=True, Verify=[dict(Since=5, Until=11, Ms=[350, 500])])},
        ca=lab.authority(),
    )
    lab.capture('scribe')
    lab.truth(
        'tls.slow_client',
        'client',
        'deeds.notary.test|10.239.1.21|10.239.1.11',
        since=5,
        until=11,
        callers=['deeds'],
        note='after the server flight the client takes 0.35 to 0.5 s to finish',
        not_to_blame='deeds; seals; network',
        shows='tls.record.content_type==20 && ip.src==10.239.1.11 && tcp.time_delta>0.3',
    )
