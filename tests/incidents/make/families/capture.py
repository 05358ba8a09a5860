"""Captures that lack something, or whose clock was set: what can no longer be said of the network."""

from . import incident

SMALL = [dict(Path='/', Delay=[4, 12], Size=[300, 900])]


def shop(lab, net, names, port, faults=(), every=(60, 140), size=(300, 900), client=90):
    lab.host('ns', 2)
    lab.host('client', client, resolvers=[f'{net}.2'])
    for i, n in enumerate(names):
        lab.host(n, 190 + i)
        lab.name(n)
        lab.serve(
            n,
            dict(
                Port=port + i,
                Routes=[dict(Path='/', Delay=[4, 12], Size=size)],
                Faults=list(faults) if i == 0 else [],
            ),
        )
    lab.dns('ns')
    lab.go(
        'client',
        *[
            dict(Name=n, URL=f'http://{n}.{lab.domain}:{port + i}/{n}/{{n}}', Every=every)
            for i, n in enumerate(names)
        ],
    )


@incident('75-mirror-port-loses', 'tune', net='10.131.2', domain='arcade.test')
def mirror_loses(lab):
    """Nothing is wrong but the capture: a mirror port loses 5 % of the packets."""
    shop(lab, '10.131.2', ('games', 'coins', 'scores'), 9510, size=[900, 9000])
    lab.capture('client', lost=5)
    lab.truth(
        'capture.drops',
        'capture',
        '',
        since=0,
        until='end',
        callers=['none'],
        note='the mirror port loses 5 %; no call was slow or failed',
        not_to_blame='network; games; coins; scores',
        shows='tcp.analysis.ack_lost_segment || tcp.analysis.lost_segment',
    )


@incident('76-clock-set-back', 'judge', net='10.132.3', domain='pier.test')
def clock_back(lab):
    """The capturing host's clock is set back by 2.5 s at 7 s; nothing else happens."""
    shop(lab, '10.132.3', ('boats', 'ropes', 'nets'), 9520)
    lab.capture('client', step=(7.0, -2.5))
    lab.truth(
        'capture.clock',
        'capture',
        '',
        since=0,
        until='end',
        callers=['none'],
        note='the clock was set back by 2.5 s',
        not_to_blame='network; boats; ropes; nets',
        shows='frame.time_delta<-2',
        least=1,
    )


@incident('77-one-direction-with-errors', 'judge', net='10.133.4', domain='tower.test')
def one_direction_errors(lab):
    """Only what comes from the servers is captured; one of them answers 503 for half of its calls from 6 s on."""
    shop(
        lab,
        '10.133.4',
        ('lifts', 'doors', 'lamps'),
        9530,
        faults=[dict(Since=6, Until=11, Path='/', Do='status', Status=503, Share=0.5)],
    )
    lab.capture('client', direction='in')
    lab.truth(
        'http.error_cluster',
        'server',
        'lifts.tower.test|10.133.4.190',
        since=6,
        until=11,
        callers=['lifts'],
        note='the statuses are readable',
        not_to_blame='network; doors; lamps',
        shows='http.response.code==503 || tcp.payload contains "HTTP/1.1 503"',
    )
    lab.truth(
        'capture.one_direction',
        'capture',
        '',
        since=0,
        until='end',
        callers=['none'],
        note='one direction only',
        shows='ip.dst==10.133.4.90',
    )


@incident('78-one-direction-healthy', 'tune', net='10.134.5', domain='attic.test')
def one_direction(lab):
    """Only what the client sends is captured; nothing is wrong."""
    shop(lab, '10.134.5', ('boxes', 'lists', 'tags'), 9540)
    lab.capture('client', direction='out')
    lab.healthy(
        'one direction only: nothing may be said of the network or of a server',
        'capture.one_direction',
        'capture',
        'http.request',
    )


@incident('79-clock-set-forward', 'tune', net='10.135.6', domain='cellar.test')
def clock_forward(lab):
    """The capturing host's clock is set forward by 3.2 s at 8 s, at the bridge."""
    shop(lab, '10.135.6', ('wines', 'racks', 'temps'), 9550)
    lab.capture(step=(8.0, 3.2))
    lab.truth(
        'capture.clock',
        'capture',
        '',
        since=8,
        until='end',
        callers=['none'],
        note='the clock was set forward by 3.2 s',
        not_to_blame='network; wines; racks; temps',
        shows='frame.time_delta>3',
        least=1,
    )


@incident('80-short-snaplen-healthy', 'judge', net='10.136.7', domain='loft.test')
def snaplen(lab):
    """92 bytes of each frame, nothing is wrong: bodies and half of the heads are cut."""
    shop(lab, '10.136.7', ('rents', 'keys', 'bills'), 9560, size=[500, 4000])
    lab.capture('client', snaplen=92)
    lab.healthy('heads are cut after 92 bytes', 'capture.snaplen', 'capture', 'frame.cap_len<frame.len')
