#!/usr/bin/env python3
"""lines.py PROGRAM: the lines of summary's text that tell people where to look: what is counted, what still waits, captures that do
not overlap. Of captures of a few packets, and of incidents of own/."""

import glob, os, re, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
from packets import ACK, FIN, PUSH, RST, SYN, Capture, Talk, answer, question

C, DNS = '10.0.0.1:4000', '10.0.0.53:53'
GET = b'GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n'
CASES = []


def case(*words, command='summary'):
    """words: what the output must hold; after '!', what it must not."""

    def take(make):
        CASES.append((make, words, command))
        return make

    return take


def incident(name):
    return glob.glob(f'{HERE}/own/{name}-*.pcap.zst')


def written(folder, name, make, *args):
    capture, path = Capture(), f'{folder}/{name}.pcap'
    make(capture, *args)
    capture.packets.sort(key=lambda p: p[0])
    capture.write(path)
    return path


# ---- one side's packets only ----


def heard_of_none(folder, request):
    """Of six calls, each on its own connection, only the client's packets: it acknowledges an answer, and closes; the capture goes on."""

    def make(c):
        for i in range(6):
            client, server, at = f'10.0.0.1:{4000 + i}', '10.0.0.2:80', i * 9.0
            c.tcp(at, client, server, SYN, 100)
            c.tcp(at + 0.0005, client, server, ACK, 101, 501)
            c.tcp(at + 0.001, client, server, PUSH | ACK, 101, 501, request)
            c.tcp(at + 0.006, client, server, ACK, 101 + len(request), 901)
            c.tcp(at + 0.0061, client, server, FIN | ACK, 101 + len(request), 902)

    return [written(folder, 'a', make)]


@case('6 calls, 1 service', '; 0 failed', 'only one direction of most connections is in it')
def answers_that_were_not_captured(folder):
    return heard_of_none(folder, b'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n')


# ---- where to look when nothing is wrong ----


@case('no calls: 0 calls', 'the slowest lookup, 2.5 s: pcap2trace --id', '!the slowest,')
def a_slow_lookup_and_no_call(folder):
    def make(c):
        for i in range(8):
            c.udp(i, f'10.0.0.1:{5000 + i}', DNS, question(i, f'n{i}.test'))
            c.udp(i + (2.5 if i == 4 else 0.001), DNS, f'10.0.0.1:{5000 + i}', answer(i, f'n{i}.test', address='10.0.0.2'))

    return [written(folder, 'a', make)]


# ---- silent repetitions ----


