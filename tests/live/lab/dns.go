package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

const (
	typeA, typeCNAME, typeSOA, typeAAAA, typeOPT = 1, 5, 6, 28, 41
	rcodeServfail, rcodeNX, rcodeRefused         = 2, 3, 5
)

// zone is what a name answers: addresses, a code, or silence.
type zone struct {
	addrs    []string
	rcode    byte
	drop     bool
	dropV6   bool
	truncate bool
	cname    string
	delay    time.Duration
}

var zones = map[string]zone{
	"web.lab":              {addrs: []string{"10.77.0.1"}},
	"wan.lab":              {addrs: []string{"10.79.0.1"}},
	"proxy.lab":            {addrs: []string{"10.77.0.1"}},
	"dual.lab":             {addrs: []string{"10.77.0.1", "fd77::1"}},
	"v6.lab":               {addrs: []string{"fd77::1"}},
	"v6dead.lab":           {addrs: []string{"10.77.0.1", "fd78:1::1"}},
	"v6refuse.lab":         {addrs: []string{"10.77.0.1", "fd77::9"}},
	"empty.lab":            {},
	"nx.lab":               {rcode: rcodeNX},
	"servfail.lab":         {rcode: rcodeServfail},
	"refused.lab":          {rcode: rcodeRefused},
	"drop.lab":             {drop: true},
	"nov6.lab":             {addrs: []string{"10.77.0.1"}, dropV6: true},
	"slow.lab":             {addrs: []string{"10.77.0.1"}, delay: 120 * time.Millisecond},
	"tc.lab":               {addrs: []string{"10.77.0.1"}, truncate: true},
	"alias.lab":            {addrs: []string{"10.77.0.1"}, cname: "target.lab"},
	"multi.lab":            {addrs: []string{"10.77.0.8", "10.77.0.1"}},
	"allbad.lab":           {addrs: []string{"10.77.0.8", "10.77.0.9"}},
	"blackhole.lab":        {addrs: []string{"10.78.1.1"}},
	"unreach.lab":          {addrs: []string{"10.78.2.1"}},
	"prohibit.lab":         {addrs: []string{"10.78.3.1"}},
	"b.ns.svc.cluster.lab": {addrs: []string{"10.77.0.1"}},
}

func init() {
	for i := 0; i < 6; i++ {
		zones[fmt.Sprintf("n%d.lab", i)] = zone{addrs: []string{fmt.Sprintf("10.77.0.%d", 11+i)}}
		zones[fmt.Sprintf("w%d.lab", i)] = zone{addrs: []string{fmt.Sprintf("10.79.0.%d", 11+i)}}
	}
}

func readName(msg []byte, at int) (string, int, bool) {
	labels := []string{}
	for at < len(msg) && msg[at] != 0 {
		n := int(msg[at])
		if n > 63 || at+1+n > len(msg) {
			return "", 0, false
		}
		labels = append(labels, string(msg[at+1:at+1+n]))
		at += 1 + n
	}
	return strings.ToLower(strings.Join(labels, ".")), at + 1, at < len(msg)
}

func writeName(b []byte, name string) []byte {
	for _, label := range strings.Split(name, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0)
}

func record16(b []byte, owner []byte, kind uint16, data []byte) []byte {
	b = append(b, owner...)
	b = binary.BigEndian.AppendUint16(b, kind)
	b = append(b, 0, 1, 0, 0, 0, 60)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

func answerRecords(b []byte, z zone, kind uint16) ([]byte, uint16) {
	owner, n := []byte{0xc0, 12}, uint16(0)
	if z.cname != "" {
		target := writeName(nil, z.cname)
		b, n = record16(b, owner, typeCNAME, target), 1
		owner = target
	}
	for _, text := range z.addrs {
		a := netip.MustParseAddr(text)
		if (kind == typeA) == a.Is4() && (kind == typeA || kind == typeAAAA) {
			b, n = record16(b, owner, kind, a.AsSlice()), n+1
		}
	}
	return b, n
}

// reply is the answer to one query; nil for silence.
func reply(query []byte, overTCP bool) ([]byte, time.Duration) {
	if len(query) < 12 || binary.BigEndian.Uint16(query[4:]) != 1 {
		return nil, 0
	}
	name, end, ok := readName(query, 12)
	if !ok || end+4 > len(query) {
		return nil, 0
	}
	kind := binary.BigEndian.Uint16(query[end:])
	z, known := zones[name]
	if !known {
		z = zone{rcode: rcodeNX}
	}
	if z.drop || (z.dropV6 && kind == typeAAAA) {
		return nil, 0
	}
	out := append([]byte{}, query[:end+4]...)
	out[2], out[3] = 0x85, 0x80|z.rcode
	binary.BigEndian.PutUint16(out[8:], 0)
	binary.BigEndian.PutUint16(out[10:], 0)
	if z.truncate && !overTCP {
		out[2] |= 2
		return out, z.delay
	}
	out, n := answerRecords(out, z, kind)
	binary.BigEndian.PutUint16(out[6:], n)
	return out, z.delay
}

func serveUDP(addr string) error {
	c, err := net.ListenPacket("udp", addr)
	if err != nil {
		return err
	}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			if out, delay := reply(append([]byte{}, buf[:n]...), false); out != nil {
				time.AfterFunc(delay, func() { c.WriteTo(out, from) })
			}
		}
	}()
	return nil
}

func serveTCPConn(c net.Conn) {
	defer c.Close()
	for {
		head := make([]byte, 2)
		if _, err := readFull(c, head); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(head))
		if _, err := readFull(c, query); err != nil {
			return
		}
		out, delay := reply(query, true)
		if out == nil {
			return
		}
		time.Sleep(delay)
		c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...))
	}
}

// serveDNS answers on each address given, UDP and TCP.
func serveDNS(addrs []string) error {
	for _, addr := range addrs {
		if err := serveUDP(addr); err != nil {
			return err
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return err
		}
		go accept(l, serveTCPConn)
	}
	fmt.Println("ready")
	select {}
}
