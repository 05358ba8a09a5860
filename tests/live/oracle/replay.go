package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// What Go's client made of an answer.
type verdict struct {
	ok     bool
	waits  bool // it would have waited on
	status int
	body   int64
	err    string
}

const patience = 500 * time.Millisecond

// serve answers one request with the bytes of the capture, and ends as its server did.
func serve(l net.Listener, t turn) {
	c, err := l.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	if r.Header.Get("Expect") == "" {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	if _, err := c.Write(t.answer); err != nil {
		return
	}
	tcp := c.(*net.TCPConn)
	switch t.end {
	case finishes:
		_ = tcp.CloseWrite()
	case resets:
		time.Sleep(20 * time.Millisecond) // the client has read what there is
		_ = tcp.SetLinger(0)
		return
	}
	_, _ = io.Copy(io.Discard, c)
}

// request is made like that of the capture in what a response's reading depends on.
func request(ctx context.Context, x *exchange, addr string) (*http.Request, error) {
	var body io.Reader
	if x.Request.Body != nil && *x.Request.Body > 0 {
		body = io.LimitReader(strings.NewReader(strings.Repeat("x", 1<<10)), *x.Request.Body)
	}
	r, err := http.NewRequestWithContext(ctx, *x.Method, "http://"+addr+"/", body)
	if err == nil && body != nil && x.expects() {
		r.Header.Set("Expect", "100-continue")
	}
	return r, err
}

// replay asks a server that answers as in the capture. Bodies are taken as they come, not decompressed: what is in one,
// pcap2trace does not look at.
func replay(x *exchange, t turn) verdict {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return verdict{err: err.Error()}
	}
	defer l.Close()
	go serve(l, t)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true
	transport.Proxy = nil
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := request(ctx, x, l.Addr().String())
	if err != nil {
		return verdict{err: err.Error()}
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return failed(verdict{}, err)
	}
	defer resp.Body.Close()
	v := verdict{ok: true, status: resp.StatusCode}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return v
	}
	if v.body, err = io.Copy(io.Discard, resp.Body); err != nil {
		return failed(v, err)
	}
	return v
}

func failed(v verdict, err error) verdict {
	v.ok, v.err = false, err.Error()
	v.waits = errors.Is(err, context.DeadlineExceeded)
	return v
}