def dropped(folder, after):
    """A kept connection is closed as the request comes, which comes again on a new one."""

    def make(c):
        get = b'GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\n'
        t = Talk(c, 0, C, '10.0.0.2:80')
        t.says(0.01, C, get)
        t.says(0.02, t.server, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        t.says(5, C, get)
        t.ends(5.001, t.server)
        t.ends(5.0012, C)
        t = Talk(c, 5.0013 + after, '10.0.0.1:4001', '10.0.0.2:80')
        t.says(5.003 + after, t.client, get)
        t.says(5.013 + after, t.server, b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        c.udp(9, C, '10.0.0.9:9', b'x')

    return [written(folder, 'a', make)]


@case('3 calls, 1 service, 9.0 s; 0 failed')
def the_client_repeats_it(folder):
    return dropped(folder, 0)


@case('3 calls, 1 service, 9.0 s; 1 failed')
def the_application_repeats_it(folder):
    return dropped(folder, 0.2)


@case('the client sent it again on a new connection [conn.stale_reuse', 'retried as ', command='-Ttext')
def what_the_client_repeats_is_linked(folder):
    return dropped(folder, 0)


# ---- short names ----


def completed(folder, rcode):
    """A short name, which a search list completes."""

    def make(c):
        for step, name in enumerate(('pay.ns.svc.cluster.local', 'pay.svc.cluster.local', 'pay')):
            for kind in (1, 28):
                at, number = step * 0.0011 + kind * 1e-6, 2 * step + (kind == 28)
                c.udp(at, C, DNS, question(number, name, kind))
                c.udp(at + 0.001, DNS, C, answer(number, name, kind, rcode=3 if step else rcode))
        c.udp(9, C, '10.0.0.9:9', b'x')

    return [written(folder, 'a', make)]


@case('never left: pay.ns.svc.cluster.local exists but has no address', 'pay.svc.cluster.local does not exist, pay does not exist [dns.empty_answer #4,10]',
      "in Go's words: lookup pay: no such host", '!dns.not_found', command='-Ttext')
def what_a_short_name_was_to_become_is_empty(folder):
    return completed(folder, 0)


@case('never left: the name server answered SERVFAIL for pay.ns.svc.cluster.local; of its search list', 'dns.server_failure #4,10', '!dns.not_found', command='-Ttext')
def what_a_short_name_was_to_become_is_not_served(folder):
    return completed(folder, 2)


@case('never left: pay does not exist: the server answered NXDOMAIN', 'dns.not_found', command='-Ttext')
def a_short_name_of_nothing(folder):
    return completed(folder, 3)


# ---- what is counted ----


@case('hit 175 of 175 dials, 175 failed')
def java_dials_twice_for_a_call(folder):
    return incident('116')


@case('hit 213 of 213 lookups, 213 failed', 'look at: pcap2trace --all --kind lookup --host cranes.quay.test CAPTURE',
      '0 failed, and 213 lookups that led to no call')
def lookups_that_led_to_no_dial(folder):
    return incident('162')


@case('hit 47 of 47 lookups, 47 failed', 'look at: packet 286 of ', '0 failed, and 47 lookups that led to no call')
def lookups_of_one_direction(folder):
    return incident('139')


@case('1. wagons.freight.example does not exist (NXDOMAIN): 70 lookups failed', '6.0 s into the capture')
def the_name_that_was_asked_for(folder):
    return incident('20')


@case('until 01:07:26.', '1 lookup took 5.0 s longer than usual, 1 failed', 'no call to panes.glass.test left for 10.0 s, where one did every 249 ms',
      'hit 1 of 1 lookups, 1 failed')
def a_silence_that_many_wait_for(folder):
    return incident('30')


@case('hit 78 of 78 calls, 78 failed', '156 failed', '!hit 156')
def a_proxy_whose_dials_are_refused(folder):
    return incident('128')


@case('48 failed', '!for no cause found here')
def a_proxy_that_passes_errors_on(folder):
    return incident('127')


def churn(c):
    """Thirty calls of a connection each; of one more nobody says why it ended."""
    for i in range(31):
        t = Talk(c, i * 0.2, f'10.0.0.1:{4000 + i}', '10.0.0.2:80', rtt=0.02)
        t.says(i * 0.2 + 0.03, t.client, GET)
        if i < 30:
            t.says(i * 0.2 + 0.05, t.server, b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok')
        t.ends(i * 0.2 + 0.06, t.server)
        t.ends(i * 0.2 + 0.07, t.client)
    c.udp(9, C, '10.0.0.9:9', b'x')


@case('1. no keep-alive: ', '31 calls, 1 service', '1 failed, for no cause found here')
def a_habit_that_fails_nobody(folder):
    return [written(folder, 'a', churn)]


def statuses(c, codes):
    for i, code in enumerate(codes):
        t = Talk(c, i, f'10.0.0.1:{4000 + i}', '10.0.0.2:80')
        t.says(i + 0.01, t.client, GET)
        t.says(i + 0.02, t.server, b'HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n' % code)


@case('answers 500 (6), 503 (4) to 10 of 10 calls')
def errors_of_two_kinds(folder):
    return [written(folder, 'a', statuses, [500, 503, 500, 503, 500] * 2)]


@case('answers 500 to 10 of 10 calls')
def errors_of_one_kind(folder):
    return [written(folder, 'a', statuses, [500] * 10)]


def half_captured(c, count):
    """Only what the server sends."""
    for i in range(count):
        at, client = i, f'10.0.0.1:{4000 + i}'
        c.tcp(at, '10.0.0.2:80', client, SYN | ACK, 500, 101)
        c.tcp(at + 0.01, '10.0.0.2:80', client, ACK, 501, 101)
        for k in range(2):
            data = b'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n'
            c.tcp(at + 0.02 + k * 0.02, '10.0.0.2:80', client, ACK, 501 + k * len(data), 101 + (k + 1) * len(GET), data)


@case('answers 500 to 20 of 20 calls\n', 'hit 10 of 10 connections, 0 failed', '!0 us')
def answers_without_their_requests(folder):
    return [written(folder, 'a', half_captured, 10)]


@case('until 01:57:56.035; hit 53 of 55 calls, ')
def lookups_that_began_in_the_time_that_is_told(folder):
    return incident('113')


@case('so calls wait for a connection', 'until 01:18:59.077; hit 245 of 246 calls, 3 failed\n')
def waits_inside_a_client_that_no_packet_shows(folder):
    return incident('40')


@case('1. python-requests on 10.121.2.80 was stopped for 3.8 s')
def who_was_stopped(folder):
    return incident('69')


# ---- the rows of services ----


@case('497 calls, 9 services, 18.0 s; 54 failed, 4 of them for no cause found here\n')
def some_failures_have_no_known_cause(folder):
    return glob.glob(f'{HERE}/captures/01-*.pcap.zst')


@case('564 calls, 7 services, 20.0 s; 11 failed, for no cause found here\n')
def what_failed_has_nothing_to_do_with_the_cause(folder):
    return glob.glob(f'{HERE}/captures/05-*.pcap.zst')


def row(service, calls, failed, rest=''):
    return f'\n{service:38} {calls:7} {failed:6}{rest}'


NOTHING_SENT = '         -         -         -     -     - -\n'


def succeeds(c, count, server='10.0.0.2:80', begin_s=0, get=GET):
    for i in range(count):
        t = Talk(c, begin_s + i, f'10.0.0.1:{4000 + i}', server)
        t.says(begin_s + i + 0.01, t.client, get)
        t.says(begin_s + i + 0.02, t.server, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')


def refused(c, begin_s, count):
    for i in range(count):
        c.tcp(begin_s + i, f'10.0.0.1:{6000 + i}', '10.0.0.2:80', SYN, 100)
        c.tcp(begin_s + i + 0.001, '10.0.0.2:80', f'10.0.0.1:{6000 + i}', RST | ACK, 0, 101)


def fails_to_look_up(c, begin_s, count):
    for i in range(count):
        c.udp(begin_s + i, f'10.0.0.1:{7000 + i}', DNS, question(i, 'a.test'))
        c.udp(begin_s + i + 0.001, DNS, f'10.0.0.1:{7000 + i}', answer(i, 'a.test', rcode=2))


@case('17 calls, 1 service', row('a.test (10.0.0.2:80)', 17, 7, '      20.0'), '   10    0% wait')
def refused_dials_beside_calls(folder):
    return [written(folder, 'a', shift, (succeeds, 10), (refused, 20, 7))]


@case('7 calls, 1 service', row('10.0.0.2:80', 7, 7, NOTHING_SENT))
def refused_dials_alone(folder):
    return [written(folder, 'a', refused, 20, 7)]


@case('1 service, ', row('a.test (10.0.0.2:80)', 15, 5))
def failed_lookups_of_a_service(folder):
    return [written(folder, 'a', shift, (succeeds, 10), (fails_to_look_up, 20, 5))]


@case('3 services, ', row('a.test', 5, 5, NOTHING_SENT), row('a.test (10.0.0.2:80)', 10, 0), row('a.test (10.0.0.2:8080)', 10, 0))
def failed_lookups_of_either_service(folder):
    return [written(folder, 'a', shift, (succeeds, 10), (succeeds, 10, '10.0.0.2:8080', 0.5), (fails_to_look_up, 20, 5))]


@case(row('payments.eu-west-1.shop.test (10.0.0.2:80)', 10, 0))
def long_name_has_a_line_of_its_own(folder):
    get = GET.replace(b'a.test', b'payments.eu-west-1.shop.test')
    return [written(folder, 'a', succeeds, 10, '10.0.0.2:80', 0, get)]


@case('"calls":7,"failed":7,"requests":0,"connections":0,"reused":0,"total_us":null,"phase":null,"phase_us":null}',
      command='summary -Tjson')
def no_times_without_a_request(folder):
    return [written(folder, 'a', refused, 20, 7)]


# ---- what still waits ----


def open_dials(c, ended_s):
    """Three dials whose SYNs nobody answers, until the capture ends so long after the first."""
    for i in range(3):
        for at in (0, 1, 3):
            c.tcp(i * 0.1 + at, f'10.0.0.1:{4000 + i}', '10.0.0.2:80', SYN, 100)
    c.udp(ended_s, C, '10.0.0.9:9', b'x')


@case('hit 3 of 3 dials, 0 failed, 3 still waiting at the end', 'side: server or network (likely)',
      'those still waiting: pcap2trace --incomplete CAPTURE',
      '; 3 still waiting at the end, since 22:13:19.999: pcap2trace --incomplete CAPTURE')
def dials_that_wait_when_the_capture_ends(folder):
    return [written(folder, 'a', open_dials, 5)]


@case('0 failed, 5 still waiting at the end', '0 failed; 5 still waiting at the end, since ')
def one_number_of_those_that_wait(folder):
    return incident('163')


@case('3 failed', '!still waiting')
def dials_that_were_given_up(folder):
    return [written(folder, 'a', open_dials, 60)]


@case('3 more were still waiting when the capture ended: --incomplete, in place of --failed, shows them', command='--failed')
def failed_ones_beside_those_that_wait(folder):
    return [written(folder, 'a', open_dials, 5)]


@case('!still waiting', command='--failed')
def failed_ones_alone(folder):
    return [written(folder, 'a', open_dials, 60)]


# ---- captures that do not overlap ----


def waits(c, begin_s, port):
    """A request that is not answered for ten seconds, nor ever; others beside it are."""
    t = Talk(c, begin_s, f'10.0.0.1:{port}', '10.0.0.2:80')
    t.says(begin_s + 0.01, t.client, GET)
    for i in range(20):
        t = Talk(c, begin_s + i * 0.5, f'10.0.0.1:{port + 1 + i}', '10.0.0.2:80')
        t.says(begin_s + i * 0.5 + 0.01, t.client, GET)
        t.says(begin_s + i * 0.5 + 0.02, t.server, b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')


@case('42 calls, 1 service, 19.0 s in 2 periods that do not overlap; 0 failed; 2 still waiting')
def two_captures_of_one_host_an_hour_apart(folder):
    return [written(folder, 'a', waits, 0, 4000), written(folder, 'b', waits, 3600, 5000)]


@case('42 calls, 1 service, 69.5 s; 0 failed', '!periods')
def a_ring_of_files_with_a_quiet_minute(folder):
    return [written(folder, 'a', waits, 0, 4000), written(folder, 'b', waits, 60, 5000)]


def shift(c, *parts):
    for make, *args in parts:
        make(c, *args)


@case('42 calls, 1 service, 3609.5 s; 0 failed', '!periods')
def one_file_with_a_quiet_hour(folder):
    return [written(folder, 'a', shift, (waits, 0, 4000), (waits, 3600, 5000))]


def gone(c, begin_s, client, resolver, rcode):
    """A name that has an address for a while."""
    for i in range(20):
        c.udp(begin_s + i, f'{client}:{5000 + i}', f'{resolver}:53', question(i, 'a.test'))
        c.udp(begin_s + i + 0.001, f'{resolver}:53', f'{client}:{5000 + i}',
              answer(i, 'a.test', rcode=rcode if i > 9 else 0, address=None if i > 9 and rcode else client))


@case('answers SERVFAIL to 10 of 10 questions', '10.0 s into period 1 of 2', '!10.0.1.53:53 answers')
def what_answers_in_another_capture_is_no_other_name_server(folder):
    return [written(folder, 'a', gone, 0, '10.0.0.1', '10.0.0.53', 2), written(folder, 'b', gone, 100, '10.0.1.1', '10.0.1.53', 0)]


# ---- times ----


@case('until 01:18:59.615;', '!until 01:18:59.950')
def a_path_that_is_longer_until_the_capture_ends(folder):
    return incident('36')


@case("the capture's times go back", 'until 01:24:58.469;')
def a_clock_that_was_set_back_ends_with_the_last_packet(folder):
    return incident('76')


def probe(c):
    """A connection that its client resets as soon as it stands."""
    c.connect(0, C, '10.0.0.2:80')
    c.packets.pop()
    c.tcp(0.0011, C, '10.0.0.2:80', RST, 101)
    c.udp(9, C, '10.0.0.9:9', b'x')


@case('"hook":"ConnectDone","time":"2023-11-14T22:13:20.001100000Z"', '"total":1135.000', command='-Tndjson --all')
def a_probe_ends_with_its_reset(folder):
    return [written(folder, 'a', probe)]


# ---- findings ----


def shut_windows(c, times):
    """An answer of so many segments, before each of which but the first the client's window is shut for 150 ms."""
    t = Talk(c, 0, C, '10.0.0.2:80')
    t.says(0.01, C, GET)
    head = b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % (1000 * (times + 1))
    for i in range(times + 1):
        at, data = 0.02 + i * 0.1501, (head if i == 0 else b'') + b'x' * 1000
        t.says(at, '10.0.0.2:80', data, acked=False)
        window = 0 if i < times else 64000
        c.tcp(at + 0.0001, C, '10.0.0.2:80', ACK, t.next[C], t.next['10.0.0.2:80'], window=window)
        if window == 0:
            c.tcp(at + 0.15, C, '10.0.0.2:80', ACK, t.next[C], t.next['10.0.0.2:80'], window=64000)


@case('tcp.zero_window_client', '"evidence_dropped":8}', command='-Tndjson')
def more_packets_than_a_finding_holds(folder):
    return [written(folder, 'a', shut_windows, 12)]


@case('tcp.zero_window_client', '!evidence_dropped', command='-Tndjson')
def as_many_packets_as_a_finding_holds(folder):
    return [written(folder, 'a', shut_windows, 8)]


def said(command, paths):
    run = subprocess.run([sys.argv[1], *command.split(), *paths], capture_output=True, text=True)
    return run.stdout + run.stderr


def plain(text):
    """Sentences may be folded anywhere, and columns have any width."""
    return re.sub(r' +', ' ', re.sub(r'\n {4,}', ' ', text))


def main():
    wrong = 0
    for make, words, command in CASES:
        with tempfile.TemporaryDirectory() as folder:
            text = said(command, make(folder))
        for word in words:
            if (plain(word.lstrip('!')) in plain(text)) == word.startswith('!'):
                wrong += 1
                print(f'{make.__name__}: the text {"has" if word[0] == "!" else "lacks"} "{word.lstrip("!")}"\n{text}')
    print(f'{len(CASES)} cases, {wrong} faults')
    return wrong != 0


sys.exit(main())
