package main

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type route struct {
	Path   string    // a prefix
	Kind   string    // "", events, socket, upload, continueless
	Delay  []float64 // ms before the answer
	Size   []float64
	Status int
	Mix    map[string]float64 // share of other statuses
	Chunks int                // the body in so many pieces
	Gap    []float64          // ms between them
	Header map[string]string
}

// A fault is what a route does instead, from Since until Until.
type fault struct {
	Since, Until float64
	Path, Do     string // delay, status, hang, reset, close, truncate, redirect, pause, abort, unread, noaccept, plain, hello, nohello, cert, tls
	Ms           []float64
	Status       int
	Share        float64
	Cert, Key    string
	TLSMin       uint16
	To           string // of a redirect
}

type listener struct {
	Addr           string
	Cert, Key      string
	TLSMin, TLSMax uint16
	HTTP1Only      bool
	H2C            bool
	MaxStreams     int
	StreamBuffer   int // bytes of an HTTP/2 request's body that are taken unread
	Idle           float64
	Workers        int // calls at a time
	Rcvbuf         int
	Header         map[string]string
	Restart        []float64 // at these seconds: 150 ms for what is under way, then a new process's worth of nothing known
	Routes         []route
	Faults         []fault
	slots          chan struct{}
}

func runServer(config []byte) error {
	var c struct{ Listen []*listener }
	if err := json.Unmarshal(config, &c); err != nil {
		return err
	}
	failed := make(chan error)
	for _, l := range c.Listen {
		if err := l.serve(failed); err != nil {
			return err
		}
	}
	fmt.Println("ready")
	return <-failed
}

func (l *listener) serve(failed chan<- error) error {
	plain, err := listen(l.Addr, l.Rcvbuf)
	if err != nil {
		return err
	}
	if l.Workers > 0 {
		l.slots = make(chan struct{}, l.Workers)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(!l.HTTP1Only)
	protocols.SetUnencryptedHTTP2(l.H2C)
	server := &http.Server{Handler: l, IdleTimeout: time.Duration(l.Idle * 1e9), Protocols: protocols}
	if l.MaxStreams > 0 || l.StreamBuffer > 0 {
		server.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: l.MaxStreams, MaxReceiveBufferPerStream: l.StreamBuffer}
	}
	if l.Cert != "" {
		server.TLSConfig = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	}
	go l.restart(server, failed)
	go func() {
		if err := server.Serve(&gate{plain, l}); err != http.ErrServerClosed {
			failed <- err
		}
	}()
	return nil
}

// restart ends the server at its next time, and begins another one.
func (l *listener) restart(server *http.Server, failed chan<- error) {
	if len(l.Restart) == 0 {
		return
	}
	sleepUntil(l.Restart[0])
	l.Restart = l.Restart[1:]
	grace, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
	defer cancel()
	if server.Shutdown(grace) != nil {
		server.Close()
	}
	if err := l.serve(failed); err != nil {
		failed <- err
	}
}

// gate accepts when the faults let it, and adds TLS.
type gate struct {
	net.Listener
	l *listener
}

func (g *gate) Accept() (net.Conn, error) {
	if f := g.l.active("noaccept", ""); f != nil {
		sleepUntil(f.Until)
	}
	c, err := g.Listener.Accept()
	if err != nil || g.l.Cert == "" || g.l.active("plain", "") != nil {
		return c, err
	}
	if f := g.l.active("nohello", ""); f != nil {
		go closeAtHello(c)
		return g.Accept()
	}
	return tls.Server(c, &tls.Config{GetConfigForClient: g.l.tlsConfig}), nil
}

// closeAtHello ends the connection once the ClientHello is read, without a word.
func closeAtHello(c net.Conn) {
	io.ReadAtLeast(c, make([]byte, 4096), 1)
	c.Close()
}

