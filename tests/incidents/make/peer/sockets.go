package main

import (
	"context"
	"net"
	"syscall"
)

// buffered sets the receive buffer before the handshake, for the window scale is chosen there.
func buffered(bytes int) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		if bytes == 0 {
			return nil
		}
		var failed error
		err := c.Control(func(fd uintptr) {
			failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, bytes)
		})
		if err != nil {
			return err
		}
		return failed
	}
}

func listen(address string, rcvbuf int) (net.Listener, error) {
	config := net.ListenConfig{Control: buffered(rcvbuf)}
	return config.Listen(context.Background(), "tcp", address)
}
