"""An incident as it is described and run: a network, its programs, faults at set times, a capture, the truth."""

import os, signal, time
from network import sh
from programs import Programs

WARM = 5.0  # seconds for servers and clients to start


class Lab(Programs):
    """net, v6 and v4 as in network.py; domain ends all names; it lasts so many seconds; warm: until it begins."""

    def __init__(self, work, peer, python, net, domain, seconds=15, v6=None, v4=True, warm=WARM):
        self.events, self.truths, self.quiet, self.capture_plan, self.tcpdump = [], [], None, None, None
        super().__init__(work, peer, python, time.time() + warm, domain, seconds, net, v6, v4)

    def at(self, second, what, *args):
        self.events.append((second, what, args))

    def stop(self, process, since, until):
        """SIGSTOP, and SIGCONT at the end."""
        for second, number in ((since, signal.SIGSTOP), (until, signal.SIGCONT)):
            self.at(second, lambda number=number: process.poll() is None and os.kill(process.pid, number))

    def capture(self, host=None, device='eth0', **plan):
        """At a host's interface ('any' for all of it), or at the bridge. plan: direction (in, out), snaplen, since, until,
        lost (per cent that a mirror port loses), step (at this second the clock is set by so many seconds).
        """
        usual = dict(direction=None, snaplen=65535, since=-0.2, until=self.seconds, lost=0, step=None)
        self.capture_plan = dict(usual, host=host, device=device if host else 'br0', **plan)

    def truth(self, codes, side, subject, since, until, callers=(), note='', not_to_blame='', **seen):
        """Columns as in truth.tsv; callers: whose calls are hit (none: all). seen: shows (tshark's filters for what must be in
        the capture while it lasts), least (so often), gap (and then not for so many seconds), bad (least status that hits).
        """
        usual = dict(shows=(), least=5, gap=0, bad=500)
        row = dict(codes=codes, side=side, subject=subject, since=since, until=until, callers=callers)
        self.truths.append(dict(usual, note=note, not_to_blame=not_to_blame, **row, **seen))

    def healthy(self, note, allowed='', side='', shows=()):
        """allowed: codes that may be told all the same."""
        self.quiet = dict(note=note, allowed=allowed, side=side, shows=shows)

    def run(self):
        """From here on it happens."""
        self.open_resolvers()
        if time.time() > self.begin - 0.3:
            raise RuntimeError('too slow to start')
        self.at(self.capture_plan['since'], self.begin_capture)
        self.at(self.capture_plan['until'], self.end_capture)
        for second, what, args in sorted(self.events, key=lambda e: e[0]):
            time.sleep(max(0, self.begin + second - time.time()))
            what(*args)
        self.wait_for_logs()
        for p in reversed(self.processes):
            p.kill()
            p.wait(5)

    def wait_for_logs(self):
        deadline = self.begin + self.seconds + 8
        while time.time() < deadline and not all(os.path.exists(l) and os.path.getsize(l) for l in self.logs):
            time.sleep(0.1)
        time.sleep(0.3)  # for what is being written

    def begin_capture(self):
        plan = self.capture_plan
        command = ['tcpdump', '-n', '-U', '-B', '32768', '--immediate-mode', '-Z', 'root', '-s', str(plan['snaplen'])]
        if plan['direction']:
            command += ['-Q', plan['direction']]
        where, device = self.inside(plan['host']) if plan['host'] else [], plan['device']
        if plan['lost']:
            sh('ip link add span type veth peer name spanb; ip link set span up; ip link set spanb up')
            mirror = dict(From=self.hosts[plan['host']].port, To='span', Plan=[dict(Loss=plan['lost'])])
            self.peer_run('mirror', 'mirror', mirror)
            where, device = [], 'spanb'
        command += ['-w', f'{self.work}/capture.pcap', '-i', device, 'tcp or udp or icmp or icmp6']
        self.tcpdump = self.start('tcpdump', where + command)

    def end_capture(self):
        time.sleep(0.2)
        self.tcpdump.send_signal(signal.SIGINT)
        self.tcpdump.wait(5)
