"""A network of namespaces on one host: the hub, which is the namespace this runs in, a bridge, and a cable to each host."""

import os, subprocess

PLAIN = 'tso off gso off gro off tx off rx off'  # no frame is longer than the wire's, checksums are right


def sh(command):
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f'{command}: {done.stderr.strip()}')


class Host:
    """v4, v6: its addresses or None; port: the hub's end of its cable."""

    def __init__(self, name, v4, v6, port):
        self.name, self.v4, self.v6, self.port = name, v4, v6, port


class Network:
    """net: the first three numbers of the IPv4 addresses (none with v4=False); v6: the prefix of the others, or None."""

    def __init__(self, net, v6, v4):
        self.net, self.v6, self.v4, self.hosts = net, v6, v4, {}
        sh('mount -t tmpfs tmpfs /run; mkdir -p /etc/netns; mount -t tmpfs tmpfs /etc/netns; ip link set lo up')
        sh('sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1')
        sh('ip link add br0 type bridge mcast_snooping 0; ip link set br0 up')
        sh('nft add table bridge f; nft add chain bridge f c "{ type filter hook forward priority 0; }"')

    def host(self, name, last, far=None, bandwidth=0, queue=0, **names):
        """far: one-way ms, or a plan [(since, ms, loss in per cent, text that frames to the host must not hold)...]; bandwidth in bytes a second, queue in bytes; names:
        resolvers, search and options of its resolv.conf.
        """
        sh(f'ip netns add {name}; ip link add h{last} type veth peer name eth0 netns {name}')
        h = Host(
            name, f'{self.net}.{last}' if self.v4 else None, f'{self.v6}::{last:x}' if self.v6 else None, f'h{last}'
        )
        if far is None and not bandwidth:
            sh(f'ethtool -K h{last} {PLAIN}; ip link set h{last} up master br0')
        else:
            self.far_cable(name, last, far, bandwidth, queue)
        sh(
            f'ip netns exec {name} ethtool -K eth0 {PLAIN}; ip -n {name} link set lo up; ip -n {name} link set eth0 up'
        )
        self.sysctl(
            name,
            f'net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.all.disable_ipv6={0 if h.v6 else 1} net.ipv4.icmp_ratelimit=0',
        )
        for address in filter(None, (h.v4 and f'{h.v4}/16', h.v6 and f'{h.v6}/64 nodad')):
            sh(f'ip -n {name} addr add {address.split()[0]} dev eth0 {" ".join(address.split()[1:])}')
        self.resolv_conf(name, **names)
        self.hosts[name] = h

    def far_cable(self, name, last, far, bandwidth, queue):
        """Through a relay, which holds frames back."""
        end, inner = f'h{last}', f'c{last}'
        sh(
            f'ip link add {inner} type veth peer name {inner}b; ip link set {inner} up; ip link set {inner}b up master br0'
        )
        for one in (end, inner, f'{inner}b'):
            sh(f'ethtool -K {one} {PLAIN}; ip link set {one} up')
        plan = far if isinstance(far, list) else [(0, far or 0, 0)]
        steps = [dict(Since=since, Delay=ms, Loss=loss) for since, ms, loss, *_ in plan]
        down = [dict(s, Drop=step[3] if len(step) > 3 else '') for s, step in zip(steps, plan)]
        relay = dict(Host=end, Net=inner, Up=steps, Down=down, Bandwidth=bandwidth, Queue=queue)
        self.peer_run('relay', f'relay-{name}', relay)

    @staticmethod
    def resolv_conf(name, resolvers=(), search='', options=''):
        os.makedirs(f'/etc/netns/{name}', exist_ok=True)
        with open(f'/etc/netns/{name}/resolv.conf', 'w') as out:
            out.writelines(f'nameserver {r}\n' for r in resolvers)
            out.writelines(f'{word} {value}\n' for word, value in (('search', search), ('options', options)) if value)
        with open(f'/etc/netns/{name}/nsswitch.conf', 'w') as out:
            out.write('hosts: dns\n')

    def inside(self, name):
        """How a command is run there."""
        return ['ip', 'netns', 'exec', name]

    def address(self, name):
        return self.hosts[name].v4 or self.hosts[name].v6

    def sysctl(self, host, settings):
        sh(f'ip netns exec {host} sysctl -qw {settings}')

    # Faults, in seconds after the beginning; at() is Lab's.

    def filter(self, rule, since, until=None, host=None):
        """An nft rule of the bridge, or of what a host takes in, from since until until."""
        enter, chain = (f'ip netns exec {host} ', 'inet f c') if host else ('', 'bridge f c')

        def on():
            if host:
                sh(f'{enter}nft add table inet f')
                sh(f'{enter}nft add chain {chain} "{{ type filter hook input priority 0; }}"')
            sh(f"{enter}nft add rule {chain} '{rule}'")

        self.at(since, on)
        if until is not None:
            self.at(until, lambda: sh(f'{enter}nft flush chain {chain}'))

    def reject(self, host, what, since, until):
        """Something on the way answers what the host sends with RST, in the name of the receiver."""

        def on():
            hook = f'type filter hook ingress device {self.hosts[host].port} priority 0;'
            sh(f'nft add table netdev r; nft add chain netdev r c "{{ {hook} }}"')
            sh(f"nft add rule netdev r c '{what} reject with tcp reset'")

        self.at(since, on)
        self.at(until, lambda: sh('nft flush chain netdev r c'))

    def forget(self, what, since):
        """From then on, what belongs to connections that stood before is dropped."""
        sh('nft add set bridge f known "{ type inet_service; flags dynamic; size 4096; }"')
        sh(f"nft add rule bridge f c '{what} tcp flags ack add @known {{ tcp sport }}'")

        def on():
            sh('nft flush chain bridge f c')
            sh(f"nft add rule bridge f c '{what} tcp sport @known drop'")

        self.at(since, on)
