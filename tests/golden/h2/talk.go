// Talks gRPC-shaped HTTP/2 and WebSocket with itself over loopback, and logs what it sent and received and when:
// what make-h2.sh captures is compared with this log. The standard library only.
//
//	GODEBUG=http2xconnect=1 go run talk.go CERT KEY KEYLOG EXPECTED
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	plainPort = "127.0.0.1:9001"
	tlsPort   = "127.0.0.1:9002"
	h1Port    = "127.0.0.1:9003"
)

// A message left its sender no earlier than Sent, and had reached its receiver at Received.
type message struct {
	Sent     int64 `json:"sent"`
	Received int64 `json:"received"`
}

type side struct {
	Messages []message `json:"messages"`
	Text     int       `json:"text"`
	Binary   int       `json:"binary"`
	Ping     int       `json:"ping"`
	Pong     int       `json:"pong"`
	Close    int       `json:"close"` // -1: no Close frame
	at       int
}

type talk struct {
	URL     string `json:"url"`
	Kind    string `json:"kind"` // grpc, websocket
	Status  int    `json:"status"`
	Message string `json:"message"`
	Client  side   `json:"client"`
	Server  side   `json:"server"`
}

var (
	mu    sync.Mutex
	talks = map[string]*talk{}
	order []string
)

func begin(url, kind string) *talk {
	mu.Lock()
	defer mu.Unlock()
	t := &talk{URL: url, Kind: kind, Client: side{Close: -1}, Server: side{Close: -1}}
	talks[url] = t
	order = append(order, url)
	return t
}

func (s *side) sending() {
	mu.Lock()
	defer mu.Unlock()
	s.Messages = append(s.Messages, message{Sent: time.Now().UnixNano()})
}

