// Package tracelog logs one line per outgoing call with all that net/http/httptrace told of it. Copy it into a service:
//
//	client := &http.Client{Transport: tracelog.Transport{}}
//
// `pcap2trace compare --live service.log capture.pcap` reads these lines again.
package tracelog

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// TraceResult is what is known of one call.
type TraceResult struct {
	TraceId string
	GetConn struct {
		Start    time.Time
		HostPort string
	}
	DNS struct {
		Start, End time.Time
		Host       string
		Addrs      []string
		Err        string
	}
	Connect struct {
		Start, End time.Time
		Addr, Err  string
	}
	TLS struct {
		Start, End time.Time
		Err        string
	}
	Conn struct {
		Got                   time.Time
		Reused, WasIdle       bool
		LocalAddr, RemoteAddr string
	}
	Request struct {
		Method, URL         string
		WroteHeaders, Wrote time.Time
		Err                 string
	}
	Response struct {
		FirstByte, End time.Time
		Status         int
	}
	Err string
}

// Transport adds the tracing to Base, or to http.DefaultTransport.
type Transport struct {
	Base http.RoundTripper
	// Header carries the trace id; X-Request-Id where it is empty. A request that has one keeps it.
	Header string
}

type call struct {
	mu     sync.Mutex // hooks come from the transport's goroutines, some after the answer
	result TraceResult
}

func (c *call) set(f func(r *TraceResult, now time.Time)) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.result, now)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (c *call) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(hostPort string) {
			c.set(func(r *TraceResult, now time.Time) { r.GetConn.Start, r.GetConn.HostPort = now, hostPort })
		},
		DNSStart: func(i httptrace.DNSStartInfo) {
			c.set(func(r *TraceResult, now time.Time) { r.DNS.Start, r.DNS.Host = now, i.Host })
		},
		DNSDone: func(i httptrace.DNSDoneInfo) {
			c.set(func(r *TraceResult, now time.Time) {
				r.DNS.End, r.DNS.Err, r.DNS.Addrs = now, text(i.Err), []string{}
				for _, a := range i.Addrs {
					r.DNS.Addrs = append(r.DNS.Addrs, a.String())
				}
			})
		},
		ConnectStart: func(_, addr string) {
			c.set(func(r *TraceResult, now time.Time) { r.Connect.Start, r.Connect.Addr = now, addr })
		},
		ConnectDone: func(_, _ string, err error) {
			c.set(func(r *TraceResult, now time.Time) { r.Connect.End, r.Connect.Err = now, text(err) })
		},
		TLSHandshakeStart: func() { c.set(func(r *TraceResult, now time.Time) { r.TLS.Start = now }) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			c.set(func(r *TraceResult, now time.Time) { r.TLS.End, r.TLS.Err = now, text(err) })
		},
		GotConn: func(i httptrace.GotConnInfo) {
			c.set(func(r *TraceResult, now time.Time) {
				r.Conn.Got, r.Conn.Reused, r.Conn.WasIdle = now, i.Reused, i.WasIdle
				r.Conn.LocalAddr, r.Conn.RemoteAddr = i.Conn.LocalAddr().String(), i.Conn.RemoteAddr().String()
			})
		},
		WroteHeaders: func() { c.set(func(r *TraceResult, now time.Time) { r.Request.WroteHeaders = now }) },
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			c.set(func(r *TraceResult, now time.Time) { r.Request.Wrote, r.Request.Err = now, text(i.Err) })
		},
		GotFirstResponseByte: func() { c.set(func(r *TraceResult, now time.Time) { r.Response.FirstByte = now }) },
	}
}

func (c *call) log() {
	c.mu.Lock()
	defer c.mu.Unlock()
	line, _ := json.Marshal(c.result)
	log.Printf("[%s] trace info: %s", c.result.TraceId, line)
}

// body logs the call when its answer was read, or given up.
type body struct {
	io.ReadCloser
	call *call
	once *sync.Once
}

func (b body) end(err error) {
	b.once.Do(func() {
		b.call.set(func(r *TraceResult, now time.Time) { r.Response.End, r.Err = now, text(err) })
		b.call.log()
	})
}

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.end(nil)
	} else if err != nil {
		b.end(err)
	}
	return n, err
}

func (b body) Close() error {
	err := b.ReadCloser.Close()
	b.end(nil)
	return err
}

func (t Transport) traceID(req *http.Request) (string, string) {
	header := t.Header
	if header == "" {
		header = "X-Request-Id"
	}
	if id := req.Header.Get(header); id != "" {
		return header, id
	}
	random := make([]byte, 8)
	rand.Read(random)
	return header, hex.EncodeToString(random)
}

// RoundTrip is http.RoundTripper's.
func (t Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	c := &call{}
	header, id := t.traceID(req)
	req = req.Clone(httptrace.WithClientTrace(req.Context(), c.hooks()))
	req.Header.Set(header, id)
	c.result.TraceId, c.result.Request.Method, c.result.Request.URL = id, req.Method, req.URL.String()
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err := base.RoundTrip(req)
	if err != nil {
		c.set(func(r *TraceResult, now time.Time) { r.Response.End, r.Err = now, text(err) })
		c.log()
		return nil, err
	}
	c.set(func(r *TraceResult, _ time.Time) { r.Response.Status = resp.StatusCode })
	if resp.StatusCode == http.StatusSwitchingProtocols {
		c.log()
		return resp, nil
	}
	resp.Body = body{resp.Body, c, new(sync.Once)}
	return resp, nil
}
