package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

type pool struct {
	MaxIdle, MaxConns int
	NoKeepAlive       bool
	Proto             string // "", h2c, h2
	TLSMax            uint16
	Rcvbuf            int
	StrictStreams     bool
	Verify            []stall // what checking the server's certificate takes
	client            *http.Client
}

// From Since until Until, so many milliseconds.
type stall struct {
	Since, Until float64
	Ms           []float64
}

// A caller calls every so often (open loop), or with so many workers one after another.
type caller struct {
	Name, URL, Method string
	Pool              string
	Every             []float64 // ms
	Workers           int
	Since, Until      float64
	Timeout           float64 // ms; then the call fails
	Leave             float64 // ms; then the caller goes, as it means to
	LeaveShare        float64
	Body              []float64
	Expect            bool
	Retries           int
	RetryWait         []float64
	ReadStep          int // bytes read at a time, with ReadPause between, from ReadSince until ReadUntil
	ReadPause         []float64
	ReadSince         float64
	ReadUntil         float64
	Socket            bool
	Header            map[string]string
	Follow            bool
}

type clientConfig struct {
	Name, Log, CA string
	End           float64
	Pools         map[string]*pool
	Callers       []*caller
}

type call struct {
	Client    string  `json:"client"`
	Stream    string  `json:"stream"`
	Start     float64 `json:"start"`
	End       float64 `json:"end"`
	Method    string  `json:"method"`
	URL       string  `json:"url"`
	Status    int     `json:"status"`
	Error     string  `json:"error,omitempty"`
	RequestID string  `json:"request_id,omitempty"`
}

type run struct {
	clientConfig
	lock  sync.Mutex
	calls []call
	wait  sync.WaitGroup
}

func runClient(config []byte) error {
	r := &run{}
	if err := json.Unmarshal(config, &r.clientConfig); err != nil {
		return err
	}
	if r.Pools == nil {
		r.Pools = map[string]*pool{}
	}
	if r.Pools[""] == nil {
		r.Pools[""] = &pool{MaxIdle: 4}
	}
	for _, p := range r.Pools {
		if err := p.open(r.CA); err != nil {
			return err
		}
	}
	for _, c := range r.Callers {
		r.begin(c)
	}
	done := make(chan struct{})
	go func() { r.wait.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Until(begin.Add(time.Duration((r.End + 2) * 1e9)))):
	}
	return r.write()
}

func (p *pool) open(ca string) error {
	settings := &tls.Config{MaxVersion: p.TLSMax}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return err
		}
		settings.RootCAs = x509.NewCertPool()
		settings.RootCAs.AppendCertsFromPEM(pem)
	}
	settings.VerifyConnection = func(tls.ConnectionState) error {
		for _, v := range p.Verify {
			if elapsed() >= v.Since && elapsed() < v.Until {
				time.Sleep(milliseconds(between(v.Ms)))
			}
		}
		return nil
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(p.Proto == "")
	protocols.SetHTTP2(p.Proto == "h2")
	protocols.SetUnencryptedHTTP2(p.Proto == "h2c")
	dialer := &net.Dialer{Control: buffered(p.Rcvbuf)}
	t := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: settings, MaxIdleConnsPerHost: p.MaxIdle, MaxConnsPerHost: p.MaxConns,
		DisableKeepAlives: p.NoKeepAlive, DisableCompression: true, Protocols: protocols, ExpectContinueTimeout: time.Second, IdleConnTimeout: 90 * time.Second}
	if p.StrictStreams {
		t.HTTP2 = &http.HTTP2Config{StrictMaxConcurrentRequests: true}
	}
	if p.Rcvbuf > 0 {
		t.ReadBufferSize = 4096
	}
	p.client = &http.Client{Transport: t}
	return nil
}

func (r *run) begin(c *caller) {
	if c.Until == 0 {
		c.Until = r.End
	}
	if c.Workers == 0 {
		r.wait.Go(func() { r.ticks(c) })
		return
	}
	for w := range c.Workers {
		r.wait.Go(func() {
			sleepUntil(c.Since + 0.003*float64(w))
			for n := 0; elapsed() < c.Until; n++ {
				r.tries(c, fmt.Sprintf("%d-%d", w, n))
				time.Sleep(milliseconds(between(c.Every)))
			}
		})
	}
}