func (s *side) received() {
	mu.Lock()
	defer mu.Unlock()
	s.Messages[s.at].Received = time.Now().UnixNano()
	s.at++
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// ---- gRPC ----

func send(w io.Writer, s *side, n int) {
	b := make([]byte, 5+n)
	binary.BigEndian.PutUint32(b[1:], uint32(n))
	s.sending()
	_, err := w.Write(b)
	check(err)
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

// A call with one message: the request is over before the answer begins, so that all of it is on the wire.
func receiveOnly(r io.Reader, s *side) {
	receive(r, s)
	io.Copy(io.Discard, r)
}

func receive(r io.Reader, s *side) bool {
	head := make([]byte, 5)
	if _, err := io.ReadFull(r, head); err != nil {
		return false
	}
	if head[0]&0x80 != 0 { // gRPC-Web's trailers
		io.Copy(io.Discard, r)
		return false
	}
	_, err := io.CopyN(io.Discard, r, int64(binary.BigEndian.Uint32(head[1:])))
	check(err)
	s.received()
	return true
}

func serveGrpc(w http.ResponseWriter, r *http.Request) {
	t := lookup(r)
	trailers := func(status, message string) {
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", status)
		w.Header().Set(http.TrailerPrefix+"Grpc-Message", message)
	}
	w.Header().Set("Content-Type", "application/grpc+proto")
	switch r.URL.Path {
	case "/shop.Cart/Missing": // trailers only
		receiveOnly(r.Body, &t.Client)
		w.Header().Set("Grpc-Status", "5")
		w.Header().Set("Grpc-Message", "no such cart: caf%C3%A9%25")
	case "/shop.Cart/Unavailable":
		receiveOnly(r.Body, &t.Client)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(503)
		io.WriteString(w, "<html>no backend</html>")
	case "/shop.Cart/Add":
		receiveOnly(r.Body, &t.Client)
		send(w, &t.Server, 10)
		trailers("0", "")
	case "/shop.Cart/Fail":
		receiveOnly(r.Body, &t.Client)
		send(w, &t.Server, 0)
		trailers("13", "it broke")
	case "/shop.Feed/Watch":
		receiveOnly(r.Body, &t.Client)
		for i := 0; i < 5; i++ {
			send(w, &t.Server, 2000*i)
			time.Sleep(20 * time.Millisecond)
		}
		trailers("0", "")
	case "/shop.Feed/Upload":
		for receive(r.Body, &t.Client) {
		}
		send(w, &t.Server, 3)
		trailers("0", "")
	case "/shop.Chat/Talk":
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		for receive(r.Body, &t.Client) {
			send(w, &t.Server, 7)
		}
		trailers("0", "")
	case "/web/shop.Cart/Add":
		w.Header().Set("Content-Type", "application/grpc-web+proto")
		receiveOnly(r.Body, &t.Client)
		send(w, &t.Server, 9)
		end := []byte("grpc-status:0\r\ngrpc-message:fine\r\n")
		w.Write(append([]byte{0x80, 0, 0, 0, byte(len(end))}, end...))
	}
}

func call(c *http.Client, base, path, contentType string, status int, message string, bodies []int, pause time.Duration) {
	t := begin(base+path, "grpc")
	t.Status, t.Message = status, message
	pr, pw := io.Pipe()
	req, err := http.NewRequest("POST", t.URL, pr)
	check(err)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Te", "trailers")
	go func() {
		for _, n := range bodies {
			send(pw, &t.Client, n)
			time.Sleep(pause)
		}
		pw.Close()
	}()
	resp, err := c.Do(req)
	check(err)
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/grpc") {
		for receive(resp.Body, &t.Server) {
		}
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}

func calls(c *http.Client, base string) {
	many := make([]int, 200)
	for i := range many {
		many[i] = i
	}
	grpc := "application/grpc+proto"
	call(c, base, "/shop.Cart/Add", grpc, 0, "", []int{12}, 0)
	call(c, base, "/shop.Cart/Missing", grpc, 5, "no such cart: café%", []int{3}, 0)
	call(c, base, "/shop.Cart/Unavailable", grpc, -1, "", []int{3}, 0)
	call(c, base, "/shop.Cart/Fail", grpc, 13, "it broke", []int{3}, 0)
	call(c, base, "/shop.Feed/Watch", grpc, 0, "", []int{0}, 0)
	call(c, base, "/shop.Feed/Upload", grpc, 0, "", many, 0)
	call(c, base, "/shop.Chat/Talk", grpc, 0, "", []int{5, 6, 70000, 8}, 10*time.Millisecond)
	call(c, base, "/web/shop.Cart/Add", "application/grpc-web+proto", 0, "fine", []int{4}, 0)
}

// ---- WebSocket ----

const (
	opContinue = 0
	opText     = 1
	opBinary   = 2
	opClose    = 8
	opPing     = 9
	opPong     = 10
)

type peer struct {
	w      io.Writer
	flush  func()
	r      *bufio.Reader
	masked bool
	own    *side
	other  *side
}

func (p *peer) frame(op byte, fin bool, payload []byte) {
	b := []byte{op}
	if fin {
		b[0] |= 0x80
	}
	switch n := len(payload); {
	case n < 126:
		b = append(b, byte(n))
	case n < 65536:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	if p.masked {
		b[1] |= 0x80
		mask := []byte{1, 2, 3, 4}
		b = append(b, mask...)
		for i, c := range payload {
			b = append(b, c^mask[i%4])
		}
	} else {
		b = append(b, payload...)
	}
	switch op {
	case opText, opBinary:
		p.own.sending()
	case opClose:
		p.own.Close = 0
		if len(payload) >= 2 {
			p.own.Close = int(binary.BigEndian.Uint16(payload))
		}
	}
	mu.Lock()
	switch op {
	case opText:
		p.own.Text++
	case opBinary:
		p.own.Binary++
	case opPing:
		p.own.Ping++
	case opPong:
		p.own.Pong++
	}
	mu.Unlock()
	if _, err := p.w.Write(b); err == nil && p.flush != nil {
		p.flush()
	}
}

// The next frame's opcode and payload; a message counts as received with its last frame.
func (p *peer) next() (byte, []byte, error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(p.r, head); err != nil {
		return 0, nil, err
	}
	n := uint64(head[1] & 0x7f)
	extended := map[uint64]int{126: 2, 127: 8}[n]
	b := make([]byte, 8)
	if extended > 0 {
		if _, err := io.ReadFull(p.r, b[8-extended:]); err != nil {
			return 0, nil, err
		}
		n = binary.BigEndian.Uint64(b)
	}
	mask := make([]byte, 4)
	if head[1]&0x80 != 0 {
		io.ReadFull(p.r, mask)
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(p.r, payload); err != nil {
		return 0, nil, err
	}
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	op := head[0] & 15
	if op < opClose && head[0]&0x80 != 0 {
		p.other.received()
	}
	return op, payload, nil
}

func code(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }

// The client: small, large, fragmented with a ping inside, then what the path asks for.
func (p *peer) ask(path string) {
	p.frame(opText, true, []byte("hello"))
	p.frame(opBinary, true, make([]byte, 70000))
	p.frame(opText, false, []byte("in "))
	p.frame(opPing, true, []byte("?"))
	p.frame(opContinue, false, []byte("three "))
	p.frame(opContinue, true, []byte("pieces"))
	p.frame(opText, true, []byte("bye"))
	for {
		op, payload, err := p.next()
		if err != nil {
			return
		}
		if op == opText && string(payload) == "go" {
			if path == "/ws-dropped" {
				return
			}
			p.frame(opClose, true, code(1000))
		}
		if op == opClose {
			if p.own.Close < 0 {
				p.frame(opClose, true, payload)
			}
			return
		}
	}
}

func (p *peer) answer(path string) {
	for {
		op, payload, err := p.next()
		switch {
		case err != nil:
			return
		case op == opPing:
			p.frame(opPong, true, payload)
		case op == opClose:
			p.frame(opClose, true, payload)
			return
		case string(payload) == "bye" && path == "/ws-failed":
			p.frame(opClose, true, append(code(1011), "oh no"...))
		case string(payload) == "bye":
			p.frame(opBinary, true, make([]byte, 300))
			time.Sleep(30 * time.Millisecond)
			p.frame(opText, true, []byte("go"))
		}
	}
}

func lookup(r *http.Request) *talk {
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	mu.Lock()
	defer mu.Unlock()
	return talks[scheme+r.Host+r.URL.Path]
}

func serveWebSocket(w http.ResponseWriter, r *http.Request) {
	t := lookup(r)
	p := &peer{own: &t.Server, other: &t.Client}
	if r.ProtoMajor == 2 {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		p.w, p.flush, p.r = w, w.(http.Flusher).Flush, bufio.NewReader(r.Body)
		p.answer(r.URL.Path)
		return
	}
	conn, rw, err := w.(http.Hijacker).Hijack()
	check(err)
	defer conn.Close()
	io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
	p.w, p.r = conn, rw.Reader
	p.answer(r.URL.Path)
}

func webSocketH1(path string) {
	t := begin("http://"+h1Port+path, "websocket")
	conn, err := net.Dial("tcp", h1Port)
	check(err)
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, h1Port)
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	check(err)
	if resp.StatusCode != 101 {
		panic(resp.Status)
	}
	p := &peer{w: conn, r: r, masked: true, own: &t.Client, other: &t.Server}
	p.ask(path)
}

// Go's client sends no :protocol: just enough HTTP/2 to open one stream with it (RFC 8441).
type stream struct {
	conn net.Conn
	r    *bufio.Reader
	mu   sync.Mutex
}

func (s *stream) frame(kind, flags byte, id uint32, payload []byte) {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	b = append(b, flags)
	b = append(binary.BigEndian.AppendUint32(b, id), payload...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn.Write(b)
}

func (s *stream) Write(b []byte) (int, error) {
	for at := 0; at < len(b); at += 16384 {
		s.frame(0, 0, 1, b[at:min(len(b), at+16384)])
	}
	return len(b), nil
}

// What the server's DATA frames hold; the response's head is told by its first byte, an indexed :status 200.
func (s *stream) read(w *io.PipeWriter) {
	head := make([]byte, 9)
	for {
		if _, err := io.ReadFull(s.r, head); err != nil {
			w.CloseWithError(io.EOF)
			return
		}
		payload := make([]byte, binary.BigEndian.Uint32(head)>>8)
		io.ReadFull(s.r, payload)
		switch {
		case head[3] == 1 && payload[0] != 0x88:
			panic("the server did not agree")
		case head[3] == 0:
			w.Write(payload)
			if head[4]&1 != 0 {
				w.CloseWithError(io.EOF)
				return
			}
		case head[3] == 4 && head[4]&1 == 0:
			s.frame(4, 1, 0, nil)
		}
	}
}

func webSocketH2(conn net.Conn, base, path string) {
	t := begin(base+path, "websocket")
	host := base[strings.Index(base, "//")+2:]
	scheme := base[:strings.Index(base, ":")]
	block := []byte{}
	for _, f := range [][2]string{{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", scheme},
		{":path", path}, {":authority", host}, {"sec-websocket-version", "13"}} {
		block = append(append(block, 0, byte(len(f[0]))), f[0]...) // RFC 7541 6.2.2
		block = append(append(block, byte(len(f[1]))), f[1]...)
	}
	s := &stream{conn: conn, r: bufio.NewReader(conn)}
	io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	s.frame(4, 0, 0, nil)
	body, w := io.Pipe()
	go s.read(w)
	time.Sleep(50 * time.Millisecond) // for the server's SETTINGS_ENABLE_CONNECT_PROTOCOL
	s.frame(1, 4, 1, block)
	p := &peer{w: s, r: bufio.NewReader(body), masked: true, own: &t.Client, other: &t.Server}
	p.ask(path)
	s.frame(0, 1, 1, nil)
	io.Copy(io.Discard, body)
	conn.Close()
}

// ---- all of it ----

func serve(addr string, s *http.Server, cert, key string) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", serveGrpc)
	mux.HandleFunc("/ws", serveWebSocket)
	mux.HandleFunc("/ws-failed", serveWebSocket)
	mux.HandleFunc("/ws-dropped", serveWebSocket)
	s.Handler = mux
	l, err := net.Listen("tcp", addr)
	check(err)
	if cert != "" {
		go s.ServeTLS(l, cert, key)
	} else {
		go s.Serve(l)
	}
}

func main() {
	cert, key, keylog, expected := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	plain, secure, h1 := &http.Server{Protocols: new(http.Protocols)}, &http.Server{}, &http.Server{}
	plain.Protocols.SetUnencryptedHTTP2(true)
	serve(plainPort, plain, "", "")
	serve(tlsPort, secure, cert, key)
	serve(h1Port, h1, "", "")

	log, err := os.Create(keylog)
	check(err)
	pt := &http.Transport{Protocols: new(http.Protocols)}
	pt.Protocols.SetUnencryptedHTTP2(true)
	st := &http.Transport{ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, KeyLogWriter: log}}
	for _, x := range []struct {
		t    *http.Transport
		base string
	}{{pt, "http://" + plainPort}, {st, "https://" + tlsPort}} {
		calls(&http.Client{Transport: x.t, Timeout: 5 * time.Second}, x.base)
		x.t.CloseIdleConnections()
	}
	for _, path := range []string{"/ws", "/ws-failed"} {
		conn, err := net.Dial("tcp", plainPort)
		check(err)
		webSocketH2(conn, "http://"+plainPort, path)
		secret, err := tls.Dial("tcp", tlsPort,
			&tls.Config{InsecureSkipVerify: true, KeyLogWriter: log, NextProtos: []string{"h2"}})
		check(err)
		webSocketH2(secret, "https://"+tlsPort, path)
	}
	webSocketH1("/ws")
	webSocketH1("/ws-failed")
	webSocketH1("/ws-dropped")
	time.Sleep(100 * time.Millisecond)
	check(log.Close())

	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	list := []*talk{}
	for _, url := range order {
		list = append(list, talks[url])
	}
	check(enc.Encode(list))
	check(os.WriteFile(expected, out.Bytes(), 0o644))
}
