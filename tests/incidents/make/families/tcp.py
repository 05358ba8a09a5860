"""What happens to the bytes of a connection that stands: lost, too big, not read, not sent, waited for."""

from . import incident

SMALL = [dict(Path='/', Delay=[4, 12], Size=[300, 900])]


@incident('41-uploads-lose-packets', 'tune', net='10.82.4', domain='survey.test', v6='fd71:2:6', v4=False, seconds=16)
def lossy_uploads(lab):
    """14 % of what one client's site sends to the archive is lost (IPv6), nothing of the way back; seen at the
    server.
    """
    for name, last in (('ns', 2), ('site', 40), ('office', 41), ('photos', 101)):
        lab.host(name, last, resolvers=['fd71:2:6::2'], far=6 if name == 'site' else None)
    lab.name('photos')
    lab.dns('ns')
    lab.filter('ip6 saddr fd71:2:6::28 ip6 daddr fd71:2:6::65 numgen random mod 100 < 14 drop', 4.5, 12.5)
    lab.serve('photos', dict(Port=9110, Routes=SMALL))
    lab.go(
        'site', dict(Name='photos', URL='http://photos.survey.test:9110/up/{n}', Every=[80, 140], Body=[6000, 16000])
    )
    lab.go(
        'office',
        dict(Name='office', URL='http://photos.survey.test:9110/up/{n}', Every=[200, 300], Body=[4000, 9000]),
    )
    lab.capture('photos')
    lab.truth(
        'tcp.lossy_path|tcp.loss_stall',
        'network',
        'fd71:2:6::28|photos.survey.test|fd71:2:6::65',
        since=4.5,
        until=12.5,
        callers=['photos'],
        note='14 % of the packets from fd71:2:6::28 are lost before the server',
        not_to_blame='office on the same server; photos',
        shows='ipv6.src==fd71:2:6::28 && tcp.dstport==9110 && (tcp.analysis.retransmission || tcp.analysis.fast_retransmission || tcp.analysis.lost_segment || tcp.analysis.out_of_order)',
    )


@incident('42-reader-stands-still', 'judge', net='10.83.5', domain='reels.test', seconds=15)
def slow_reader(lab):
    """A client takes an export and stops reading for 1.2 to 1.8 s at a time; its window closes. Seen at the
    server.
    """
    for name, last in (('ns', 3), ('cutter', 42), ('viewer', 43), ('films', 102)):
        lab.host(name, last, resolvers=['10.83.5.3'])
    lab.name('films')
    lab.dns('ns')
    lab.serve(
        'films',
        dict(
            Port=9120,
            Routes=[
                dict(Path='/export', Delay=[5, 10], Size=[150000, 150000]),
                dict(Path='/', Delay=[4, 12], Size=[300, 900]),
            ],
        ),
    )
    lab.go(
        'cutter',
        dict(
            Name='export',
            URL='http://films.reels.test:9120/export/{n}',
            Every=[600, 900],
            Pool='small',
            ReadStep=40000,
            ReadPause=[1200, 1800],
            ReadSince=5,
            ReadUntil=11,
        ),
        pools={'small': dict(MaxIdle=4, Rcvbuf=16384)},
    )
    lab.go('viewer', dict(Name='view', URL='http://films.reels.test:9120/view/{n}', Every=[150, 300]))
    lab.capture('films', snaplen=400)
    lab.truth(
        'tcp.zero_window_client',
        'client',
        '10.83.5.42|films.reels.test',
        since=5,
        until=14,
        callers=['export'],
        note='the client does not read; its window is zero',
        not_to_blame='films; network; viewer',
        shows='ip.src==10.83.5.42 && tcp.analysis.zero_window',
    )


@incident('43-uploads-too-big-for-tunnel', 'tune', net='10.84.6', domain='clinic.test')
def mtu_upload(lab):
    """A tunnel drops packets of more than 1400 bytes to one server and says nothing (seen at the bridge before
    it); small posts pass.
    """
    for name, last in (('ns', 4), ('ward', 44), ('scans', 103), ('notes', 104)):
        lab.host(name, last, resolvers=['10.84.6.4'])
    lab.name('scans')
    lab.name('notes')
    lab.dns('ns')
    lab.filter('ip daddr 10.84.6.103 ip length > 1400 drop', 5.5)
    lab.serve('scans', dict(Port=9130, Routes=SMALL))
    lab.serve('notes', dict(Port=9131, Routes=SMALL))
    lab.go(
        'ward',
        dict(
            Name='scan',
            URL='http://scans.clinic.test:9130/scan/{n}',
            Every=[250, 400],
            Body=[6000, 12000],
            Timeout=4000,
        ),
        dict(Name='ping', URL='http://scans.clinic.test:9130/ping/{n}', Every=[200, 300], Body=[200]),
        dict(Name='notes', URL='http://notes.clinic.test:9131/n/{n}', Every=[200, 300], Body=[5000, 9000]),
    )
    lab.capture()
    lab.truth(
        'tcp.pmtud_blackhole',
        'network',
        'scans.clinic.test|10.84.6.103',
        since=5.5,
        until='end',
        callers=['scan'],
        note='packets of over 1400 bytes to 10.84.6.103 vanish',
        not_to_blame='scans; notes',
        shows='ip.dst==10.84.6.103 && ip.len>1400 && tcp.analysis.retransmission',
    )


