#!/usr/bin/env python3
"""small.py PROGRAM: what `summary` says of captures of a few packets, made by hand, word for word; and of their near misses, in
which it must say something else, or nothing. Each is what a packet of some public capture once denied."""

import json, os, struct, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from packets import (ACK, FIN, PUSH, RST, SYN, Capture, Talk, PREFACE, answer, client_hello, frame, goaway, h2_answer, h2_request, ip, question, record, server_hello)

C, S, DNS = '10.0.0.1:4000', '10.0.0.2:80', '10.0.0.53:53'
CASES, LIMITS = [], []


def case(*expected):
    """expected: of each cause, best first, its code, and words that its text must hold (a word after '!': must not)."""

    def take(make):
        CASES.append((make.__name__, make, expected))
        return make

    return take


def limit(expected):
    """What is said to have held the answer of the only exchange."""

    def take(make):
        LIMITS.append((make.__name__, make, expected))
        return make

    return take


# ---- dials ----


@case(['conn.refused', '10.0.0.2:80 refuses connections, 1 of 1: nothing listens there'])
def refused(c):
    c.refused(0, C, S)
    c.udp(2, C, '10.0.0.9:9', b'x')


@case()
def refused_by_a_forged_rst(c):
    c.refused(0, C, S)
    c.tcp(0.002, S, C, SYN | ACK, 500, 101)
    c.tcp(0.0021, C, S, ACK, 101, 501)


@case(['conn.refused', '1 of 1: nothing listened there then', 'at other times it takes connections', '!nothing listens'])
def refused_before_it_listens(c):
    c.refused(0, C, S)
    c.connect(5, '10.0.0.1:4001', S)
    c.udp(9, C, '10.0.0.9:9', b'x')


def refuses(c, at):
    """Dials every 100 ms for 6 s, refused at these of them."""
    for i in range(60):
        client = f'10.0.0.1:{4000 + i}'
        c.refused(i * 0.1, client, S) if i in at else c.connect(i * 0.1, client, S)
    c.udp(9, C, '10.0.0.9:9', b'x')


@case(['conn.refused', '4 of', 'nothing listened there then', 'at other times it takes connections', '!backlog'])
def refused_while_it_restarts(c):
    refuses(c, (10, 11, 35, 36))


@case(['conn.backlog_reset', '4 of', 'its backlog is full, or one of several behind it is dead'])
def refused_now_and_then(c):
    refuses(c, (10, 14, 17, 21))


@case()
def one_port_of_a_file_share(c):
    c.refused(0, C, '10.0.0.2:139')
    c.connect(0.0005, '10.0.0.1:4001', '10.0.0.2:445')


@case(['conn.refused', '10.0.0.2:80 refuses'])
def one_port_of_a_web_server(c):
    c.refused(0, C, S)
    c.connect(0.0005, '10.0.0.1:4001', '10.0.0.2:443')


@case(['conn.refused', '127.0.0.1:80 refuses connections, 1 of 1; so does [::1]:80: nothing listens there'])
def both_addresses_of_localhost(c):
    c.refused(0, '[::1]:4000', '[::1]:80')
    c.refused(0.001, '127.0.0.1:4001', '127.0.0.1:80')