func (r *run) ticks(c *caller) {
	sleepUntil(c.Since)
	for n := 0; elapsed() < c.Until; n++ {
		r.wait.Go(func() { r.tries(c, fmt.Sprint(n)) })
		time.Sleep(milliseconds(between(c.Every)))
	}
}

func (r *run) tries(c *caller, n string) {
	address := strings.ReplaceAll(c.URL, "{n}", fmt.Sprint(1000+rand.Intn(9000)))
	for try := 0; ; try++ {
		id := fmt.Sprintf("%s-%s-%s-%d", r.Name, c.Name, n, try)
		if c.Socket {
			r.note(c, address, id, func() (int, error) { return r.socket(c, address) })
			return
		}
		var failed bool
		r.note(c, address, id, func() (int, error) {
			status, err := r.once(c, address, id)
			failed = err != nil || status >= 500
			return status, err
		})
		if !failed || try >= c.Retries || elapsed() >= r.End {
			return
		}
		time.Sleep(milliseconds(between(c.RetryWait)))
	}
}

func (r *run) note(c *caller, address, id string, do func() (int, error)) {
	start := time.Now()
	status, err := do()
	one := call{r.Name, c.Name, float64(start.UnixNano()) / 1e9, float64(time.Now().UnixNano()) / 1e9, method(c), address, status, "", id}
	if err != nil {
		one.Error, one.Status = err.Error(), 0
	}
	r.lock.Lock()
	r.calls = append(r.calls, one)
	r.lock.Unlock()
}

func method(c *caller) string {
	switch {
	case c.Method != "":
		return c.Method
	case len(c.Body) > 0:
		return "POST"
	}
	return "GET"
}

func (r *run) once(c *caller, address, id string) (int, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if c.Timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, milliseconds(c.Timeout))
		defer cancel()
	}
	if c.Leave > 0 && (c.LeaveShare == 0 || rand.Float64() < c.LeaveShare) {
		timer := time.AfterFunc(milliseconds(c.Leave), cancel)
		defer timer.Stop()
	}
	var body io.Reader
	if len(c.Body) > 0 {
		body = bytes.NewReader(text(int(between(c.Body))))
	}
	q, err := http.NewRequestWithContext(ctx, method(c), address, body)
	if err != nil {
		return 0, err
	}
	q.Header.Set("X-Request-Id", id)
	for name, value := range c.Header {
		q.Header.Set(name, value)
	}
	if c.Expect {
		q.Header.Set("Expect", "100-continue")
	}
	client := r.Pools[c.Pool].client
	resp, err := client.Do(q)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, c.read(resp.Body)
}

func (c *caller) read(body io.Reader) error {
	if c.ReadStep == 0 || !inside(c.ReadSince, c.ReadUntil) {
		_, err := io.Copy(io.Discard, body)
		return err
	}
	for {
		_, err := io.CopyN(io.Discard, body, int64(c.ReadStep))
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		time.Sleep(milliseconds(between(c.ReadPause)))
	}
}

// socket holds a WebSocket until the end, and says something every 700 ms.
func (r *run) socket(c *caller, address string) (int, error) {
	u, err := url.Parse(address)
	if err != nil {
		return 0, err
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		u.Path, u.Host)
	go io.Copy(io.Discard, conn)
	for elapsed() < c.Until {
		time.Sleep(700 * time.Millisecond)
		conn.Write(append([]byte{0x81, 0x80 | 20, 0, 0, 0, 0}, text(20)...))
	}
	return 101, nil
}

func (r *run) write() error {
	f, err := os.Create(r.Log)
	if err != nil {
		return err
	}
	defer f.Close()
	r.lock.Lock()
	defer r.lock.Unlock()
	out := json.NewEncoder(f)
	for _, c := range r.calls {
		if err := out.Encode(c); err != nil {
			return err
		}
	}
	return nil
}
