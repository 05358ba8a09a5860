package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// scenario is one story: what a client does, with which resolver and which resolv.conf (see run.sh).
type scenario struct {
	name     string
	resolver string // "go" or "cgo"
	resolv   string
	short    bool // part of the short set
	run      func(l *lab)
}

// lab is what a scenario works with.
type lab struct {
	rec  *recorder
	tls  *tls.Config
	keys io.Writer
}

type option func(t *http.Transport, c *http.Client)

func (l *lab) client(options ...option) *http.Client {
	t := &http.Transport{
		TLSClientConfig: l.tls.Clone(), Protocols: new(http.Protocols), ExpectContinueTimeout: time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
		DialContext:         (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
	}
	t.Protocols.SetHTTP1(true)
	c := &http.Client{}
	for _, set := range options {
		set(t, c)
	}
	c.Transport = tracing{l.rec, t}
	return c
}

func h2(t *http.Transport, _ *http.Client)      { t.Protocols.SetHTTP2(true) }
func noReuse(t *http.Transport, _ *http.Client) { t.DisableKeepAlives = true }
func resumption(t *http.Transport, _ *http.Client) {
	t.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(8)
}
func noRedirects(_ *http.Transport, c *http.Client) {
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
}

func h2c(t *http.Transport, _ *http.Client) {
	t.Protocols.SetHTTP1(false)
	t.Protocols.SetUnencryptedHTTP2(true)
}

func idlePerHost(n int) option {
	return func(t *http.Transport, _ *http.Client) { t.MaxIdleConnsPerHost = n }
}

func connsPerHost(n int) option {
	return func(t *http.Transport, _ *http.Client) { t.MaxConnsPerHost, t.MaxIdleConnsPerHost = n, n }
}

func through(proxy string) option {
	return func(t *http.Transport, _ *http.Client) {
		t.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }
	}
}

func timeout(d time.Duration) option {
	return func(_ *http.Transport, c *http.Client) { c.Timeout = d }
}

func headerTimeout(d time.Duration) option {
	return func(t *http.Transport, _ *http.Client) { t.ResponseHeaderTimeout = d }
}

func handshakeTimeout(d time.Duration) option {
	return func(t *http.Transport, _ *http.Client) { t.TLSHandshakeTimeout = d }
}

func expectTimeout(d time.Duration) option {
	return func(t *http.Transport, _ *http.Client) { t.ExpectContinueTimeout = d }
}

func dialTimeout(d, fallback time.Duration) option {
	return func(t *http.Transport, _ *http.Client) {
		t.DialContext = (&net.Dialer{Timeout: d, FallbackDelay: fallback}).DialContext
	}
}

func get(c *http.Client, urls ...string) {
	for _, u := range urls {
		do(c, newRequest(context.Background(), http.MethodGet, u, nil))
	}
}

// times repeats a request one after the other, with a pause for the connection to be put back.
func times(n int, c *http.Client, u string) {
	for i := 0; i < n; i++ {
		get(c, u)
		time.Sleep(3 * time.Millisecond)
	}
}

func send(c *http.Client, method, u, body string, headers ...string) {
	do(c, newRequest(context.Background(), method, u, strings.NewReader(body), headers...))
}

// unsized hides a body's length, so that it goes out in chunks.
type unsized struct{ io.Reader }

func upload(c *http.Client, u string, size int, chunked bool, headers ...string) {
	var body io.Reader = strings.NewReader(strings.Repeat("u", size))
	if chunked {
		body = unsized{body}
	}
	do(c, newRequest(context.Background(), http.MethodPost, u, body, headers...))
}

func cancelled(c *http.Client, u string, after time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), after)
	defer cancel()
	do(c, newRequest(ctx, http.MethodGet, u, nil))
}

// linger gives the capture time after the story: the packet that run.sh ends it with tells that nothing came for so long.
func linger(d time.Duration) { time.Sleep(d) }

// storm is many workers asking names in turn.
func storm(c *http.Client, workers, each int, urlOf func(worker, i int) string) {
	var wg sync.WaitGroup
	for w := 0; w < workers; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < each; i++ {
				get(c, urlOf(w, i))
				time.Sleep(time.Duration((w*7+i*13)%11) * time.Millisecond)
			}
		}()
	}
	wg.Wait()
}

func names(format string) func(w, i int) string {
	return func(w, i int) string { return fmt.Sprintf(format, (w+i)%6, w, i, (w*3+i)%9) }
}

func listScenarios(args []string) error {
	for _, s := range scenarios {
		if len(args) == 0 || args[0] != "short" || s.short {
			fmt.Println(s.name, s.resolver, s.resolv)
		}
	}
	return nil
}

// runClient: SCENARIO AUTHORITY.pem KEYLOG LIVE.ndjson
func runClient(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("usage: client SCENARIO AUTHORITY KEYLOG LIVE")
	}
	pool := x509.NewCertPool()
	pem, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	pool.AppendCertsFromPEM(pem)
	keys, err := os.Create(args[2])
	if err != nil {
		return err
	}
	defer keys.Close()
	out, err := os.Create(args[3])
	if err != nil {
		return err
	}
	defer out.Close()
	for _, s := range scenarios {
		if s.name == args[0] {
			l := &lab{rec: &recorder{scenario: s.name}, keys: keys, tls: &tls.Config{RootCAs: pool, KeyLogWriter: keys}}
			s.run(l)
			time.Sleep(100 * time.Millisecond) // what is still under way may report
			return l.rec.write(out)
		}
	}
	return fmt.Errorf("no scenario %q", args[0])
}
