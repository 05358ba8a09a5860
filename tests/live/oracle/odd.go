package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
)

// Responses put together from what servers, proxies and attackers have been seen to send, and damaged by a byte or two.
var (
	oddStatus = []string{"HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 204 No", "HTTP/1.1 304 Not",
		"HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1  200 OK", "HTTP/1.1 200", "HTTP/1.1", "HTTP/2.0 200 OK",
		"http/1.1 200 OK", "HTTP/1.1 +20 OK", "HTTP/1.1 000 OK", "HTTP/1.1 099 x", "HTTP/1.10 200 OK", "HTTP/0.9 200 OK",
		"ICY 200 OK", "220 smtp.test ESMTP", "", " HTTP/1.1 200 OK", "HTTP/1.1\t200 OK", "HTTP/1.1 500 Internal",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 404 No"}
	oddFields = []string{"Content-Length: 5", "Content-Length: 5", "content-length:5 ", "Content-Length: +5", "Content-Length: 0x5", "Content-Length: 5, 5",
		"Content-Length: -1", "Content-Length:", "Content-Length: 99999999999999999999", "Content-Length : 5", "Content-Length: 6",
		"Content-Length:\r\n 5", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", "Transfer-Encoding: Chunked",
		"Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity", "Transfer-Encoding:\tchunked\t",
		"Transfer-Encoding: chunked\r\n ", "Transfer-Encoding : chunked", "Transfer-Encoding: x\r\n chunked", "Transfer-Encoding:",
		"Trailer: X", "Trailer: X, Content-Length", "Connection: close", "Connection: keep-alive", "X-A: b\r\n\tc", " X: y", ": y",
		"X\x00: y", "X: \x00", "x-y: \x7f", "X-\xc3\xa4: y", "X: \xc3\xa4\xff", "nonsense", "X: a\rb", "X: a\r", "x y: z", "\r",
		"Set-Cookie: a=b", "Content-Type: text/html"}
	oddBodies = []string{"hello", "hello", "hello", "5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\nX: y\r\n\r\n",
		"5\nhello\n0\n\n", "5 \r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n", "5;a=b\r\nhello\r\n0\r\n\r\n", "5 ;a\r\nhello\r\n0\r\n\r\n",
		"0x5\r\nhello\r\n0\r\n\r\n", "-1\r\nhello", "5\r\nhello0\r\n\r\n", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n", "5\r\nhello\r\n0\r\n\r", "5\r\nhello\r\n0\r\nX\r\n\r\n",
		"5\r\nhello\r\n0\r\nX: y\n\n", "fffffffffffffffff\r\n", "00000000000000005\r\nhello\r\n0\r\n\r\n", "\r\n5\r\nhello\r\n0\r\n\r\n",
		"5\r\r\nhello\r\n0\r\n\r\n", "5;\r;\r\nhello", "A\r\nhello\r\n0\r\n\r\n", "zz\r\nhello", ""}
	oddBytes = "\x00\t\n\r :;,0aZ\x7f\x80\xff\"\\"
)

func pick(r *rand.Rand, from []string) string { return from[r.Intn(len(from))] }

func oddResponse(r *rand.Rand) []byte {
	end := "\r\n"
	if r.Intn(8) == 0 {
		end = "\n"
	}
	lines := []string{pick(r, oddStatus)}
	for range r.Intn(4) {
		lines = append(lines, pick(r, oddFields))
	}
	b := []byte(strings.Join(lines, end) + end + end + pick(r, oddBodies))
	switch at := r.Intn(len(b)); r.Intn(8) {
	case 0:
		b[at] = oddBytes[r.Intn(len(oddBytes))]
	case 1:
		b = append(b[:at], b[at+1:]...)
	case 2:
		b = append(b[:at:at], append([]byte{oddBytes[r.Intn(len(oddBytes))]}, b[at:]...)...)
	case 3:
		b = b[:at]
	}
	return b
}

// A capture of raw IPv4 packets that grows by a connection at a time.
type made struct {
	out   bytes.Buffer
	clock int
}

func (m *made) packet(from, to uint16, down bool, seq, ack uint32, flags byte, payload []byte) {
	m.clock++
	ip := make([]byte, 40, 40+len(payload))
	ip[0], ip[8], ip[9] = 0x45, 64, 6
	binary.BigEndian.PutUint16(ip[2:], uint16(40+len(payload)))
	copy(ip[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	if down {
		copy(ip[12:], []byte{10, 0, 0, 2, 10, 0, 0, 1})
	}
	binary.BigEndian.PutUint16(ip[20:], from)
	binary.BigEndian.PutUint16(ip[22:], to)
	binary.BigEndian.PutUint32(ip[24:], seq)
	binary.BigEndian.PutUint32(ip[28:], ack)
	ip[32], ip[33] = 0x50, flags
	binary.BigEndian.PutUint16(ip[34:], 65535)
	ip = append(ip, payload...)
	_ = binary.Write(&m.out, binary.LittleEndian,
		[]uint32{1800000000 + uint32(m.clock/1000), uint32(m.clock % 1000 * 1000), uint32(len(ip)), uint32(len(ip))})
	m.out.Write(ip)
}

const (
	fin, syn, rst, push, ack = 1, 2, 4, 8, 16
)

// connection has its answer cut in two somewhere, and ends by FIN, RST, or when its client has gone.
func (m *made) connection(r *rand.Rand, port uint16) {
	request := []byte("GET /" + fmt.Sprint(port) + " HTTP/1.1\r\nHost: odd.test\r\n\r\n")
	if r.Intn(16) == 0 {
		request = append([]byte("HEAD"), request[3:]...)
	}
	answer := oddResponse(r)
	up, down := uint32(1+len(request)), uint32(1)
	m.packet(port, 80, false, 0, 0, syn, nil)
	m.packet(80, port, true, 0, 1, syn|ack, nil)
	m.packet(port, 80, false, 1, 1, ack, nil)
	m.packet(port, 80, false, 1, 1, ack|push, request)
	cut := r.Intn(len(answer) + 1)
	for _, part := range [][]byte{answer[:cut], answer[cut:]} {
		if len(part) > 0 {
			m.packet(80, port, true, down, up, ack|push, part)
			down += uint32(len(part))
			m.packet(port, 80, false, up, down, ack, nil)
		}
	}
	switch n := r.Intn(16); {
	case n == 0:
		m.packet(80, port, true, down, up, rst|ack, nil)
	case n == 1:
		m.packet(port, 80, false, up, down, rst|ack, nil)
	default:
		m.packet(80, port, true, down, up, fin|ack, nil)
		m.packet(port, 80, false, up, down+1, fin|ack, nil)
		m.packet(80, port, true, down+1, up+1, ack, nil)
	}
}

// makeOdd writes captures of odd responses, the same for the same seed.
func makeOdd(dir string, captures, connections int, seed int64) error {
	r := rand.New(rand.NewSource(seed))
	for i := range captures {
		m := new(made)
		_ = binary.Write(&m.out, binary.LittleEndian, []uint32{0xa1b2c3d4, 2 | 4<<16, 0, 0, 65535, 101})
		for k := range connections {
			m.connection(r, uint16(10000+k))
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("odd-%d-%02d.pcap", seed, i)), m.out.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
