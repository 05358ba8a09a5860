package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"sync"
	"time"
)

// event is one hook call as pcap2trace's own NDJSON writes it, without what only packets can tell.
type event struct {
	Hook string         `json:"hook"`
	Time time.Time      `json:"time"`
	Args map[string]any `json:"args"`
}

type endpoints struct {
	Client string `json:"client,omitempty"`
	Server string `json:"server,omitempty"`
}

// record is one attempt of one request: what a live client knows of it.
type record struct {
	Schema     string    `json:"schema"`
	Scenario   string    `json:"scenario"`
	TraceID    string    `json:"trace_id"`
	Attempt    int       `json:"attempt"`
	Method     string    `json:"method"`
	URL        string    `json:"url"`
	Status     int       `json:"status,omitempty"`
	Error      any       `json:"error,omitempty"` // absent: not known, as of an attempt that was tried again
	Connection endpoints `json:"connection"`
	Events     []event   `json:"events"`

	got bool
}

// recorder collects the records of one scenario; hooks come from many goroutines.
type recorder struct {
	mu       sync.Mutex
	scenario string
	next     int
	traces   []*trace
}

type trace struct {
	rec     *recorder
	records []*record
}

func (r *recorder) start(req *http.Request) (*trace, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	id := fmt.Sprintf("%s-%d", r.scenario, r.next)
	t := &trace{rec: r}
	t.records = []*record{t.attempt(req, id)}
	r.traces = append(r.traces, t)
	return t, id
}

func (t *trace) attempt(req *http.Request, id string) *record {
	return &record{Schema: "pcap2trace.live/1", Scenario: t.rec.scenario, TraceID: id, Attempt: len(t.records),
		Method: req.Method, URL: req.URL.String(), Error: json.RawMessage("null"), Events: []event{}}
}

func (t *trace) last() *record { return t.records[len(t.records)-1] }

func (t *trace) add(req *http.Request, hook string, args map[string]any) {
	now := time.Now()
	t.rec.mu.Lock()
	defer t.rec.mu.Unlock()
	// The transport tries again on its own: another GetConn after a connection was had is another attempt.
	if hook == "GetConn" && t.last().got {
		t.last().Error = nil
		t.records = append(t.records, t.attempt(req, t.last().TraceID))
	}
	if args == nil {
		args = map[string]any{}
	}
	t.last().Events = append(t.last().Events, event{hook, now, args})
}

func (t *trace) gotConn(local, remote net.Addr) {
	t.rec.mu.Lock()
	defer t.rec.mu.Unlock()
	t.last().got = true
	t.last().Connection = endpoints{local.String(), remote.String()}
}

func (t *trace) fail(err error) {
	if err == nil {
		return
	}
	t.rec.mu.Lock()
	defer t.rec.mu.Unlock()
	// What the caller of Do would see, without the URL around it.
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	t.last().Error = err.Error()
}

func errText(err error) any {
	if err == nil {
		return nil
	}
	return err.Error()
}

func (t *trace) hooks(req *http.Request) *httptrace.ClientTrace {
	add := func(hook string, args map[string]any) { t.add(req, hook, args) }
	return &httptrace.ClientTrace{
		GetConn: func(hostPort string) { add("GetConn", map[string]any{"hostPort": hostPort}) },
		GotConn: func(i httptrace.GotConnInfo) {
			add("GotConn", map[string]any{"Reused": i.Reused, "WasIdle": i.WasIdle, "IdleTime": i.IdleTime.Nanoseconds(),
				"LocalAddr": i.Conn.LocalAddr().String(), "RemoteAddr": i.Conn.RemoteAddr().String()})
			t.gotConn(i.Conn.LocalAddr(), i.Conn.RemoteAddr())
		},
		PutIdleConn:          func(err error) { add("PutIdleConn", map[string]any{"err": errText(err)}) },
		GotFirstResponseByte: func() { add("GotFirstResponseByte", nil) },
		Got100Continue:       func() { add("Got100Continue", nil) },
		Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			add("Got1xxResponse", map[string]any{"code": code, "header": h})
			return nil
		},
		DNSStart: func(i httptrace.DNSStartInfo) { add("DNSStart", map[string]any{"Host": i.Host}) },
		DNSDone: func(i httptrace.DNSDoneInfo) {
			addrs := []string{}
			for _, a := range i.Addrs {
				addrs = append(addrs, a.String())
			}
			add("DNSDone", map[string]any{"Addrs": addrs, "Err": errText(i.Err), "Coalesced": i.Coalesced})
		},
		ConnectStart: func(network, addr string) { add("ConnectStart", map[string]any{"network": network, "addr": addr}) },
		ConnectDone: func(network, addr string, err error) {
			add("ConnectDone", map[string]any{"network": network, "addr": addr, "err": errText(err)})
		},
		TLSHandshakeStart: func() { add("TLSHandshakeStart", nil) },
		TLSHandshakeDone: func(s tls.ConnectionState, err error) {
			add("TLSHandshakeDone", map[string]any{"Version": s.Version, "CipherSuite": s.CipherSuite,
				"NegotiatedProtocol": s.NegotiatedProtocol, "ServerName": s.ServerName, "DidResume": s.DidResume, "err": errText(err)})
		},
		WroteHeaderField: func(key string, value []string) {
			add("WroteHeaderField", map[string]any{"key": key, "value": value})
		},
		WroteHeaders:    func() { add("WroteHeaders", nil) },
		Wait100Continue: func() { add("Wait100Continue", nil) },
		WroteRequest:    func(i httptrace.WroteRequestInfo) { add("WroteRequest", map[string]any{"Err": errText(i.Err)}) },
	}
}

// tracing gives every hop of a redirect its own trace, as each is an exchange of its own on the wire.
type tracing struct {
	rec  *recorder
	next http.RoundTripper
}

type tracedBody struct {
	io.ReadCloser
	trace *trace
}

func (b tracedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != io.EOF {
		b.trace.fail(err)
	}
	return n, err
}

func (t tracing) RoundTrip(req *http.Request) (*http.Response, error) {
	tr, id := t.rec.start(req)
	if hop, ok := req.Context().Value(lastHop{}).(**trace); ok {
		*hop = tr
	}
	req = req.Clone(httptrace.WithClientTrace(req.Context(), tr.hooks(req)))
	req.Header.Set("X-Request-Id", id)
	resp, err := t.next.RoundTrip(req)
	tr.fail(err)
	if err != nil {
		return nil, err
	}
	t.rec.mu.Lock()
	tr.last().Status = resp.StatusCode
	t.rec.mu.Unlock()
	if resp.StatusCode != http.StatusSwitchingProtocols {
		resp.Body = tracedBody{resp.Body, tr}
	}
	return resp, nil
}

// write gives the records in the order in which they began.
func (r *recorder) write(w io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := json.NewEncoder(w)
	for _, t := range r.traces {
		for _, rec := range t.records {
			if err := out.Encode(rec); err != nil {
				return err
			}
		}
	}
	return nil
}

// lastHop is the context key under which RoundTrip leaves the trace of the latest hop.
type lastHop struct{}

// do is one request as a caller makes it, answer read and errors in the record.
func do(c *http.Client, req *http.Request) {
	var hop *trace
	resp, err := c.Do(req.WithContext(context.WithValue(req.Context(), lastHop{}, &hop)))
	if err != nil {
		hop.fail(err)
		return
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}

func newRequest(ctx context.Context, method, url string, body io.Reader, headers ...string) *http.Request {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		panic(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}
