package main

import (
	"bufio"
	"encoding/hex"
	"os/exec"
	"sort"
	"strconv"
	"strings"
)

// One direction of a connection, in the order of its sequence numbers, as tshark gives them.
type segment struct {
	frame, seq int // frame: its place in time
	length     int // as sent
	bytes      []byte
}

type direction struct {
	segments []segment
	fin, rst int // frames; 0: none
	acked    int // how far the other side has them
}

// A TCP connection of a capture; the client sent its first packet, or listens on the higher port.
type stream struct {
	client string
	ways   map[string]*direction
	peer   string
}

type wire struct {
	streams  map[string]*stream
	byPacket map[int]string // frame: its stream
	frames   []frame
	place    map[int]int // frame: its place in time, from 1
}

type frame struct {
	number int
	time   string // seconds since 1970, all of one length
	fields []string
}

// inOrder gives the packets to add in order of time, which need not be the file's.
func (w *wire) inOrder(add func([]string)) {
	sort.SliceStable(w.frames, func(i, k int) bool { return w.frames[i].time < w.frames[k].time })
	for i, f := range w.frames {
		w.place[f.number] = i + 1
		add(f.fields)
	}
	w.frames = nil
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// read has tshark take a capture apart: only what TCP says, none of its reassembly.
func read(capture string) (*wire, error) {
	fields := []string{"frame.number", "tcp.stream", "tcp.srcport", "tcp.dstport", "tcp.seq", "tcp.len", "tcp.flags",
		"ip.src", "ipv6.src", "tcp.payload", "tcp.ack", "frame.time_epoch"}
	args := []string{"-r", capture, "-Y", "tcp", "-T", "fields", "-E", "occurrence=l", "-o",
		"tcp.analyze_sequence_numbers:TRUE", "-o", "tcp.relative_sequence_numbers:TRUE", "-o",
		"tcp.desegment_tcp_streams:FALSE"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	cmd := exec.Command("tshark", args...)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	w := &wire{streams: map[string]*stream{}, byPacket: map[int]string{}, place: map[int]int{}}
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if f := strings.Split(lines.Text(), "\t"); len(f) == len(fields) {
			w.frames = append(w.frames, frame{number(f[0]), f[len(f)-1], f})
		}
	}
	w.inOrder(w.add)
	_ = cmd.Wait() // a cut capture is read as far as it goes
	return w, nil
}

func (w *wire) add(f []string) {
	frame := w.place[number(f[0])]
	flags, _ := strconv.ParseUint(strings.TrimPrefix(f[6], "0x"), 16, 32)
	from := f[7] + f[8] + ":" + f[2]
	s := w.streams[f[1]]
	if s == nil {
		s = &stream{client: from, ways: map[string]*direction{}}
		w.streams[f[1]] = s
	}
	d := s.ways[from]
	if d == nil {
		d = new(direction)
		s.ways[from] = d
	}
	w.byPacket[number(f[0])] = f[1]
	if flags&2 != 0 && flags&16 != 0 && s.client == from { // SYN-ACK first
		s.client = ""
	}
	for other, o := range s.ways {
		if other != from && flags&16 != 0 {
			o.acked = max(o.acked, number(f[10]))
		}
	}
	if n := number(f[5]); n > 0 {
		b, _ := hex.DecodeString(f[9])
		d.segments = append(d.segments, segment{frame, number(f[4]), n, b})
	}
	if flags&1 != 0 && d.fin == 0 {
		d.fin = frame
	}
	if flags&4 != 0 && d.rst == 0 {
		d.rst = frame
	}
}

// A run of bytes that one packet made readable; nil: they are not in the capture.
type run struct {
	frame int
	bytes []byte
	lost  bool
}

// ordered puts the segments of a direction in order; the first copy of a byte counts.
func (d *direction) ordered() []run {
	var runs []run
	all := append([]segment(nil), d.segments...)
	sort.SliceStable(all, func(i, k int) bool { return all[i].seq < all[k].seq })
	next, frame := 0, 0
	for i, s := range all {
		if i == 0 {
			next = s.seq
		}
		if s.frame > frame {
			frame = s.frame
		}
		if s.seq > next {
			runs = append(runs, run{frame, nil, true})
			next = s.seq
		}
		skip := next - s.seq
		if skip >= s.length {
			continue
		}
		if skip < len(s.bytes) {
			runs = append(runs, run{frame, s.bytes[skip:], false})
		}
		if len(s.bytes) < s.length {
			runs = append(runs, run{frame, nil, true})
		}
		next = s.seq + s.length
	}
	if d.acked > next+1 { // but for a FIN
		runs = append(runs, run{frame, nil, true})
	}
	return runs
}

type ending int

const (
	keepsOpen ending = iota // until its client has gone
	finishes
	follows // finishes after its client did: which of them the client took for the first, the capture does not say
	resets
)

// A turn: what the server said between one request and the next, and how it ended.
type turn struct {
	answer []byte
	lost   bool
	end    ending
}

// turn gives what the server of the request at this frame said before the frame of the next one (0: there is none).
func (s *stream) turn(asked, next int, clientWay string) turn {
	var t turn
	for from, d := range s.ways {
		if from == clientWay {
			continue
		}
		for _, r := range d.ordered() {
			if r.frame >= asked && (next == 0 || r.frame < next) {
				t.lost = t.lost || r.lost
				t.answer = append(t.answer, r.bytes...)
			}
		}
		if next == 0 {
			t.end = s.end(d, s.ways[clientWay])
		}
	}
	return t
}

// end tells who ended the connection first, if the server.
func (s *stream) end(server, client *direction) ending {
	before := func(a, b int) bool { return a != 0 && (b == 0 || a < b) }
	switch {
	case before(server.rst, server.fin) && before(server.rst, client.fin) && before(server.rst, client.rst):
		return resets
	case before(server.fin, client.fin) && before(server.fin, client.rst):
		return finishes
	case before(server.fin, client.rst):
		return follows
	}
	return keepsOpen
}

// sender is the side that sent the packet.
func (s *stream) sender(frame int) string {
	for from, d := range s.ways {
		for _, g := range d.segments {
			if g.frame == frame {
				return from
			}
		}
	}
	return ""
}