def two_families(c):
    """Twenty dials go to both addresses of a name, one after the other; both refuse ten of them."""
    four, six = '10.0.0.2:80', '[fd00::2]:80'
    c.udp(0, '10.0.0.1:5000', DNS, question(1, 'a.test'))
    c.udp(0, '10.0.0.1:5000', DNS, question(2, 'a.test', 28))
    c.udp(0.001, DNS, '10.0.0.1:5000', answer(1, 'a.test', address='10.0.0.2'))
    c.udp(0.001, DNS, '10.0.0.1:5000', answer(2, 'a.test', 28, address='fd00::2'))
    for i in range(20):
        at, port = 1 + i * 0.1, 4000 + i
        if i < 10:
            c.refused(at, f'10.0.0.1:{port}', four)
            c.refused(at + 0.001, f'[fd00::1]:{port}', six)
            continue
        t = Talk(c, at, f'10.0.0.1:{port}', four)
        t.says(at + 0.01, t.client, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
        t.says(at + 0.02, t.server, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    c.udp(9, C, '10.0.0.9:9', b'x')


@case(['conn.refused', '(10.0.0.2:80) refuses connections, 10 of 10; so does [fd00::2]:80: nothing listened there then', '!takes connections;', '!of the same name'])
def both_addresses_of_a_name(c):
    two_families(c)


def repeated_syns(c, of):
    """Dials every 50 ms; the first SYN of every n-th is lost."""
    for i in range(120):
        client, at = f'10.0.0.1:{4000 + i}', 1 + i * 0.05
        if i % of == of - 1:
            c.tcp(at, client, S, SYN, 100, options=b'\2\4\5\xb4')
            at += 1.02
        t = Talk(c, at, client, S)
        t.says(at + 0.001, t.client, b'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n')
        t.says(at + 0.011, t.server, b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok')
        t.ends(at + 0.0111, t.server)
        t.ends(at + 0.0112, t.client)
    c.packets.sort(key=lambda packet: packet[0])
    c.udp(20, C, '10.0.0.9:9', b'x')


@case()
def a_syn_lost_now_and_then(c):
    repeated_syns(c, 50)


@case(['conn.syn_repeated', 'SYNs to', 'are repeated on 15 of 1', 'they were lost, or their answers were', '!queue'])
def one_syn_in_eight_lost(c):
    repeated_syns(c, 8)


@case(['conn.accept_queue', 'SYNs of 60 of ', 'this fits a full accept queue'], ['conn.churn'])
def every_second_syn_lost(c):
    repeated_syns(c, 2)


def heads_of_answers(c, lost, late=0.03):
    """Every second SYN is lost; meanwhile so are heads of answers on other connections, which come again so much later."""
    head = b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n'
    repeated_syns(c, 2)
    for i in range(6):
        at, client = 2 + i * 0.5, f'10.0.0.1:{5000 + i}'
        t = Talk(c, at, client, S)
        request = b'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'
        t.says(at + 0.001, client, request)
        if lost:
            c.tcp(at + 0.011, S, client, PUSH | ACK, t.next[S] + len(head), t.next[client], b'ok')
            c.tcp(at + 0.0111, client, S, ACK, t.next[client], t.next[S])
            at += late
        t.says(at + 0.011, S, head + b'ok')
        t.ends(at + 0.012, S)
        t.ends(at + 0.0121, client)
    c.packets.sort(key=lambda packet: packet[0])


# In another order is not lost.
@case(['conn.accept_queue', '!answers'])
def every_second_syn_lost_and_answers_reordered(c):
    heads_of_answers(c, True, late=0.0003)


@case(['conn.syn_repeated', 'are repeated on 60 of ', 'as are parts of answers on others', '!queue'])
def syns_lost_where_answers_are_too(c):
    heads_of_answers(c, True)


@case(['conn.accept_queue', 'this fits a full accept queue'])
def syns_lost_where_answers_are_not(c):
    heads_of_answers(c, False)


def late_dials(c, used):
    """Twenty calls, then six dials that are answered 3 s later, and used, or closed."""
    get, ok = b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n', b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
    for i in range(26):
        at, client = i * 0.1, f'10.0.0.1:{4000 + i}'
        if i >= 20:
            for again in (0, 1):
                c.tcp(at + again, client, S, SYN, 100, options=b'\2\4\5\xb4')
            at += 3
        t = Talk(c, at, client, S)
        if i < 20 or used:
            t.says(at + 0.01, client, get)
            t.says(at + 0.02, S, ok)
        t.ends(at + 0.03, client)
        t.ends(at + 0.0301, S)
    c.packets.sort(key=lambda packet: packet[0])
    c.udp(20, C, '10.0.0.9:9', b'x')


@case(['conn.no_answer', 'no answer to 6 dials', '; 6 connections that came late carried no request'])
def dials_that_outlive_their_calls(c):
    late_dials(c, False)


@case(['conn.no_answer', 'no answer to 6 dials', '!carried no request'])
def dials_that_are_waited_for(c):
    late_dials(c, True)


@case(['conn.no_answer', '10.0.0.2:80', 'sends nothing for 5.0 s: no answer to 4 dials;', '!open connection', '!queue'])
def silence_that_ends(c):
    for i in range(60):
        client, at = f'10.0.0.1:{4000 + i}', i * 0.1
        t = Talk(c, at, client, S)
        t.says(at + 0.001, client, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
        t.says(at + 0.011, S, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        t.ends(at + 0.012, client)
        t.ends(at + 0.0121, S)
    for i in range(4):
        client, at = f'10.0.0.1:{4100 + i}', 6.5 + i
        times = [at + wait for wait in (0, 1, 3) if at + wait < 11]
        for again in times:
            c.tcp(again, client, S, SYN, 100, options=b'\2\4\5\xb4')
        t = Talk(c, times[-1] + 4 if i == 0 else 11 + i * 0.5, client, S)
        t.says(16, client, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
        t.says(16.01, S, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    c.packets.sort(key=lambda packet: packet[0])
    c.udp(20, C, '10.0.0.9:9', b'x')


@case()
def a_syn_under_new_numbers(c):
    for i in range(5):
        c.tcp(i * 0.2, C, S, SYN, 100 + i * 5000)
    c.tcp(1, C, S, SYN, 90000)
    c.tcp(1.001, S, C, SYN | ACK, 500, 90001)
    c.udp(9, C, '10.0.0.9:9', b'x')


@case(['conn.no_answer', '10.0.0.2:80 answers no SYN, 5 dials without an answer'])
def syns_from_new_ports(c):
    for i in range(5):
        c.tcp(i * 0.2, f'10.0.0.1:{4000 + i}', S, SYN, 100 + i * 5000)
    c.udp(9, C, '10.0.0.9:9', b'x')


@case(['conn.accept_queue', 'sends its SYN-ACK again 1.0 s later on 1 connection', 'that ACK was lost, or the accept queue was full'])
def one_late_syn_ack(c):
    c.connect(0, C, S)
    c.tcp(1.001, S, C, SYN | ACK, 500, 101)
    c.udp(9, C, '10.0.0.9:9', b'x')


@case()
def a_syn_ack_after_its_own_ack(c):
    c.tcp(0, C, S, SYN, 100)
    c.tcp(0.00001, C, S, ACK, 101, 501)
    c.tcp(0.00002, S, C, SYN | ACK, 500, 101)
    c.udp(9, C, '10.0.0.9:9', b'x')


def unreachable(c, at, router, server):
    c.tcp(at, C, server, SYN, 100)
    c.icmp(at + 0.001, router, '10.0.0.1', 3, 1, c.packets[-1][1])


@case(['conn.unreachable', '10.0.0.254 says that 10.1.0.1:80 and 2 more services are unreachable: host unreachable (ICMP type 3 code 1), to 3 dials'])
def unreachable_by_one_router(c):
    for i in range(3):
        unreachable(c, i, '10.0.0.254', f'10.1.0.{1 + i}:80')


@case(['conn.unreachable', '10.0.0.254 says that 10.1.0.1:80 is unreachable', 'to 1 dial'],
      ['conn.unreachable', '10.0.0.253 says that 10.1.0.2:80 is unreachable', 'to 1 dial'])
def unreachable_by_two_routers(c):
    unreachable(c, 0, '10.0.0.254', '10.1.0.1:80')
    unreachable(c, 1, '10.0.0.253', '10.1.0.2:80')


def limited_errors(c, heard):
    """Twelve dials, each with a SYN repeated and then given up; of some of them ICMP says that the port is closed off."""
    for i in range(12):
        client, at = f'10.0.0.1:{4000 + i}', i * 0.5
        c.tcp(at, client, S, SYN, 100)
        if i in heard:
            c.icmp(at + 0.001, '10.0.0.9', '10.0.0.1', 3, 10, c.packets[-1][1])
            continue
        c.tcp(at + 1, client, S, SYN, 100)
        c.tcp(at + 3, client, S, SYN, 100)
    c.udp(60, C, '10.0.0.8:9', b'x')
    c.packets.sort(key=lambda p: p[0])


@case(['conn.unreachable', '10.0.0.9 says that 10.0.0.2:80 is unreachable', 'to 3 dials'])
def errors_that_a_kernel_limits(c):
    limited_errors(c, (0, 4, 8))


@case(['conn.no_answer', '10.0.0.2:80 answers no SYN, 11 dials without an answer'])
def one_error_among_silence(c):
    limited_errors(c, (4,))


def uses_up(c, ports, closer=0, lookups=True):
    """A connection for a lookup, one after the other, and then lookups only. closer: 0 the client, 1 the server."""
    for i, port in enumerate(ports):
        if lookups:
            ask(c, i * 0.1, i, 'a.test', after=0.001, address='10.0.0.2')
        t = Talk(c, i * 0.1 + 0.01, f'10.0.0.1:{port}', S)
        t.says(i * 0.1 + 0.02, t.client, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
        t.says(i * 0.1 + 0.03, S, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        ends = (t.client, S)
        t.ends(i * 0.1 + 0.04, ends[closer])
        t.ends(i * 0.1 + 0.05, ends[not closer])
    for i in range(6 if lookups else 0):
        ask(c, 5 + i, 100 + i, 'a.test', after=0.001, address='10.0.0.2')
    other = Talk(c, 19, '10.0.0.1:9000', '10.0.0.3:80')
    other.says(19.1, other.client, b'GET / HTTP/1.1\r\nHost: b.test\r\n\r\n')
    other.says(19.2, other.server, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    c.udp(20, C, '10.0.0.9:9', b'x')


@case(['conn.port_exhaustion', 'all 30 from 4000 to 4029', 'no SYN came for 17.1 s, where there was one each 97 ms'])
def no_port_is_left_of_an_address(c):
    uses_up(c, [*range(4000, 4030, 2), *range(4001, 4030, 2)], lookups=False)


@case()
def a_batch_whose_ports_count_up(c):
    uses_up(c, range(4000, 4030), lookups=False)


@case(['conn.port_exhaustion', '10.0.0.1 has no port left for a.test (10.0.0.2:80): all 30 from 4000 to 4029', '6 lookups of a.test led to no SYN'])
def no_port_is_left(c):
    uses_up(c, range(4000, 4030))


@case()
def ports_are_left_between(c):
    uses_up(c, range(4000, 4060, 2))


@case()
def ports_that_the_server_holds(c):
    uses_up(c, range(4000, 4030), closer=1)


# ---- TCP ----


def download(c, order, lost, gap=0.02):
    """Six segments; those in `lost` come again after the others. RTT 1 ms."""
    t = Talk(c, 0, C, S)
    t.says(0.01, C, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    body = b'HTTP/1.1 200 OK\r\nContent-Length: 5964\r\n\r\n'.ljust(1000, b'x') + b'y' * 5000
    for n, i in enumerate(order):
        c.tcp(0.02 + n * 0.00002 + (gap if n >= len(order) - len(lost) else 0), S, C, ACK, 501 + i * 1000, t.next[C],
              body[i * 1000:i * 1000 + 1000], options=b'')
        if i in lost:
            c.tcp(0.0201 + n * 0.00002 + gap, C, S, ACK, t.next[C], 501 + i * 1000 + 1000)
    c.tcp(0.03 + gap, C, S, ACK, t.next[C], 501 + 6000)
    c.udp(9, C, '10.0.0.9:9', b'x')


@case(['tcp.lossy_path', 'packets from a.test (10.0.0.2:80) are lost: 3 segments are retransmitted on 1 connection, 1 call waited 400 ms for them'])
def three_lost_segments(c):
    download(c, [0, 4, 5, 1, 2, 3], [1, 2, 3], 0.4)


@case()
def lost_segments_where_the_capture_has_holes(c):
    download(c, [0, 4, 5, 1, 2, 3], [1, 2, 3], 0.4)
    c.packets = [p for i, p in enumerate(c.packets) if i != 5]  # the first segment of the answer


@case(['http.think_time', 'takes 2.0 s to answer'])
def a_loss_after_the_wait(c):
    t = Talk(c, 0, C, S)
    t.says(0.01, C, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    body = b'HTTP/1.1 200 OK\r\nContent-Length: 3962\r\n\r\n'.ljust(3000, b'x')
    for i, at in (0, 2.01), (2, 2.02), (1, 2.52):
        c.tcp(at, S, C, ACK, 501 + i * 1000, t.next[C], body[i * 1000 : i * 1000 + 1000])
    c.tcp(2.521, C, S, ACK, t.next[C], 4501)  # the last segment is not in the capture
    c.udp(9, C, '10.0.0.9:9', b'x')


@case()
def packets_that_change_places(c):
    download(c, [0, 2, 3, 1, 5, 4], [4], 0.00002)


@case(['capture.clock', 'times go back by 2.0 s', 'packets of two clocks were put together'])
def times_that_go_back(c):
    t = Talk(c, 5, C, S)
    t.says(5.1, C, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    t.says(3.1, S, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')


def repeats(c, arrived):
    """Each fourth call's request is sent again after 250 ms. arrived: its receiver says it had got it, and sends its answer
    again, which was lost."""
    request, reply = b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n', b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
    for i in range(8):
        t = Talk(c, i * 0.1, f'10.0.0.1:{4000 + i}', S)
        for n in range(8):
            at = 1 + i * 0.05 + n
            if n % 4 != 3:
                t.says(at, t.client, request)
                t.says(at + 0.005, S, reply)
                continue
            begin, answer = t.next[t.client], t.next[S]
            t.says(at, t.client, request, acked=False)
            c.tcp(at + 0.25, t.client, S, PUSH | ACK, begin, answer, request)
            if arrived:
                block = b'\1\1\5\x0a' + struct.pack('!II', begin, begin + len(request))
                c.tcp(at + 0.2501, S, t.client, ACK, answer + len(reply), begin + len(request), options=block)
            t.says(at + 0.254, S, reply)
    c.packets.sort(key=lambda p: p[0])


@case(['tcp.lossy_path', 'packets from a.test (10.0.0.2:80) are lost: 16 segments are retransmitted on 8 connections'])
def requests_sent_again_that_had_arrived(c):
    repeats(c, True)


@case(['tcp.lossy_path', 'packets to a.test (10.0.0.2:80) are lost: 16 segments are retransmitted on 8 connections'])
def requests_sent_again_that_had_not(c):
    repeats(c, False)


def windows(c, window, *flights):
    """A download over 50 ms there and back, so many bytes each round trip; the client's window is open all the time."""
    c.tcp(0, C, S, SYN, 100, options=b'\2\4\5\xb4', window=window)
    c.tcp(0.05, S, C, SYN | ACK, 500, 101, options=b'\2\4\5\xb4')
    c.tcp(0.0501, C, S, ACK, 101, 501, window=window)
    request = b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'
    c.tcp(0.051, C, S, PUSH | ACK, 101, 501, request, window=window)
    head = b'HTTP/1.1 200 OK\r\nContent-Length: %6d\r\n\r\n' % (sum(flights) - 43)
    assert len(head) == 43
    body, begin = head.ljust(sum(flights), b'x'), 0
    for n, flight in enumerate(flights):
        for i in range(begin, begin + flight, 1000):
            at, end = 0.11 + n * 0.05 + (i - begin) / 1e8, min(i + 1000, begin + flight)
            c.tcp(at, S, C, ACK, 501 + i, 101 + len(request), body[i:end])
            c.tcp(at + 1e-6, C, S, ACK, 101 + len(request), 501 + end, window=window)
        begin += flight
    c.udp(9, C, '10.0.0.9:9', b'x')


@case(['tcp.window_limited', 'allows at most 8000 bytes in flight, a round trip takes 50 ms, and bodies from a.test (10.0.0.2:80) come no faster: 1 call takes 950 ms for it'])
def a_window_that_is_all_used(c):
    windows(c, 8000, *[8000] * 20)


@case(['tcp.window_limited', 'at most 65535 bytes', 'no window scaling'])
def all_that_is_without_window_scaling(c):
    windows(c, 65535, *[65000] * 12)


@case()
def a_window_that_is_half_used(c):
    windows(c, 16000, *[8000] * 20)


@limit('receiver_window')
def a_window_in_each_round_trip(c):
    windows(c, 8000, *[8000] * 20)


@limit('congestion_window')
def flights_that_double(c):
    windows(c, 64000, 3000, 6000, 12000, 20000)


@limit(None)
def flights_that_stay_alike(c):
    windows(c, 64000, 3000, 3000, 3000, 3000)


@limit(None)
def flights_that_reach_the_window(c):
    windows(c, 20000, 3000, 6000, 12000, 20000)


# ---- TLS ----


@case(['tls.client_rejects', "10.0.0.2:443 fail, 1 of 1: the client aborts after the server's certificate"])
def leaves_after_the_certificate(c):
    t = Talk(c, 0, C, '10.0.0.2:443')
    t.says(0.01, C, client_hello())
    t.says(0.02, '10.0.0.2:443', server_hello(True) + record(23, b'e' * 900))
    t.ends(0.03, C)


@case(['tls.closed', '10.0.0.2:443 fail, 1 of 1: the client closes the connection (canceled, or a time limit of its own)'])
def leaves_before_the_certificate(c):
    t = Talk(c, 0, C, '10.0.0.2:443')
    t.says(0.01, C, client_hello())
    t.ends(0.015, C)
    t.says(0.02, '10.0.0.2:443', server_hello(True) + record(23, b'e' * 900), acked=False)


@case(['tls.closed', 'the client closes the connection'])
def leaves_after_a_hello_without_certificate(c):
    t = Talk(c, 0, C, '10.0.0.2:443')
    t.says(0.01, C, client_hello())
    t.says(0.02, '10.0.0.2:443', server_hello(False) + record(22, b'\1' * 900))
    t.ends(0.03, C)


@case(['tls.alert', 'the server sends the alert: handshake failure'])
def the_server_alerts(c):
    t = Talk(c, 0, C, '10.0.0.2:443')
    t.says(0.01, C, client_hello())
    t.says(0.02, '10.0.0.2:443', record(21, b'\2\x28'))


def tls13_calls(c, last, closer):
    """Three requests in TLS 1.3; the server's last record is so long, and then this side closes first."""
    for i in range(3):
        t = Talk(c, i, f'10.0.0.1:{4000 + i}', '10.0.0.2:443')
        t.says(i + 0.01, t.client, client_hello('a.test'))
        t.says(i + 0.02, t.server, server_hello(True) + record(20, b'\1') + record(23, b'c' * 900))
        t.says(i + 0.03, t.client, record(20, b'\1') + record(23, b'f' * 53))
        t.says(i + 0.04, t.client, record(23, b'q' * 150))
        t.says(i + 0.09, t.server, record(23, b'a' * last))
        t.ends(i + 0.091, t.client if closer else t.server)
        t.ends(i + 0.092, t.server if closer else t.client)


@case(['conn.reset_midway', 'a.test (10.0.0.2:443) closes connections 51 ms after the request instead of answering, 3 of 3 calls'])
def close_notify_and_the_client_closes_first(c):
    tls13_calls(c, 19, True)


@case(['conn.reset_midway', 'closes connections 51 ms after the request instead of answering, 3 of 3 calls'])
def close_notify_and_the_server_closes_first(c):
    tls13_calls(c, 19, False)


@case()
def an_answer_as_short_as_no_alert(c):
    tls13_calls(c, 20, True)


def unheard_hellos(c, seconds):
    """Three ClientHellos that are acknowledged; so long after each, its client leaves."""
    for i in range(3):
        t = Talk(c, i * 3, f'10.0.0.1:{4000 + i}', '10.0.0.2:443')
        t.says(i * 3 + 0.01, t.client, client_hello('a.test'))
        t.ends(i * 3 + 0.01 + seconds, t.client)
        t.ends(i * 3 + 0.0101 + seconds, t.server, ACK)
    c.udp(20, C, '10.0.0.9:9', b'x')


@case(['tls.closed', '10.0.0.2:443) fail, 3 of 3: the client closes', 'the server had sent nothing for 1.0 s', '!does not accept'])
def hellos_that_nobody_answers(c):
    unheard_hellos(c, 1)


@case(['tls.closed', '!sent nothing'])
def hellos_whose_clients_leave_soon(c):
    unheard_hellos(c, 0.02)


def hidden_frame(c, seconds, earlier=(), own=None):
    """Three calls of HTTP/2 in TLS 1.3: 50 ms after the request comes a frame of 13 bytes, and so long after it the client closes.
    earlier: when such frames came before it, after the request; own: the length of a frame of the client before it closes."""
    sealed = lambda n: record(23, b'x' * (n + 17))
    for i in range(3):
        t = Talk(c, i, f'10.0.0.1:{4000 + i}', '10.0.0.2:443')
        t.says(i + 0.01, t.client, client_hello('a.test', h2=True))
        t.says(i + 0.02, t.server, server_hello(True) + record(20, b'\1') + record(23, b'c' * 900))
        t.says(i + 0.03, t.client, record(20, b'\1') + record(23, b'f' * 53))
        t.says(i + 0.0301, t.client, sealed(70))
        t.says(i + 0.0302, t.client, sealed(92))
        t.says(i + 0.031, t.server, sealed(39))
        t.says(i + 0.0311, t.client, sealed(9))
        t.says(i + 0.0315, t.server, sealed(13) + sealed(9))
        for at in earlier:
            t.says(i + 0.0311 + at, t.server, sealed(13))
        t.says(i + 0.08, t.server, sealed(13))
        if own:
            t.says(i + 0.0801, t.client, sealed(own))
        t.says(i + 0.08 + seconds, t.client, record(23, b'x' * 19))
        t.ends(i + 0.0801 + seconds, t.client)
    c.udp(9, C, '10.0.0.9:9', b'x')


@case(['http2.stream_reset', 'a.test (10.0.0.2:443) most likely resets streams, 3 of 3 calls', 'TLS hides the frame'])
def a_stream_reset_inside_tls(c):
    hidden_frame(c, 0.0004)


@case()
def a_client_that_gives_up_after_a_frame(c):
    hidden_frame(c, 0.4)


# WINDOW_UPDATE is as long, and comes again and again.
@case()
def a_client_that_gives_up_after_several_frames(c):
    hidden_frame(c, 0.0004, earlier=(0.02, 0.03))


@case()
def a_client_that_resets_its_stream_itself(c):
    hidden_frame(c, 0.0004, own=13)


# As Windows does: the port refuses, and the same SYN comes again.
@case()
def a_port_that_refuses_and_is_asked_again(c):
    for i in range(4):
        t = Talk(c, i + 0.5, f'10.0.0.1:{4000 + i}', S)
        c.refused(i, t.client, S)
        t.says(i + 0.51, t.client, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
        t.says(i + 0.52, S, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        t.ends(i + 0.53, t.client)
    c.packets.sort(key=lambda packet: packet[0])


def tls_downloads(c, pauses):
    """One call a second on a connection each, in TLS 1.3; in these of them the answer's second half comes so late."""
    for i in range(30):
        t, late = Talk(c, i, f'10.0.0.1:{4000 + i}', '10.0.0.2:443'), pauses.get(i, 0.001)
        t.says(i + 0.01, t.client, client_hello('a.test'))
        t.says(i + 0.02, t.server, server_hello(True) + record(23, b'c' * 900))
        t.says(i + 0.03, t.client, record(20, b'\1') + record(23, b'f' * 53))
        t.says(i + 0.0305, t.server, record(23, b't' * 250))
        t.says(i + 0.031, t.client, record(23, b'q' * 150))
        t.says(i + 0.04, t.server, record(23, b'a' * 1000))
        t.says(i + 0.04 + late, t.server, record(23, b'a' * 1000))
        t.ends(i + 0.05 + late, t.client)
    c.packets.sort(key=lambda p: p[0])


@case(['tcp.sender_paused', 'a.test (10.0.0.2:443) pauses inside the body, with nothing lost and the window open, 10 calls take 700 ms'])
def pauses_in_answers_for_a_while(c):
    tls_downloads(c, dict.fromkeys(range(10, 20), 0.7))


@case()
def pauses_in_every_other_answer(c):
    tls_downloads(c, dict.fromkeys(range(1, 30, 2), 0.7))


def client_takes(c, slow):
    """Handshakes of TLS 1.3 whose client takes 0.6 s to finish these."""
    for i in range(20):
        t, late = Talk(c, i, f'10.0.0.1:{4000 + i}', '10.0.0.2:443'), 0.6 if i in slow else 0.002
        t.says(i + 0.01, t.client, client_hello('a.test'))
        t.says(i + 0.02, t.server, server_hello(True) + record(23, b'c' * 900))
        t.says(i + 0.02 + late, t.client, record(23, b'f' * 53) + record(23, b'q' * 150))
        t.says(i + 0.03 + late, t.server, record(23, b'a' * 1000))
        t.ends(i + 0.04 + late, t.client)
    c.packets.sort(key=lambda p: p[0])


@case(['tls.slow_client', '10.0.0.1 takes 600 ms to finish TLS handshakes'])
def a_client_that_became_slow(c):
    client_takes(c, range(8, 14))


@case()
def a_client_that_has_just_begun(c):
    client_takes(c, range(6))


def silent_peers(c, dead):
    """Quick calls on one connection; as many others whose one request is sent six times and never acknowledged."""
    t = Talk(c, 0, '10.0.0.1:3999', S)
    for i in range(1500):
        t.says(1 + i * 0.01, t.client, b'GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n')
        t.says(1 + i * 0.01 + 0.003, S, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    for i in range(dead):
        t = Talk(c, i * 0.1, f'10.0.0.1:{4000 + i}', S)
        for again in (0, 0.2, 0.6, 1.4, 3, 6.2):
            c.tcp(2 + again, t.client, S, PUSH | ACK, 101, 501, b'GET /y HTTP/1.1\r\nHost: a.test\r\n\r\n')
    c.packets.sort(key=lambda p: p[0])


@case(['tcp.silent_peer', 'requests are sent again and again and never acknowledged, on 4 connections'])
def some_peers_go_silent(c):
    silent_peers(c, 4)


@case()
def one_peer_goes_silent(c):
    silent_peers(c, 1)


def hello(c, at, port, host, padding=0, passes=True, acked_again=()):
    """A connection, its ClientHello, and what becomes of it: an answer, or silence and three repeats of its first packet.
    acked_again: when the server sends its SYN-ACK's acknowledgement once more."""
    t = Talk(c, at, f'10.0.0.1:{port}', '10.0.0.2:443')
    data = client_hello(host, padding)
    if passes:
        t.says(at + 0.01, t.client, data)
        t.says(at + 0.02, t.server, server_hello(True) + record(23, b'e' * 900))
        t.says(at + 0.03, t.client, record(23, b'f' * 53) + record(23, b'q' * 100))
        t.says(at + 0.04, t.server, record(23, b'a' * 300))
        return
    for again in 0, 0.2, 0.6, 1.4:
        for begin in range(0, len(data) if again == 0 else 1, 1448):
            c.tcp(at + 0.01 + again, t.client, t.server, PUSH | ACK, 101 + begin, 501, data[begin : begin + 1448])
    for after in acked_again:
        c.tcp(at + 0.01 + after, t.server, t.client, ACK, 501, 101)
    c.tcp(at + 2, t.client, t.server, FIN | ACK, 101 + len(data), 501)
    c.packets.sort(key=lambda p: p[0])


@case(['tls.hello_dropped', 'ClientHellos for b.test to 10.0.0.2:443 are never acknowledged, on 3 connections', 'those for a.test pass'])
def hellos_for_one_name_vanish(c):
    for i in range(6):
        hello(c, i * 3, 4000 + i, 'a.test' if i % 2 else 'b.test', passes=i % 2)
    c.udp(30, C, '10.0.0.9:9', b'x')


@case(['tls.hello_dropped', 'on 3 connections', 'bytes and more; small ones pass'])
def hellos_of_two_packets_vanish(c):
    for i in range(6):
        hello(c, i * 3, 4000 + i, 'a.test', padding=0 if i % 2 else 1500, passes=i % 2)
    c.udp(30, C, '10.0.0.9:9', b'x')


@case(['tcp.pmtud_blackhole', 'full-size segments to a.test (10.0.0.2:443) never arrive, on 3 connections'])
def big_hellos_whose_second_packet_arrives(c):
    for i in range(6):
        hello(c, i * 3, 4000 + i, 'a.test', padding=0 if i % 2 else 1500, passes=i % 2, acked_again=[0.001])
    c.udp(30, C, '10.0.0.9:9', b'x')


@case(['tls.closed', '!never acknowledged'])
def a_host_that_dies_after_two_handshakes(c):
    for i in range(2):
        hello(c, i * 0.1, 4000 + i, 'a.test', passes=False)
    c.udp(30, C, '10.0.0.9:9', b'x')


def slow_hellos(c, slow_at, used=True):
    """Thirty handshakes, five of them slow, from that one on; each carries a call, but for the slow ones where used is not set."""
    for i in range(30):
        slow = slow_at <= i < slow_at + 5
        at, client = 1 + i * 0.3, f'10.0.0.1:{4000 + i}'
        t = Talk(c, at, client, '10.0.0.2:443')
        t.says(at + 0.003, client, client_hello('a.test'))
        late = at + (0.17 if slow and used else 0.9 if slow else 0.005)
        t.says(late, t.server, server_hello(True) + record(20, b'\1') + record(23, b'c' * 900))
        t.says(late + 0.001, client, record(20, b'\1') + record(23, b'f' * 53))
        if used or not slow:
            t.says(late + 0.002, client, record(23, b'q' * 150))
            t.says(late + 0.006, t.server, record(23, b'a' * 700))
        t.ends(late + 0.01, client)
        t.ends(late + 0.0105, t.server)
    c.packets.sort(key=lambda packet: packet[0])
    c.udp(20, C, '10.0.0.9:9', b'x')


@case(['tls.slow_server', 'take 168 ms', '5 of 5', '!carried no request'])
def handshakes_that_became_slow(c):
    slow_hellos(c, 15)


@case()
def handshakes_of_a_server_that_has_just_begun(c):
    slow_hellos(c, 0)


@case(['tls.slow_server', '5 of 5; 5 of these connections carried no request'])
def handshakes_that_outlive_their_calls(c):
    slow_hellos(c, 15, used=False)


# ---- nothing comes back ----


def stands_still(c, acked=False, heard=()):
    """A call, 6 s without a sign of life (but what is acked, or heard), calls again. 2 requests and 4 dials fall into them."""
    talks = [Talk(c, i * 0.1, f'10.0.0.1:{4000 + i}', S) for i in range(2)]
    for i, t in enumerate(talks):
        t.says(0.5 + i * 0.1, t.client, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
        t.says(0.51 + i * 0.1, t.server, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    for i, t in enumerate(talks):
        sent = t.next[t.client]
        for at in (2, 2.2, 2.6, 3.4, 5, 8.2):
            t.next[t.client] = sent
            t.says(at + i * 0.01, t.client, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n', acked=acked or at == 8.2)
        t.says(8.21 + i * 0.01, t.server, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    for i in range(4):
        for again in (0, 1, 2, 3):
            c.tcp(2.5 + i * 0.3 + again, f'10.0.0.1:{4100 + i}', S, SYN, 100, options=b'\2\4\5\xb4')
    for i, at in enumerate(heard):
        c.connect(at, f'10.0.0.1:{4200 + i}', S)
    c.packets.sort(key=lambda packet: packet[0])
    c.udp(20, C, '10.0.0.9:9', b'x')


@case(['conn.no_answer', 'a.test (10.0.0.2:80) sends nothing for 5.7 s: no answer to 4 dials, no acknowledgement on 2 open connections',
       'whether the host is down or the path is cut'])
def a_host_that_stands_still(c):
    stands_still(c)


@case(['conn.no_answer', 'sends nothing for 5.7 s', 'while its host answers on other ports, which fits a filter', '!is down'])
def a_port_that_is_filtered(c):
    for i, at in enumerate((1, 3, 5, 7)):
        c.connect(at, f'10.0.0.1:{4300 + i}', '10.0.0.2:81')
    stands_still(c)


@case(['conn.accept_queue', '2 requests are acknowledged and not answered', '!sends nothing'])
def a_host_that_acknowledges(c):
    stands_still(c, acked=True)


@case(['tcp.lossy_path', '!sends nothing'])
def a_host_that_is_heard_in_between(c):
    stands_still(c, heard=(3.5, 5, 6.5, 7.5))


# ---- clients ----


def one_of_two_programs(c, asked=None, waits=False):
    """Two programs of a host call two services every 50 ms; one of them calls nobody for 3 s, and asked is looked up in vain then."""
    for program, port in (('one', 4000), ('two', 4002)):
        for i, host in enumerate(('a', 'b')):
            t = Talk(c, 0, f'10.0.0.1:{port + i}', f'10.0.0.{2 + i}:80')
            for n in range(200):
                at = 0.1 + n * 0.05 + i * 0.02
                if program == 'one' and 4 < at < 7:
                    continue
                if waits and program == 'one' and 7 <= at < 7.05:
                    c.udp(at - 2, f'10.0.0.1:{6000 + i}', DNS, question(50 + i, f'{host}.test'))
                    c.udp(at - 0.012, DNS, f'10.0.0.1:{6000 + i}', answer(50 + i, f'{host}.test', address=f'10.0.0.{2 + i}'))
                    t = Talk(c, at - 0.01, f'10.0.0.1:{4500 + i}', t.server)
                t.says(at, t.client, b'GET / HTTP/1.1\r\nHost: %s.test\r\nUser-Agent: %s/1\r\n\r\n' % (host.encode(), program.encode()))
                t.says(at + 0.005, t.server, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    for n in range(10 if asked else 0):
        at, client = 4.2 + n * 0.25, f'10.0.0.1:{5000 + n}'
        c.udp(at, client, DNS, question(n + 1, asked))
        c.udp(at + 0.001, DNS, client, answer(n + 1, asked, rcode=5))
    c.packets.sort(key=lambda packet: packet[0])


@case(['client.stopped', 'one on 10.0.0.1 was stopped for 3.0 s', 'other programs on its host (two) went on'])
def a_program_that_stands_still(c):
    one_of_two_programs(c)


@case(['dns.server_failure', 'REFUSED'], ['client.stopped', 'other programs on its host (two) went on'])
def another_name_is_asked_for_meanwhile(c):
    one_of_two_programs(c, 'elsewhere.test')


@case()
def its_lookups_wait(c):
    one_of_two_programs(c, waits=True)


@case(['dns.server_failure', 'answers REFUSED to 10 of 10 questions', '10 failed'])
def its_lookups_fail(c):
    one_of_two_programs(c, 'a.test')


# ---- keep-alive ----


def one_call_each(c, kept):
    """Thirty TLS connections of one call each, which the server closes; with kept, it answers another client twice on one."""
    for i in range(30):
        at, client = 1 + i * 0.2, f'10.0.0.1:{4000 + i}'
        t = Talk(c, at, client, '10.0.0.2:443', rtt=0.02)
        t.says(at + 0.03, client, client_hello('a.test'))
        t.says(at + 0.05, t.server, server_hello(True) + record(20, b'\1') + record(23, b'c' * 900))
        t.says(at + 0.06, client, record(20, b'\1') + record(23, b'f' * 53))
        t.says(at + 0.07, client, record(23, b'q' * 150))
        t.says(at + 0.09, t.server, record(23, b'a' * 700))
        t.ends(at + 0.0905, t.server)
        t.ends(at + 0.092, client)
    if kept:
        t = Talk(c, 0, '10.0.0.3:4000', '10.0.0.2:443', rtt=0.02)
        t.says(0.03, t.client, client_hello('a.test'))
        t.says(0.05, t.server, server_hello(True) + record(20, b'\1') + record(23, b'c' * 900))
        t.says(0.06, t.client, record(20, b'\1') + record(23, b'f' * 53))
        for i in range(3):
            t.says(0.07 + i * 2, t.client, record(23, b'q' * 150))
            t.says(0.09 + i * 2, t.server, record(23, b'a' * 700))
    c.packets.sort(key=lambda packet: packet[0])


@case(['conn.churn', '30 of 30 calls', 'the server closes after each answer; TLS hides whether the client asked for that'])
def a_server_that_keeps_nobody(c):
    one_call_each(c, False)


@case(['conn.churn', '30 of 30 calls', 'keeps connections of others: most likely the client asks for that'])
def a_server_that_keeps_others(c):
    one_call_each(c, True)


# ---- HTTP ----


@case(['http.truncated', '10.0.0.2:80) cuts off 1 of 1 responses in the middle of the head'])
def cut_inside_the_head(c):
    t = Talk(c, 0, C, S)
    t.says(0.01, C, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    t.says(0.02, S, b'HTTP/1.1 200 OK\r\nX: 1\r\n')
    t.ends(0.03, S)


@case(['http.truncated', 'cuts off 1 of 1 responses in the middle of the body'])
def cut_inside_the_body(c):
    t = Talk(c, 0, C, S)
    t.says(0.01, C, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    t.says(0.02, S, b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nxx')
    t.ends(0.03, S)


def failing(c, request):
    t = Talk(c, 0, C, S)
    t.says(0.01, C, request)
    t.says(0.02, S, b'HTTP/1.1 503 No\r\nContent-Length: 0\r\nVia: 1.1 squid\r\n\r\n')


@case(['http.who_answered', 'the proxy 10.0.0.2:80 answers 503 itself', '!origin'])
def the_name_behind_a_proxy(c):
    failing(c, b'GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n')


@case(['http.who_answered', 'the proxy lb.test (10.0.0.2:80) answers 503 itself'])
def the_name_of_a_balancer(c):
    failing(c, b'GET / HTTP/1.1\r\nHost: lb.test\r\n\r\n')


@case(['conn.reset_midway', '10.0.0.2:80) resets connections 10 ms after the request'])
def a_reset_after_a_slow_request(c):
    t = Talk(c, 0, C, S)
    t.says(0.01, C, b'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\n')
    t.says(0.31, C, b'body')
    t.ends(0.32, S, RST | ACK)


def resets_some(c, at_server, sent_after, reset_after):
    """Every fourth connection is reset; both times count from the handshake's ACK. The hosts are 20 ms from each other."""
    for i in range(24):
        client, at = f'10.0.0.1:{4000 + i}', i * 0.2
        c.tcp(at, client, S, SYN, 100, options=b'\2\4\5\xb4')
        c.tcp(at + (0.00005 if at_server else 0.02), S, client, SYN | ACK, 500, 101, options=b'\2\4\5\xb4')
        c.tcp(at + 0.0201, client, S, ACK, 101, 501)
        request = b'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'
        c.tcp(at + 0.0201 + sent_after, client, S, PUSH | ACK, 101, 501, request)
        if i % 4:
            answer = b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
            c.tcp(at + 0.06, S, client, PUSH | ACK, 501, 101 + len(request), answer)
        else:
            c.tcp(at + 0.0201 + reset_after, S, client, RST, 501, 0)
    c.packets.sort(key=lambda p: p[0])


@case(['conn.backlog_reset', 'a.test (10.0.0.2:80) resets connections as soon as they are established', '6 of'], ['conn.churn'])
def resets_of_a_handshake_seen_at_the_server(c):
    resets_some(c, True, 0.00002, 0.00001)


@case(['conn.reset_midway', '!as soon as'], ['conn.churn'])
def resets_of_a_request_seen_at_the_server(c):
    resets_some(c, True, 0.00002, 0.001)


@case(['conn.backlog_reset', 'a.test (10.0.0.2:80) resets connections as soon as they are established', '6 of'], ['conn.churn'])
def resets_of_a_handshake_seen_at_the_client(c):
    resets_some(c, False, 0.002, 0.02)


@case(['conn.reset_midway', '!as soon as'], ['conn.churn'])
def resets_of_a_request_seen_at_the_client(c):
    resets_some(c, False, 0.002, 0.022)


def posts(c, waits, expects):
    for i, wait in enumerate(waits):
        t, at = Talk(c, i, f'10.0.0.1:{4000 + i}', S), i + 0.01
        t.says(at, t.client, b'POST /x HTTP/1.1\r\nHost: a.test\r\n' + (b'Expect: 100-continue\r\n' if expects[i] else b'') +
               b'Content-Length: 4\r\n\r\n' + (b'' if expects[i] else b'body'))
        if expects[i]:
            t.says(at + 0.1, S, b'HTTP/1.1 100 Continue\r\n\r\n')
            t.says(at + 0.11, t.client, b'body')
            at += 0.11
        t.says(at + wait, S, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')


@case()
def after_100_continue_no_wait_is_known(c):
    posts(c, [0.12] * 20, [i < 10 for i in range(20)])


@case(['http.think_time', 'takes 120 ms to answer (usual: 1.0 ms), 10 of 10 calls, all POST /x'])
def quick_posts_make_a_usual(c):
    posts(c, [0.001] * 10 + [0.12] * 10, [False] * 20)


def grpc_calls(c, bad):
    """Fifty calls, to /s/One, /s/Two ... by turns; those of the first path that `bad` numbers end with status 13."""
    literal = lambda name, value: b'\0' + bytes([len(name)]) + name + bytes([len(value)]) + value
    t = Talk(c, 0, C, S)
    t.says(0.01, C, PREFACE + frame(4))
    t.says(0.02, S, frame(4) + frame(4, flags=1))
    kind = literal(b'content-type', b'application/grpc')
    for i in range(50):
        at, stream, path = 0.1 + i * 0.1, 1 + 2 * i, (b'/s/One', b'/s/Two', b'/s/Six', b'/s/Ten', b'/s/Zoo')[i % 5]
        status = b'13' if i % 5 == 0 and i // 5 in bad else b'0'
        t.says(at, C, frame(1, stream, b'\x83\x86\x04' + bytes([len(path)]) + path + b'\x01\x06a.test' + kind, 5))
        t.says(at + 0.01, S, frame(1, stream, b'\x88' + kind + literal(b'grpc-status', status), 5))


@case(['grpc.status', 'ends gRPC calls with grpc-status 13, 5 of ', ', all POST /s/One'])
def calls_of_one_grpc_method_fail(c):
    grpc_calls(c, range(5, 10))


@case()
def one_call_in_four_of_one_grpc_method_fails(c):
    grpc_calls(c, (0, 4, 9))


def going_away(c, code, debug, answered):
    """Calls on streams 1, 3, 5; the server takes those up to 3, says GOAWAY and closes."""
    t = Talk(c, 0, C, S)
    t.says(0.01, C, PREFACE + frame(4))
    t.says(0.02, S, frame(4) + frame(4, flags=1))
    for i, stream in enumerate((1, 3, 5)):
        t.says(0.03 + i * 0.01, C, h2_request(stream, 'a.test'))
    t.says(0.1, S, goaway(3, code, debug))
    for stream in answered:
        t.says(0.11, S, h2_answer(stream))
    t.ends(0.2, S)
    c.udp(9, C, '10.0.0.9:9', b'x')


@case(['http2.goaway', '10.0.0.2:80) sends GOAWAY (ErrCode=ENHANCE_YOUR_CALM, debug="too_many_pings") and closes the connection: '
       '3 of 3 calls end unanswered, 1 of them not taken by it', 'sends more PINGs than it allows'])
def a_goaway_for_too_many_pings(c):
    going_away(c, 11, b'too_many_pings', [])


@case(['http2.goaway', 'ErrCode=INTERNAL_ERROR', '2 of 2 calls end unanswered', '!PINGs'])
def a_goaway_in_trouble(c):
    going_away(c, 2, b'', [1])


@case()
def a_goaway_that_lets_calls_end(c):
    going_away(c, 0, b'', [1, 3, 5])


def some_slow(c, paths, slow, reused=False):
    """20 quick calls, then 30 of which some take 0.3 s; over one connection, or one each."""
    t = None
    for i in range(50):
        path, at = paths[i % len(paths)], i * 0.5
        if t is None or not reused:
            t = Talk(c, at, f'10.0.0.1:{4000 + i}', S)
        t.says(at + 0.01, t.client, f'GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n'.encode())
        t.says(at + (0.31 if i >= 20 and slow(i) else 0.015), S, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')


@case(['http.think_time', '15 of 29 calls', '; it hits 15 of 15 calls with a query, and 0 of 14 others'])
def calls_with_a_query_are_slow(c):
    some_slow(c, ['/x', '/x?a=1'], lambda i: i % 2)


def hosts(c, names, slow, status=200):
    """20 quick calls, then 30 of which some take 0.3 s; each to the next of the names, all at one address."""
    c.udp(0, C, DNS, question(1, 'ingress.test'))
    c.udp(0.001, DNS, C, answer(1, 'ingress.test', address='10.0.0.2'))
    for i in range(50):
        host, at, late = names[i % len(names)], 1 + i * 0.5, i >= 20 and slow(names[i % len(names)])
        t = Talk(c, at, f'10.0.0.1:{4000 + i}', S)
        t.says(at + 0.01, t.client, f'GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n'.encode())
        t.says(at + (0.31 if late else 0.015), S, f'HTTP/1.1 {status if late else 200} OK\r\nContent-Length: 0\r\n\r\n'.encode())


@case(['http.think_time', 'a.test and 1 more name (10.0.0.2:80) takes', '10 of 28 calls, all GET /x, all to b.test'])
def calls_to_one_name_of_an_address_are_slow(c):
    hosts(c, ['a.test', 'a.test', 'b.test'], lambda name: name == 'b.test')


@case(['http.error_cluster', 'a.test and 1 more name (10.0.0.2:80) answers 500', '; it hits 10 of 10 calls to b.test, and 0 of 18 others'])
def calls_to_one_name_of_an_address_fail(c):
    hosts(c, ['a.test', 'a.test', 'b.test'], lambda name: name == 'b.test', 500)


@case(['http.think_time', 'a.test (10.0.0.2:80) takes', '!more name', '!ingress'])
def one_stray_name_is_not_told(c):
    hosts(c, ['a.test'] * 49 + ['odd.test'], lambda name: True)


@case(['http.think_time', 'ingress.test (10.0.0.2:80) takes', '!more name'])
def a_name_with_and_without_its_search_list(c):
    hosts(c, ['ingress.test', 'ingress.test.svc.local'], lambda name: True)


@case(['http.think_time', '16 of 30 calls', '!it hits'])
def half_of_the_calls_are_slow(c):
    some_slow(c, ['/x', '/x?a=1'], lambda i: i % 4 < 2)


def paths_wait(c, steps):
    """A connection to each path, with a quick call every 0.4 s, but for those that take as long as the steps say: (path, n): s."""
    for k, path in enumerate(('/a', '/b', '/c')):
        t = Talk(c, k * 0.05, f'10.0.0.1:{4000 + k}', S)
        for i in range(12):
            at = 0.1 + k * 0.05 + i * 0.4 + (2 if i > 6 else 0)
            t.says(at, t.client, f'GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n'.encode())
            t.says(at + steps.get((path, i), 0.01), S, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    t = Talk(c, 0.2, '10.0.0.1:4009', S)
    for i in range(12):
        at = 0.25 + i * 0.4 + (2 if i > 6 else 0)
        t.says(at, t.client, b'GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n')
        t.says(at + (1.2 if i == 6 else 0.01), S, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')


@case(['http.think_time', 'takes 1.4 s to answer', '4 of 4 calls', '!all GET'])
def one_call_of_each_path_is_slow(c):
    paths_wait(c, {('/a', 6): 1.5, ('/b', 6): 1.4, ('/c', 6): 1.3})


@case(['http.think_time', '2 of 4 calls, all GET /a'])
def calls_of_one_path_are_slow(c):
    paths_wait(c, {('/a', 6): 1.5})


def swallowed(c, seconds):
    """Three connections with a call every 0.1 s; at 3 s the last segment but one of two answers is lost, and so are its repeats."""
    for k in range(3):
        t = Talk(c, k * 0.01, f'10.0.0.1:{4000 + k}', S)
        for i in range(100):
            at = 0.1 + k * 0.01 + i * 0.1 + (seconds if i > 30 else 0)
            t.says(at, t.client, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
            if i != 30 or k == 2:
                t.says(at + 0.005, S, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
                continue
            head = b'HTTP/1.1 200 OK\r\nContent-Length: 800\r\n\r\n'
            tail = b'x' * 800
            c.tcp(at + 0.0052, S, t.client, PUSH | ACK, t.next[S] + len(head), t.next[t.client], tail)
            c.tcp(at + 0.0053, t.client, S, ACK, t.next[t.client], t.next[S])
            c.tcp(at + seconds, S, t.client, PUSH | ACK, t.next[S], t.next[t.client], head)
            t.next[S] += len(head) + len(tail)
            c.tcp(at + seconds + 0.0001, t.client, S, ACK, t.next[t.client], t.next[S])
    c.packets.sort(key=lambda packet: packet[0])


@case(['tcp.lossy_path', 'packets from a.test (10.0.0.2:80) are lost', 'on 2 connections, 2 calls waited a total of 6.0 s for them'])
def two_calls_hang_for_lost_segments(c):
    swallowed(c, 3)


@case()
def two_calls_wait_for_lost_segments(c):
    swallowed(c, 0.25)


def holes(c, size):
    """Three connections with a call every 0.1 s; the 30th answers of two come without their first and third segment of four, of
    this size each, until 3 s later."""
    for k in range(3):
        t = Talk(c, k * 0.01, f'10.0.0.1:{4000 + k}', S)
        for i in range(100):
            at = 0.1 + k * 0.01 + i * 0.1 + (3 if i > 30 else 0)
            t.says(at, t.client, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
            if i != 30 or k == 2:
                t.says(at + 0.005, S, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
                continue
            head = b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % (2 * size + 600)
            parts, first = [head + b'x' * (size - len(head)), b'x' * 300, b'x' * size, b'x' * (300 + len(head))], t.next[S]
            starts = [first + sum(map(len, parts[:n])) for n in range(4)]
            for n in (1, 3):
                c.tcp(at + 0.005 + n / 1e4, S, t.client, PUSH | ACK, starts[n], t.next[t.client], parts[n])
                c.tcp(at + 0.00505 + n / 1e4, t.client, S, ACK, t.next[t.client], first)
            t.next[S] = starts[3] + len(parts[3])
            for n, known in ((0, starts[2]), (2, t.next[S])):
                c.tcp(at + 3 + n / 1e4, S, t.client, PUSH | ACK, starts[n], t.next[t.client], parts[n])
                c.tcp(at + 3.00005 + n / 1e4, t.client, S, ACK, t.next[t.client], known)
    c.packets.sort(key=lambda packet: packet[0])


# What arrives between the holes may be as long: no MTU is to blame for sure.
@case(['tcp.lossy_path', 'packets from a.test (10.0.0.2:80) are lost', '!MTU'])
def full_segments_vanish_for_a_time(c):
    holes(c, 1400)


@case(['tcp.lossy_path', '!full-size'])
def small_segments_vanish_for_a_time(c):
    holes(c, 700)


def limited(c, paths):
    """After 2 s, calls to these paths get 429; two paths are called by turns."""
    for k, path in enumerate(('/a', '/b')):
        t = Talk(c, k * 0.05, f'10.0.0.1:{4000 + k}', S)
        for i in range(30):
            status = 429 if i >= 15 and path in paths else 200
            t.says(0.1 + k * 0.05 + i * 0.2, t.client, f'GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n'.encode())
            t.says(0.105 + k * 0.05 + i * 0.2, S, f'HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n'.encode())


@case(['http.error_cluster', '10.0.0.2:80) answers 429 to 30 of 30 calls of GET /a and GET /b'])
def two_paths_are_limited(c):
    limited(c, ['/a', '/b'])


@case(['http.error_cluster', '10.0.0.2:80) answers 429 to 15 of 15 calls of GET /b', '! and '])
def one_path_is_limited(c):
    limited(c, ['/b'])


def statuses_of_paths(c, second, waits):
    """After 2 s, /a is answered 500 and /b so; the answers take these milliseconds, by turns."""
    for k, (path, bad) in enumerate((('/a', 500), ('/b', second))):
        t = Talk(c, k * 0.05, f'10.0.0.1:{4000 + k}', S)
        for i in range(30):
            at, status = 0.1 + k * 0.05 + i * 0.2, bad if i >= 15 else 200
            t.says(at, t.client, f'GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n'.encode())
            t.says(at + waits[i % len(waits)] / 1e3, S, f'HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n'.encode())
    c.packets.sort(key=lambda packet: packet[0])


@case(['http.error_cluster', '10.0.0.2:80) answers 500 to 15 of ', ', and 429 to 15 of ', 'GET /b'])
def two_statuses_of_one_server(c):
    statuses_of_paths(c, 429, [5])


@case(['http.error_cluster', 'answers 500 to 15 of ', '52 ms each (a limit of its own)', '!429'])
def errors_after_the_same_time(c):
    statuses_of_paths(c, 200, [52])


@case(['http.error_cluster', 'answers 500 to 15 of ', '52 ms in the median', '!limit'])
def errors_after_some_time(c):
    statuses_of_paths(c, 200, [40, 52, 64])


def left(c, said):
    t = Talk(c, 0, C, S)
    t.says(0.01, C, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    if said:
        t.says(0.02, S, said)
    t.ends(2.01, C)
    c.udp(9, C, '10.0.0.9:9', b'x')


@case(['http.think_time', 'has not answered after 2.0 s', '1 caller gave up after 2.0 s'])
def a_call_without_answer(c):
    left(c, b'')


@case()
def a_call_with_an_answer_of_no_kind(c):
    left(c, b'HTTP/!.4 206 t\r\nContent-Length: 0\r\n\r\n')


@case(['http.think_time', '10.0.0.2:80) takes 1.0 s to 1.5 s to answer (its usual is not known here), 2 of 2 calls'])
def two_slow_calls(c):
    posts(c, [1.01, 1.5], [False] * 2)


@case(['http.think_time', '10.0.0.2:80) takes 1.1 s to answer', '2 of 2 calls', '! to 1'])
def two_calls_as_slow(c):
    posts(c, [1.01, 1.1], [False] * 2)


@case()
def two_modes_with_the_limit_inside_one(c):
    posts(c, [0.014, 0.088, 0.014, 0.088, 0.014] * 4 + [0.099, 0.1, 0.099, 0.014, 0.1, 0.099] + [0.014] * 4, [False] * 30)


@case(['http.think_time', 'takes 99 ms to answer (usual: 14 ms), 5 of 6 calls'])
def two_modes_that_begin_at_a_moment(c):
    posts(c, [0.014] * 20 + [0.099, 0.1, 0.099, 0.014, 0.1, 0.099] + [0.014] * 4, [False] * 30)


def freezes(c, begins, seconds=0.3, acked=True):
    """Twelve connections to two services of one host, a call each every 100 ms, answered after 5 ms; but while the host's
    process stands still all wait for its end."""
    talks = [Talk(c, 0, f'10.0.0.1:{4000 + i}', f'10.0.0.2:{80 + i % 2}') for i in range(12)]
    for i, t in enumerate(talks):
        ended = 0
        for sent in (0.1 + n * 0.1 + i * 0.008 for n in range(60)):
            if sent < ended:
                continue
            stop = next((b for b in begins if b <= sent < b + seconds), None)
            ended = sent + 0.005 if stop is None else stop + seconds + i * 0.001
            t.says(sent, t.client, b'GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n', acked=acked)
            t.says(ended, t.server, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    c.packets.sort(key=lambda p: p[0])


@case(['time.periodic', '10.0.0.2) stops for 300 ms every 1.0 s, 5 times', 'to its 2 services', 'its kernel acknowledged'])
def a_process_that_stands_still_each_second(c):
    freezes(c, [1, 2, 3, 4, 5])


@case(['http.think_time', '!stands still'], ['http.think_time', '!stands still'])
def a_process_that_stands_still_now_and_then(c):
    freezes(c, [1, 1.8, 3.3, 4.1, 5.3])


@case(['conn.slow_path', '!stands still'], ['conn.slow_path', '!stands still'])
def a_path_that_is_cut_each_second(c):
    freezes(c, [1, 2, 3, 4, 5], acked=False)


def batches(c, waits):
    """One call a connection, each batch begun at one moment."""
    for n, wait in enumerate(waits):
        for i in range(4):
            t = Talk(c, n, f'10.0.0.1:{4000 + n * 4 + i}', S)
            t.says(n + 0.01, t.client, b'GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n')
            t.says(n + 0.01 + wait, S, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    c.packets.sort(key=lambda p: p[0])


@case(['http.think_time', '!stands still'])
def batches_that_all_take_their_time(c):
    batches(c, [0.01] * 10 + [0.4] * 8)


def two_addresses(c, rtt):
    """Of one name, in turn; all of the second comes 0.3 s later."""
    for i in range(40):
        far, at = i % 2, i * 1.0
        t = Talk(c, at, f'10.0.0.1:{4000 + i}', ('10.0.0.2:80', '10.0.0.3:80')[far], rtt if far else 0.001)
        t.says(at + 0.4, t.client, b'GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n', acked=not far)
        t.says(at + (0.705 if far else 0.405), t.server, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')


@case()
def one_of_two_addresses_is_far(c):
    two_addresses(c, 0.3)


@case(['conn.slow_path', 'all that comes from a.test (10.0.0.3:80) comes 300 ms later than usual'])
def one_of_two_addresses_is_late(c):
    two_addresses(c, 0.001)


# ---- DNS ----


def one_lost_question(c, waiting):
    """Calls that each look up, then so many that wait for one lookup, whose A is asked again after 5 s."""
    get, ok = b'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n', b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'
    def look_up(at, port, number, kinds):
        for kind in kinds:
            c.udp(at, f'10.0.0.1:{port}', DNS, question(number + kind, 'a.test', kind))
        for kind in kinds if 1 in kinds else ():
            c.udp(at + 0.001, DNS, f'10.0.0.1:{port}', answer(number + kind, 'a.test', kind, address='10.0.0.2' if kind == 1 else None))
    def call(at, port):
        t = Talk(c, at, f'10.0.0.1:{port}', S)
        t.says(at + 0.002, t.client, get)
        t.says(at + 0.005, S, ok)
        t.ends(at + 0.006, S)
        t.ends(at + 0.0061, t.client)
    for i in range(30):
        look_up(i * 0.1, 5000 + i, i * 100, (28, 1))
        call(i * 0.1 + 0.0012, 4000 + i)
    look_up(3.0, 5100, 5000, (28,))
    c.udp(3.001, DNS, '10.0.0.1:5100', answer(5028, 'a.test', 28))
    c.udp(3.0001, '10.0.0.1:5101', DNS, question(6001, 'a.test'))
    look_up(8.0001, 5102, 7000, (1,))
    for i in range(waiting):
        call(8.0013 + i * 0.0001, 4100 + i)
    c.packets.sort(key=lambda packet: packet[0])
    c.udp(20, C, '10.0.0.9:9', b'x')


@case(['dns.no_answer', 'answers none of 1 question in that time', '12 calls shared 1 lookup, and waited up to 5.0 s'])
def many_wait_for_a_lost_question(c):
    one_lost_question(c, 12)


@case()
def some_wait_for_a_lost_question(c):
    one_lost_question(c, 6)


def ask(c, at, number, name, kind=1, **kept):
    c.udp(at, f'10.0.0.1:{5000 + number}', DNS, question(number, name, kind))
    if 'after' in kept:
        c.udp(at + kept.pop('after'), DNS, f'10.0.0.1:{5000 + number}', answer(number, name, kind, **kept))


def asked_for_once(c, until, rcode=3):
    """A name is gone (or fails) at 4 s, and asked for once since; calls to it leave every 100 ms until then, or until the time given."""
    ask(c, 0, 1, 'a.test', after=0.001, address='10.0.0.2')
    t = Talk(c, 0.01, C, S)
    for i in range(int(until * 10)):
        t.says(0.1 + i * 0.1, C, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
        t.says(0.105 + i * 0.1, S, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    other = Talk(c, 0.02, '10.0.0.1:4009', '10.0.0.3:80')
    for i in range(90):
        other.says(0.1 + i * 0.1, other.client, b'GET / HTTP/1.1\r\nHost: b.test\r\n\r\n')
        other.says(0.105 + i * 0.1, other.server, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    ask(c, 4.05, 2, 'a.test', after=0.001, rcode=rcode)
    c.packets.sort(key=lambda packet: packet[0])
    c.udp(9.2, C, '10.0.0.9:9', b'x')


@case(['dns.not_found', 'a.test does not exist (NXDOMAIN): 1 lookup failed', 'nobody asks for 5.1 s, where a call left every 103 ms: a client that remembers the failure sends no packet'])
def a_failure_that_is_remembered(c):
    asked_for_once(c, 4)


@case()
def one_failure_beside_calls_that_go_on(c):
    asked_for_once(c, 9)


@case(['dns.server_failure', 'answers SERVFAIL to 1 of 1 questions', '1 failed; after that nobody asks for 5.1 s, where a call left every 103 ms: a client that remembers the failure sends no packet'])
def a_servfail_that_is_remembered(c):
    asked_for_once(c, 4, rcode=2)


@case()
def one_servfail_beside_calls_that_go_on(c):
    asked_for_once(c, 9, rcode=2)


@case(['dns.no_answer', 'answers none of 6 questions in that time; 6 lookups asked it', '!waited'])
def lookups_that_are_open_at_the_end(c):
    for i in range(16):
        ask(c, i * 0.5, i, f'n{i}.test', **(dict(after=0.001, address='10.0.0.2') if i < 10 else {}))
    c.udp(9.2, C, '10.0.0.9:9', b'x')


def asked_by_two(c, silent):
    """Two names are looked up every 0.2 s for 4 s, and again from 9 s on; at 4 s there is a lookup without answer."""
    for i in list(range(20)) + list(range(45, 50)):
        ask(c, i * 0.2, i, f'{"ab"[i % 2]}.test', after=0.001, address='10.0.0.2')
    for kind in silent:
        ask(c, 4.0 + kind / 1000, 60 + kind, 'a.test', kind)
    c.packets.sort(key=lambda packet: packet[0])


@case(['dns.no_answer', 'answers none of 2 questions in that time', '; nothing comes from it for 5.0 s, where a question came every 200 ms'])
def a_lull_of_a_name_server(c):
    asked_by_two(c, (1, 28))


@case()
def one_lost_question_before_a_pause(c):
    asked_by_two(c, (1,))


def short_name(c, rcode, before=True):
    """A short name that a search list completes; with before, that leads to an address at first."""
    names, number = ['pay.ns.svc.cluster.local', 'pay.svc.cluster.local', 'pay.cluster.local', 'pay'], 1
    for i in range(12):
        served = before and i < 4
        for step, name in enumerate(names[:1] if served else names):
            for kind in (1, 28):
                address = '10.0.0.2' if served and kind == 1 else None
                asked = i * 0.5 + step * 0.0011 + kind * 1e-6
                c.udp(asked, f'10.0.0.1:{5000 + i}', DNS, question(number, name, kind))
                c.udp(asked + 0.001, DNS, f'10.0.0.1:{5000 + i}', answer(number, name, kind, rcode=0 if served else rcode if step == 0 else 3, address=address))
                number += 1
        if served:
            t = Talk(c, i * 0.5 + 0.002, f'10.0.0.1:{3000 + i}', S)
            t.says(i * 0.5 + 0.004, t.client, b'GET / HTTP/1.1\r\nHost: pay\r\n\r\n')
            t.says(i * 0.5 + 0.008, t.server, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
            t.ends(i * 0.5 + 0.009, t.client)
            t.ends(i * 0.5 + 0.0091, t.server)
    c.packets.sort(key=lambda packet: packet[0])
    c.udp(9, C, '10.0.0.9:9', b'x')


@case(['dns.empty_answer', 'pay.ns.svc.cluster.local exists but has no address (the answers hold none): 8 lookups failed', 'at other times it has addresses'])
def a_short_name_whose_full_name_is_empty(c):
    short_name(c, 0)


@case(['dns.empty_answer', 'pay.ns.svc.cluster.local exists but has no address (the answers hold none): 12 lookups failed', '!at other times'])
def a_short_name_whose_full_name_was_always_empty(c):
    short_name(c, 0, before=False)


@case(['dns.server_failure', 'answers SERVFAIL to 16 of 58 questions', '8 failed'])
def a_short_name_whose_full_name_is_not_served(c):
    short_name(c, 2)


@case(['dns.not_found', 'pay.ns.svc.cluster.local does not exist (NXDOMAIN): 8 lookups failed', 'at other times it has addresses'])
def a_short_name_whose_full_name_is_gone(c):
    short_name(c, 3)


@case(['dns.not_found', 'pay does not exist (NXDOMAIN)', '12 lookups failed'])
def a_short_name_that_never_was(c):
    short_name(c, 3, before=False)


@case(['conn.refused', 'b.test (10.0.0.2:9) refuses connections, 2 of 2', '!a.test'])
def a_dial_for_another_name_of_the_address(c):
    ask(c, 0, 1, 'a.test', after=0.001, address='10.0.0.2')
    t = Talk(c, 0.002, C, S)
    t.says(0.004, C, b'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    t.says(0.008, S, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    for i in range(2):
        ask(c, 1 + i, 2 + i, 'b.test', after=0.001, address='10.0.0.2')
        c.refused(1.002 + i, f'10.0.0.1:{4100 + i}', '10.0.0.2:9')
    c.packets.sort(key=lambda packet: packet[0])
    c.udp(9, C, '10.0.0.9:9', b'x')


@case()
def one_question_among_lookups_that_nobody_counts(c):
    for i in range(40):
        ask(c, i * 0.1, 100 + i, f'b{i}.test', after=0.001, address='10.0.0.4')
    ask(c, 5, 1, 'a.test')
    c.udp(40, C, '10.0.0.9:9', b'x')


def one_name_silent(c, others, before):
    """Six questions for a name stay unanswered in 8 s, others are answered meanwhile; with before, it was answered once."""
    if before:
        ask(c, 0, 1, 'a.test', after=0.001, address='10.0.0.3')
    for i in range(6):
        ask(c, 1 + i * 1.5, 10 + i, 'a.test')
    for i in range(others):
        ask(c, 1.2 + i * 1.5, 30 + i, f'b{i}.test', after=0.001, address='10.0.0.4')
    c.packets.sort(key=lambda packet: packet[0])
    c.udp(40, C, '10.0.0.9:9', b'x')


@case(['dns.no_answer', 'never answers for a.test (6 questions), for other names it does'])
def a_name_that_is_never_answered(c):
    one_name_silent(c, 4, before=False)


@case(['dns.no_answer', 'answers no question for a.test in that time (6 questions), for other names it does', '!never'])
def a_name_that_is_not_answered_for_a_time(c):
    one_name_silent(c, 4, before=True)


@case(['dns.retried', '6 of 8 questions to the name server 10.0.0.53:53 are not answered', '!other names'])
def too_few_others_to_tell_a_name(c):
    one_name_silent(c, 2, before=True)


@case(['dns.no_answer', 'answers none of 1 question; 10.0.0.54:53 answers; 1 lookup asked it, 1 failed', '!waited'])
def a_question_asked_once(c):
    ask(c, 0, 1, 'a.test')
    c.udp(1, C, '10.0.0.54:53', question(9, 'b.test'))
    c.udp(1.001, '10.0.0.54:53', C, answer(9, 'b.test', address='10.0.0.3'))
    c.udp(30, C, '10.0.0.9:9', b'x')


@case(['dns.no_answer', 'no answer from the name server 10.0.0.53:53 to any of 1 question is in the capture', '1 lookup took 10.0 s, 1 failed'])
def a_question_asked_again(c):
    for at in 0, 5, 10:
        ask(c, at, 1, 'a.test')
    c.udp(40, C, '10.0.0.9:9', b'x')


@case(['dns.no_answer', 'answers 1 of 1 questions only after they are asked again', '!unanswered'])
def answers_that_come_late(c):
    ask(c, 0, 1, 'a.test')
    ask(c, 2, 1, 'a.test', after=0.1, address='10.0.0.2')
    c.udp(30, C, '10.0.0.9:9', b'x')


def pairs(c, lost):
    """A and AAAA at once for 40 names, once a second; of these the AAAA question is answered only when it is asked again, 5 s
    later."""
    for i in range(120):
        port, at = f'10.0.0.1:{6000 + i}', i
        for kind in (1, 28):
            c.udp(at, port, DNS, question(1000 + i + kind * 500, 'a.test', kind))
        c.udp(at + 0.001, DNS, port, answer(1000 + i + 500, 'a.test', 1, address='10.0.0.2'))
        if i in lost:
            c.udp(at + 5, port, DNS, question(1000 + i + 28 * 500, 'a.test', 28))
            at += 5
        c.udp(at + 0.001, DNS, port, answer(1000 + i + 28 * 500, 'a.test', 28))
    c.packets.sort(key=lambda p: p[0])


@case(['dns.race_5s', 'stays unanswered, 4 times'])
def a_few_lost_questions_close_together(c):
    pairs(c, (50, 52, 55, 57))


@case()
def a_few_lost_questions_now_and_then(c):
    pairs(c, (5, 50, 100))


@case(['dns.unreachable', 'ICMP reports it unreachable for 1 question'])
def two_errors_for_one_question(c):
    ask(c, 0, 1, 'a.test')
    c.icmp(0.001, '10.0.0.53', '10.0.0.1', 3, 3, c.packets[-1][1])
    c.icmp(0.002, '10.0.0.53', '10.0.0.1', 3, 3, c.packets[0][1])
    c.udp(9, C, '10.0.0.9:9', b'x')


@case(['dns.empty_answer', 'a.test exists but has no IPv4 address (the answers hold none; AAAA was not asked for)'])
def a_name_without_address(c):
    ask(c, 0, 1, 'a.test', after=0.001)


@case()
def an_empty_answer_to_nobody(c):
    c.udp(0, DNS, '10.0.0.1:5001', answer(1, 'a.test'))


@case()
def a_name_that_is_for_ipv6(c):
    ask(c, 0, 1, 'ipv6.a.test', after=0.001)


@case(['dns.not_found', 'a.b.svc.cluster.local does not exist'])
def a_service_that_is_gone(c):
    ask(c, 0, 1, 'a.b.svc.cluster.local', after=0.001, rcode=3)


@case()
def a_name_that_a_search_list_made(c):
    ask(c, 0, 1, 'registry.a.com.b.svc.cluster.local', after=0.001, rcode=3)


@case()
def a_cache_that_must_ask_others_first(c):
    for i in range(12):
        ask(c, i, i, f'n{i % 6}.test', after=0.2 if i < 6 else 0.001, address='10.0.0.2')


@case(['dns.slow', 'takes 200 ms to answer, 6 times (usual: 1.0 ms)'])
def a_resolver_that_became_slow(c):
    for i in range(12):
        ask(c, i, i, f'n{i % 6}.test', after=0.001 if i < 6 else 0.2, address='10.0.0.2')


def judge(said, expected):
    """What is wrong; None: nothing."""
    if [cause['code'] for cause in said] != [e[0] for e in expected]:
        return 'other causes'
    for cause, (_, *words) in zip(said, expected):
        for word in words:
            if (word.lstrip('!') in cause['text']) == word.startswith('!'):
                return f'the text {"has" if word.startswith("!") else "lacks"} "{word.lstrip("!")}"'
    return None


def told(path, *options):
    run = subprocess.run([sys.argv[1], *options, path], capture_output=True, text=True)
    return json.loads(run.stdout or '{"causes": [], "transport": null}')


def main():
    wrong, path = 0, tempfile.mkdtemp() + '/small.pcap'
    for name, make, expected in CASES + LIMITS:
        capture = Capture()
        make(capture)
        capture.write(path)
        if (name, make, expected) in LIMITS:
            said = (told(path, '-q', '-T', 'ndjson')['transport'] or {}).get('limit')
            why = 'another limit' if said != expected else None
        else:
            causes = told(path, 'summary', '-q', '-T', 'json')['causes']
            said, why = [(c['code'], c['text']) for c in causes], judge(causes, expected)
        if why:
            wrong += 1
            print(f'{name}: {why}\n  said   {said}\n  wanted {expected}')
    os.remove(path)
    os.rmdir(os.path.dirname(path))
    print(f'{len(CASES + LIMITS) - wrong} of {len(CASES + LIMITS)} right')
    return wrong != 0


sys.exit(main())