func (l *listener) tlsConfig(*tls.ClientHelloInfo) (*tls.Config, error) {
	if f := l.active("hello", ""); f != nil {
		time.Sleep(milliseconds(between(f.Ms)))
	}
	c := &tls.Config{MinVersion: l.TLSMin, MaxVersion: l.TLSMax, NextProtos: []string{"http/1.1"}}
	if !l.HTTP1Only {
		c.NextProtos = []string{"h2", "http/1.1"}
	}
	cert, key := l.Cert, l.Key
	if f := l.active("cert", ""); f != nil {
		cert, key = f.Cert, f.Key
	}
	if f := l.active("tls", ""); f != nil {
		c.MinVersion, c.MaxVersion = f.TLSMin, 0
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	c.Certificates = []tls.Certificate{pair}
	return c, err
}

// ofConnections are the faults that the handler of requests has nothing to do with.
var ofConnections = map[string]bool{"noaccept": true, "plain": true, "hello": true, "nohello": true, "cert": true, "tls": true}

// active finds the fault of that kind ("" for any that is of requests) that holds now.
func (l *listener) active(do, path string) *fault {
	for i := range l.Faults {
		f := &l.Faults[i]
		if (f.Do == do || do == "" && !ofConnections[f.Do]) && strings.HasPrefix(path, f.Path) && inside(f.Since, f.Until) && (f.Share == 0 || rand.Float64() < f.Share) {
			return f
		}
	}
	return nil
}

func (l *listener) find(path string) route {
	for _, r := range l.Routes {
		if strings.HasPrefix(path, r.Path) {
			return r
		}
	}
	return route{Status: 404, Size: []float64{30}}
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.slots != nil {
		l.slots <- struct{}{}
		defer func() { <-l.slots }()
	}
	for name, value := range l.Header {
		w.Header().Set(name, value)
	}
	way := l.find(r.URL.Path)
	f := l.active("", r.URL.Path)
	switch way.Kind {
	case "events":
		events(w, r, way)
		return
	case "socket":
		socket(w, r, way)
		return
	}
	readBody(r, f)
	time.Sleep(milliseconds(between(way.Delay)))
	if f == nil || !l.fail(w, r, f, way) {
		answer(w, way, pick(way), nil)
	}
}

func readBody(r *http.Request, f *fault) {
	if f != nil && f.Do == "unread" {
		io.CopyN(io.Discard, r.Body, 48<<10)
		time.Sleep(milliseconds(between(f.Ms)))
	}
	io.Copy(io.Discard, r.Body)
}

// fail does what the fault says; false if the answer is still to be given as always.
func (l *listener) fail(w http.ResponseWriter, r *http.Request, f *fault, way route) bool {
	switch f.Do {
	case "delay":
		time.Sleep(milliseconds(between(f.Ms)))
		return false
	case "status":
		time.Sleep(milliseconds(between(f.Ms)))
		answer(w, route{Size: []float64{80}}, f.Status, nil)
	case "hang":
		select {
		case <-r.Context().Done():
		case <-time.After(time.Until(begin.Add(time.Duration(f.Until * 1e9)))):
		}
		return false
	case "reset", "close":
		time.Sleep(milliseconds(between(f.Ms)))
		hangUp(w, f.Do == "reset")
	case "redirect":
		http.Redirect(w, r, f.To, f.Status)
	case "truncate":
		truncate(w, way)
	case "pause":
		answer(w, way, pick(way), func() { time.Sleep(milliseconds(between(f.Ms))) })
	case "abort":
		time.Sleep(milliseconds(between(f.Ms)))
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

func hangUp(w http.ResponseWriter, reset bool) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if t, ok := c.(*net.TCPConn); ok && reset {
		t.SetLinger(0)
	}
	c.Close()
}

func truncate(w http.ResponseWriter, way route) {
	body := text(int(between(way.Size)))
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body[:len(body)*2/5])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func pick(way route) int {
	dice := rand.Float64()
	for status, share := range way.Mix {
		if dice -= share; dice < 0 {
			code, _ := strconv.Atoi(status)
			return code
		}
	}
	if way.Status != 0 {
		return way.Status
	}
	return 200
}

// answer writes the body in pieces, with middle called after the first half.
func answer(w http.ResponseWriter, way route, status int, middle func()) {
	for name, value := range way.Header {
		w.Header().Set(name, value)
	}
	body := text(int(between(way.Size)))
	if status >= 400 {
		body = text(60)
	}
	if status == 304 || status == 204 {
		body = nil
	}
	pieces := max(way.Chunks, 1)
	if middle != nil {
		pieces = 2
	}
	if pieces == 1 && body != nil {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	for i := range pieces {
		w.Write(body[len(body)*i/pieces : len(body)*(i+1)/pieces])
		if i+1 < pieces {
			w.(http.Flusher).Flush()
			if middle != nil {
				middle()
			}
			time.Sleep(milliseconds(between(way.Gap)))
		}
	}
}

// text is as compressible as what services say.
func text(n int) []byte {
	b := strings.Builder{}
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "{\"position\":%d,\"state\":\"accepted\",\"place\":\"platform\"},\n", i)
	}
	return []byte(b.String()[:n])
}

func events(w http.ResponseWriter, r *http.Request, way route) {
	w.Header().Set("Content-Type", "text/event-stream")
	for i := 0; ; i++ {
		fmt.Fprintf(w, "id: %d\ndata: %s\n\n", i, text(40))
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-time.After(milliseconds(between(way.Gap))):
		}
	}
}

// socket takes a WebSocket and sends a text frame now and then until the peer closes.
func socket(w http.ResponseWriter, r *http.Request, way route) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	c, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	gone := make(chan struct{})
	go func() {
		io.Copy(io.Discard, rw)
		close(gone)
	}()
	for {
		select {
		case <-gone:
			return
		case <-time.After(milliseconds(between(way.Gap))):
			c.Write(append([]byte{0x81, 50}, text(50)...))
		}
	}
}