@incident('44-two-writes-and-delayed-ack', 'judge', net='10.85.7', domain='abacus.test')
def nagle(lab):
    """Python's http.server writes head and body apart, with Nagle on: 40 ms for each answer on a kept connection."""
    for name, last in (('ns', 5), ('desk', 45), ('sums', 105), ('tables', 106)):
        lab.host(name, last, resolvers=['10.85.7.5'])
    lab.name('sums')
    lab.name('tables')
    lab.dns('ns')
    lab.python_server('sums', 'plain', 9140, 'HTTP/1.1')
    lab.serve('tables', dict(Port=9141, Routes=SMALL))
    lab.other(
        'desk', 'requests', dict(Name='sums', URL='http://sums.abacus.test:9140/s/{n}', Every=[3, 9], Workers=2)
    )
    lab.go(
        'desk',
        dict(Name='tables', URL='http://tables.abacus.test:9141/t/{n}', Every=[150, 250]),
        dict(Name='sums-go', URL='http://sums.abacus.test:9140/s/{n}', Workers=1, Every=[3, 9]),
    )
    lab.capture('desk')
    lab.truth(
        'tcp.nagle|tcp.delayed_ack',
        'server',
        'sums.abacus.test|10.85.7.105',
        since=0,
        until='end',
        callers=['sums', 'sums-go'],
        note='the body waits for the ACK of the head, which the client delays by 40 ms',
        not_to_blame='network; tables',
        shows='tcp.srcport==9140 && http.response && http.time>0.035',
        least=100,
    )


@incident('45-bad-radio', 'tune', net='10.86.8', domain='field.test', seconds=17)
def bad_radio(lab):
    """The client's own link loses 5 % both ways for a while: all of its servers are concerned."""
    for name, last in (('ns', 6), ('handheld', None), ('maps', 107), ('jobs', 108), ('chat', 109), ('parts', 110)):
        if last:
            lab.host(name, last)
    lab.host('handheld', 46, resolvers=['10.86.8.6'], far=[(0, 8, 0), (5, 8, 5.5), (13, 8, 0)])
    for n in ('maps', 'jobs', 'chat', 'parts'):
        lab.name(n)
    lab.dns('ns')
    for i, n in enumerate(('maps', 'jobs', 'chat', 'parts')):
        lab.serve(n, dict(Port=9150 + i, Routes=[dict(Path='/', Delay=[4, 12], Size=[1500, 9000])]))
    lab.go(
        'handheld',
        *[
            dict(
                Name=n,
                URL=f'http://{n}.field.test:{9150 + i}/{n}/{{n}}',
                Every=[100, 200],
                Body=[300] if n == 'chat' else None,
            )
            for i, n in enumerate(('maps', 'jobs', 'chat', 'parts'))
        ],
    )
    lab.capture('handheld')
    lab.truth(
        'tcp.lossy_path|tcp.loss_stall',
        'network|client',
        '10.86.8.46',
        since=5,
        until=13,
        callers=[],
        note="the client's link loses 5.5 % each way, to every server alike",
        not_to_blame='maps; jobs; chat; parts',
        shows='tcp.analysis.retransmission || tcp.analysis.fast_retransmission || tcp.analysis.lost_segment',
    )


@incident('46-pause-in-the-body', 'judge', net='10.87.9', domain='weather.test')
def pause_in_body(lab):
    """From 6 s on one service stops for 0.9 to 1.4 s in the middle of each answer, with nothing lost and the
    window open.
    """
    for name, last in (('ns', 7), ('kiosk', 47), ('radar', 111), ('wind', 112)):
        lab.host(name, last, resolvers=['10.87.9.7'])
    lab.name('radar')
    lab.name('wind')
    lab.dns('ns')
    lab.serve(
        'radar',
        dict(
            Port=9160,
            Routes=[dict(Path='/', Delay=[5, 15], Size=[9000, 20000], Chunks=4)],
            Faults=[dict(Since=6, Until=12, Path='/', Do='pause', Ms=[900, 1400])],
        ),
    )
    lab.serve('wind', dict(Port=9161, Routes=SMALL))
    lab.go(
        'kiosk',
        dict(Name='radar', URL='http://radar.weather.test:9160/tile/{n}', Every=[200, 350]),
        dict(Name='wind', URL='http://wind.weather.test:9161/w/{n}', Every=[150, 250]),
    )
    lab.capture('kiosk', 'any')
    lab.truth(
        'tcp.sender_paused|http.slow_download',
        'server',
        'radar.weather.test|10.87.9.111',
        since=6,
        until=12,
        callers=['radar'],
        note='the server pauses in the middle of the body',
        not_to_blame='network; kiosk; wind',
        shows='tcp.srcport==9160 && tcp.time_delta>0.85 && tcp.len>0',
    )


