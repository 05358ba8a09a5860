"""Makes packets and captures by hand, and looks into them. Python's standard library only."""
import socket
import struct


def sum16(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return total


def pseudo(src, dst, protocol, length):
    return socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack(">BBH", 0, protocol, length)


def tcp(src, dst, seq, ack, flags, payload=b""):
    """src and dst: (address, port)"""
    header = struct.pack(">HHIIBBHHH", src[1], dst[1], seq, ack, 5 << 4, flags, 64240, 0, 0)
    check = ~sum16(pseudo(src[0], dst[0], 6, len(header + payload)) + header + payload) & 0xFFFF
    return header[:16] + struct.pack(">H", check) + header[18:] + payload


def udp(src, dst, payload, check=True):
    header = struct.pack(">HHHH", src[1], dst[1], 8 + len(payload), 0)
    value = ~sum16(pseudo(src[0], dst[0], 17, len(header + payload)) + header + payload) & 0xFFFF
    return header[:6] + struct.pack(">H", value if check else 0) + payload


def ip(src, dst, protocol, payload, ident=0, fragment=0):
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ident, fragment, 64, protocol, 0)
    header += socket.inet_aton(src) + socket.inet_aton(dst)
    return header[:10] + struct.pack(">H", ~sum16(header) & 0xFFFF) + header[12:] + payload


def fragments(src, dst, protocol, payload, ident, size=64):
    """IPv4 fragments of a datagram, `size` bytes each: a multiple of 8."""
    for at in range(0, len(payload), size):
        more = 0x2000 if at + size < len(payload) else 0
        yield ip(src, dst, protocol, payload[at : at + size], ident, more | at // 8)


def ether(payload, kind=0x0800):
    return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01" + struct.pack(">H", kind) + payload


def pcap(frames):
    """frames: (time in seconds, bytes on the wire[, captured bytes])"""
    out = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)
    for frame in frames:
        ts, data, captured = (*frame, len(frame[1]))[:3]
        out += struct.pack("<IIII", int(ts), round(ts % 1 * 1e9), captured, len(data)) + data[:captured]
    return out


def pcapng_frames(data):
    """(link type, snaplen, bytes, length on the wire, comment) of each packet."""
    at, interfaces, found = 0, [], []
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        assert length >= 12 and length % 4 == 0 and struct.unpack_from("<I", data, at + length - 4)[0] == length
        body = data[at + 8 : at + length - 4]
        if kind == 1:
            interfaces.append((struct.unpack_from("<H", body)[0], struct.unpack_from("<I", body, 4)[0]))
        elif kind == 6:
            interface, _, _, captured, wire = struct.unpack_from("<IIIII", body)
            options = body[20 + (captured + 3) // 4 * 4 :]
            comment = options[4 : 4 + struct.unpack_from("<H", options, 2)[0]] if options[:2] == b"\x01\0" else b""
            found.append((*interfaces[interface], body[20 : 20 + captured], wire, comment))
        at += length
    return found


def tcp_checksum_is_right(segment, src, dst):
    return sum16(pseudo(src, dst, 6, len(segment)) + segment) == 0xFFFF
