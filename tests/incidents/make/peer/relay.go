package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// What netem would do, where the kernel has none: frames of one interface come out of another later, or never.

type stretch struct {
	Since  float64
	Delay  float64 // ms
	Jitter float64
	Loss   float64 // percent
	Drop   string  // frames that hold it
}

type held struct {
	due   time.Time
	frame []byte
}

type wire struct {
	fd    int
	index int
}

func open(name string) (*wire, error) {
	dev, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	all := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, syscall.ETH_P_ALL))
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, int(all))
	if err != nil {
		return nil, err
	}
	return &wire{fd, dev.Index}, syscall.Bind(fd, &syscall.SockaddrLinklayer{Protocol: all, Ifindex: dev.Index})
}

// read gives the next frame that comes in, or goes out too if asked.
func (w *wire) read(buf []byte, outgoing bool) (int, error) {
	for {
		n, from, err := syscall.Recvfrom(w.fd, buf, 0)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return 0, err
		}
		if a, ok := from.(*syscall.SockaddrLinklayer); ok && a.Pkttype == syscall.PACKET_OUTGOING && !outgoing {
			continue
		}
		return n, nil
	}
}

func (w *wire) write(frame []byte) {
	syscall.Sendto(w.fd, frame, 0, &syscall.SockaddrLinklayer{Ifindex: w.index})
}

// carry takes frames from a to b; Bandwidth (bytes a second, 0 for any) and Queue (bytes) are a slow link's.
func carry(a, b *wire, plan []stretch, bandwidth, queue float64) error {
	later := make(chan held, 20000)
	var waiting atomic.Int64
	go func() {
		for h := range later {
			time.Sleep(time.Until(h.due))
			b.write(h.frame)
			waiting.Add(-int64(len(h.frame)))
		}
	}()
	buf := make([]byte, 65536)
	free, last := time.Now(), time.Now()
	for {
		n, err := a.read(buf, false)
		if err != nil {
			return err
		}
		now := time.Now()
		s := current(plan)
		if s.Drop != "" && bytes.Contains(buf[:n], []byte(s.Drop)) {
			continue
		}
		if rand.Float64()*100 < s.Loss || (queue > 0 && float64(waiting.Load()) > queue) {
			continue
		}
		due := now
		if bandwidth > 0 {
			if free.Before(now) {
				free = now
			}
			free = free.Add(time.Duration(float64(n) / bandwidth * 1e9))
			due = free
		}
		due = due.Add(milliseconds(s.Delay + rand.Float64()*s.Jitter))
		if due.Before(last) { // no reordering
			due = last
		}
		last = due
		waiting.Add(int64(n))
		later <- held{due, append([]byte{}, buf[:n]...)}
	}
}

func current(plan []stretch) stretch {
	var s stretch
	for _, p := range plan {
		if elapsed() >= p.Since {
			s = p
		}
	}
	return s
}

func runRelay(config []byte) error {
	var c struct {
		Host, Net        string // interfaces
		Up, Down         []stretch
		Bandwidth, Queue float64
	}
	if err := json.Unmarshal(config, &c); err != nil {
		return err
	}
	host, err := open(c.Host)
	if err != nil {
		return err
	}
	net, err := open(c.Net)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	failed := make(chan error)
	go func() { failed <- carry(host, net, c.Up, c.Bandwidth, c.Queue) }()
	go func() { failed <- carry(net, host, c.Down, c.Bandwidth, c.Queue) }()
	return <-failed
}

// runMirror copies what an interface carries to another, as a mirror port does that is too slow for some of it.
func runMirror(config []byte) error {
	var c struct {
		From, To string
		Plan     []stretch
	}
	if err := json.Unmarshal(config, &c); err != nil {
		return err
	}
	from, err := open(c.From)
	if err != nil {
		return err
	}
	to, err := open(c.To)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	buf := make([]byte, 65536)
	for {
		n, err := from.read(buf, true)
		if err != nil {
			return err
		}
		if rand.Float64()*100 >= current(c.Plan).Loss {
			to.write(buf[:n])
		}
	}
}
