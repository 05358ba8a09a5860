package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// A wide-area link between two hosts: packets of one tun device come out of the other after a delay, some never.
// The kernel's own netem is not there on every machine.

type held struct {
	due    time.Time
	packet []byte
}

func openTun(name string) (*os.File, error) {
	fd, err := syscall.Open("/dev/net/tun", syscall.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	var request [40]byte
	copy(request[:16], name)
	binary.NativeEndian.PutUint16(request[16:], syscall.IFF_TUN|syscall.IFF_NO_PI)
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TUNSETIFF, uintptr(unsafe.Pointer(&request[0]))); e != 0 {
		return nil, fmt.Errorf("TUNSETIFF %s: %w", bytes.TrimRight([]byte(name), "\x00"), e)
	}
	return os.NewFile(uintptr(fd), name), nil
}

func carry(from, to *os.File, delay time.Duration, lossPercent float64, seed int64) {
	queue := make(chan held, 10000)
	go func() {
		for h := range queue {
			time.Sleep(time.Until(h.due))
			to.Write(h.packet)
		}
	}()
	dice := rand.New(rand.NewSource(seed))
	buf := make([]byte, 65536)
	for {
		n, err := from.Read(buf)
		if err != nil {
			close(queue)
			return
		}
		if dice.Float64()*100 < lossPercent {
			continue
		}
		select {
		case queue <- held{time.Now().Add(delay), append([]byte{}, buf[:n]...)}:
		default: // a full queue drops, as a router does
		}
	}
}

// runLink: NAME-A NAME-B DELAY(one way) LOSS(percent). The devices may be moved to other namespaces afterwards.
func runLink(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("usage: link TUN-A TUN-B DELAY LOSS-PERCENT")
	}
	delay, err := time.ParseDuration(args[2])
	if err != nil {
		return err
	}
	loss, err := strconv.ParseFloat(args[3], 64)
	if err != nil {
		return err
	}
	a, err := openTun(args[0])
	if err != nil {
		return err
	}
	b, err := openTun(args[1])
	if err != nil {
		return err
	}
	fmt.Println("ready")
	go carry(a, b, delay, loss, 1)
	carry(b, a, delay, loss, 2)
	return nil
}