@incident('47-backup-fills-the-line', 'judge', net='10.88.1', domain='branch.test', seconds=16)
def bufferbloat(lab):
    """A branch with a line of 0.8 MB/s and a deep queue: a backup of eight downloads that begins at 6 s makes
    every call of the branch late.
    """
    lab.host('ns', 8)
    lab.host('vault', 113)
    lab.host('orders', 114)
    lab.host('stock', 115)
    lab.host('branch', 48, resolvers=['10.88.1.8'], far=3, bandwidth=0.8e6, queue=220e3)
    for n in ('vault', 'orders', 'stock'):
        lab.name(n)
    lab.dns('ns')
    lab.serve('vault', dict(Port=9170, Routes=[dict(Path='/', Delay=[5, 15], Size=[500000, 500000])]))
    lab.serve('orders', dict(Port=9171, Routes=SMALL))
    lab.serve('stock', dict(Port=9172, Routes=SMALL))
    lab.go(
        'branch',
        dict(Name='orders', URL='http://orders.branch.test:9171/o/{n}', Every=[100, 200]),
        dict(Name='stock', URL='http://stock.branch.test:9172/s/{n}', Every=[100, 200]),
    )
    lab.other(
        'branch',
        'curl',
        dict(
            Name='backup',
            URL='http://vault.branch.test:9170/image/{n}',
            Every=[100, 110],
            Since=6,
            Until=10,
            Workers=8,
        ),
    )
    lab.capture('branch', snaplen=130)
    lab.truth(
        'tcp.bufferbloat|conn.slow_path|conn.slow_handshake|time.step|tcp.lossy_path',
        'network|client',
        '10.88.1.48|10.88.1.113|vault.branch.test|orders.branch.test|stock.branch.test|10.88.1.114|10.88.1.115',
        since=6,
        until=15,
        callers=['orders', 'stock'],
        note='the queue of the line grows by up to 270 ms',
        not_to_blame='orders; stock; dns',
        shows='tcp.analysis.ack_rtt>0.1',
    )


@incident('161-uploads-fill-the-line', 'judge', net='10.239.3', domain='studio.test', seconds=18)
def upload_bufferbloat(lab):
    """A studio with a line of 0.5 MB/s and a deep queue sends three large files from 6 s on, 12 s at most; all else that it
    does waits in the queue. Captured at the small service, and at the studio.
    """
    lab.host('ns', 2)
    for name, last in (('archive', 21), ('cues', 22), ('scores', 23), ('props', 24)):
        lab.host(name, last)
        lab.name(name)
    lab.host('studio', 12, resolvers=['10.239.3.2'], far=4, bandwidth=0.5e6, queue=150e3)
    lab.dns('ns')
    lab.serve('archive', dict(Port=9650, Routes=[dict(Path='/', Delay=[5, 15], Size=[200, 300])]))
    for port, name in ((9651, 'cues'), (9652, 'scores'), (9653, 'props')):
        lab.serve(name, dict(Port=port, Routes=SMALL))
    lab.go(
        'studio',
        dict(Name='cues', URL='http://cues.studio.test:9651/c/{n}', Every=[100, 200]),
        dict(Name='scores', URL='http://scores.studio.test:9652/s/{n}', Every=[100, 200]),
        dict(Name='props', URL='http://props.studio.test:9653/p/{n}', Every=[200, 300]),
        dict(
            Name='archive',
            Method='PUT',
            URL='http://archive.studio.test:9650/reel/{n}',
            Body=[900000, 900000],
            Every=[10, 20],
            Workers=5,
            Since=6,
            Until=10.5,
        ),
    )
    lab.capture('studio', snaplen=400)
    lab.truth(
        'tcp.bufferbloat|conn.slow_path|conn.slow_handshake|time.step|tcp.lossy_path',
        'network|client',
        '10.239.3.12|archive.studio.test|10.239.3.21|10.239.3.22|10.239.3.23|10.239.3.24',
        since=6,
        until=13,
        callers=['cues', 'scores', 'props'],
        note='the queue of the line grows by up to 300 ms while the studio uploads',
        not_to_blame='cues; scores; props; ns',
        shows='tcp.analysis.ack_rtt>0.1',
    )
