package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
)

func readFull(c net.Conn, b []byte) (int, error) { return io.ReadFull(c, b) }

func accept(l net.Listener, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go serve(c)
	}
}

func number(r *http.Request, key string) int {
	n, _ := strconv.Atoi(r.URL.Query().Get(key))
	return n
}

// pages are what a well-behaved server offers; the query says how much and when.
func pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		time.Sleep(time.Duration(number(r, "ms")) * time.Millisecond)
		status := number(r, "status")
		if status == 0 {
			status = http.StatusOK
		}
		if r.URL.Query().Get("close") != "" {
			w.Header().Set("Connection", "close")
		}
		body := strings.Repeat("x", number(r, "bytes"))
		if status != http.StatusNoContent && status != http.StatusNotModified {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
	mux.HandleFunc("/chunked", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		for i := 0; i < number(r, "n"); i++ {
			fmt.Fprintf(w, "chunk %d\n", i)
			w.(http.Flusher).Flush()
			time.Sleep(time.Duration(number(r, "ms")) * time.Millisecond)
		}
		w.Header().Set("X-Sum", "1")
	})
	mux.HandleFunc("/hints", func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < number(r, "n"); i++ {
			w.Header().Set("Link", fmt.Sprintf("</a%d.css>", i))
			w.WriteHeader(http.StatusEarlyHints)
			time.Sleep(time.Duration(number(r, "ms")) * time.Millisecond)
		}
		io.WriteString(w, "done")
	})
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		to := "/?bytes=10"
		if n := number(r, "n"); n > 1 {
			to = fmt.Sprintf("/redirect?n=%d&status=%d", n-1, number(r, "status"))
		}
		http.Redirect(w, r, to, number(r, "status"))
	})
	mux.HandleFunc("/refuse-body", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusExpectationFailed) })
	mux.HandleFunc("/abort", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/abort-body", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "part")
		w.(http.Flusher).Flush()
		time.Sleep(20 * time.Millisecond)
		panic(http.ErrAbortHandler)
	})
	return mux
}

/* ---- certificates ---- */

// authority signs the laboratory's certificates; the client trusts its file.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(path string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab authority"}, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{cert, key}, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

func (a *authority) issue(name string, until time.Time) tls.Certificate {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	t := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until, DNSNames: []string{name},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	if strings.HasPrefix(name, "*") { // spelled out, too: OpenSSL takes no wildcard for a whole top-level domain
		for name := range zones {
			t.DNSNames = append(t.DNSNames, name)
		}
		sort.Strings(t.DNSNames)
		t.IPAddresses = []net.IP{net.ParseIP("10.77.0.1"), net.ParseIP("10.79.0.1")}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, &key.PublicKey, a.key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

/* ---- all of them ---- */

// Other addresses of the host (10.77.0.8, 10.77.0.9, fd77::9) have nobody listening: they refuse.
func addresses() []string {
	all := []string{"10.77.0.1", "fd77::1", "10.79.0.1"}
	for i := 11; i <= 16; i++ {
		all = append(all, fmt.Sprintf("10.77.0.%d", i), fmt.Sprintf("10.79.0.%d", i))
	}
	return all
}

// several is one listener on many addresses.
type several struct {
	net.Listener
	conns chan net.Conn
}

func (s several) Accept() (net.Conn, error) { return <-s.conns, nil }

func listen(port string) (net.Listener, error) {
	s := several{conns: make(chan net.Conn)}
	for _, host := range addresses() {
		l, err := net.Listen("tcp", net.JoinHostPort(host, port[1:]))
		if err != nil {
			return nil, err
		}
		s.Listener = l
		go accept(l, func(c net.Conn) { s.conns <- c })
	}
	return s, nil
}

func web(addr string, tlsConfig *tls.Config, protocols ...func(*http.Protocols, bool)) error {
	l, err := listen(addr)
	if err != nil {
		return err
	}
	p := new(http.Protocols)
	for _, set := range protocols {
		set(p, true)
	}
	s := &http.Server{Handler: pages(), TLSConfig: tlsConfig, Protocols: p}
	if tlsConfig != nil {
		go s.ServeTLS(l, "", "")
	} else {
		go s.Serve(l)
	}
	return nil
}

func raw(addr string, serve func(net.Conn)) error {
	l, err := listen(addr)
	if err == nil {
		go accept(l, serve)
	}
	return err
}

// serveAll starts every server of the laboratory: args[0] is where the authority's certificate goes.
func serveAll(args []string) error {
	a, err := newAuthority(args[0])
	if err != nil {
		return err
	}
	day := time.Now().Add(24 * time.Hour)
	good := a.issue("*.lab", day)
	h1, h2, h2c := (*http.Protocols).SetHTTP1, (*http.Protocols).SetHTTP2, (*http.Protocols).SetUnencryptedHTTP2
	with := func(c tls.Certificate) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{c}} }
	old := with(good)
	old.MaxVersion = tls.VersionTLS12
	mutual := with(good)
	mutual.ClientAuth, mutual.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	mutual.ClientCAs.AddCert(a.cert)
	mutual12 := mutual.Clone()
	mutual12.MaxVersion = tls.VersionTLS12
	retry := with(good)
	retry.CurvePreferences = []tls.CurveID{tls.CurveP384}
	for _, s := range []error{
		web(":8080", nil, h1), web(":8081", nil, h2c), web(":8443", with(good), h1), web(":8444", old, h1),
		web(":9443", with(good), h1, h2), web(":8445", mutual, h1), web(":8446", with(a.issue("*.lab", time.Now().Add(-time.Hour))), h1),
		web(":8447", with(a.issue("other.example", day)), h1), web(":8448", mutual12, h1), web(":8449", retry, h1),
		raw(":8090", script), raw(":8453", eofAfterHello), raw(":8454", resetAfterHello), raw(":8455", silent),
		raw(":3128", httpProxy), raw(":1080", socksProxy), proxyOverTLS(":3129", with(good)),
	} {
		if s != nil {
			return s
		}
	}
	fmt.Println("ready")
	select {}
}

/* ---- servers that misbehave ---- */

func reset(c net.Conn) {
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

func silent(c net.Conn) { io.Copy(io.Discard, c); c.Close() }

func eofAfterHello(c net.Conn) {
	c.Read(make([]byte, 4096))
	time.Sleep(2 * time.Millisecond)
	c.(*net.TCPConn).CloseWrite()
	silent(c)
}

func resetAfterHello(c net.Conn) {
	c.Read(make([]byte, 4096))
	reset(c)
}

var scripts = map[string]func(c net.Conn, r *http.Request){
	"/eof":        func(c net.Conn, _ *http.Request) {},
	"/reset":      func(c net.Conn, _ *http.Request) { reset(c) },
	"/silent":     func(c net.Conn, _ *http.Request) { silent(c) },
	"/half-head":  func(c net.Conn, _ *http.Request) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Le") },
	"/ssh":        func(c net.Conn, _ *http.Request) { io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n") },
	"/bad-status": func(c net.Conn, _ *http.Request) { io.WriteString(c, "HTTP/1.1 abc OK\r\n\r\n") },
	"/bad-header": func(c net.Conn, _ *http.Request) { io.WriteString(c, "HTTP/1.1 200 OK\r\nno colon\r\n\r\n") },
	"/half-body": func(c net.Conn, _ *http.Request) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
	},
	"/half-chunk": func(c net.Conn, _ *http.Request) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf")
	},
	"/until-close":  func(c net.Conn, _ *http.Request) { io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nuntil the end") },
	"/http10":       func(c net.Conn, _ *http.Request) { io.WriteString(c, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok") },
	"/half-reset":   halfReset,
	"/split-head":   splitHead,
	"/early":        early,
	"/reset-upload": func(c net.Conn, r *http.Request) { io.CopyN(io.Discard, r.Body, 10000); reset(c) },
}

func halfReset(c net.Conn, _ *http.Request) {
	io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
	time.Sleep(20 * time.Millisecond)
	reset(c)
}

func splitHead(c net.Conn, _ *http.Request) {
	for _, part := range []string{"HTTP/1.1 20", "0 OK\r\nContent-Le", "ngth: 4\r\n\r\nbo", "dy"} {
		io.WriteString(c, part)
		time.Sleep(15 * time.Millisecond)
	}
}

// early answers before the body has come, and does not take the rest of it.
func early(c net.Conn, r *http.Request) {
	io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
	time.Sleep(300 * time.Millisecond)
}

// once serves one good answer and closes or resets when the second request comes: a stale connection.
func once(c net.Conn, in *bufio.Reader, hard bool) {
	io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	if _, err := http.ReadRequest(in); err == nil && hard {
		reset(c)
	}
}

func script(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	time.Sleep(5 * time.Millisecond)
	if path := r.URL.Path; path == "/once" || path == "/once-reset" {
		once(c, in, path == "/once-reset")
	} else if run, ok := scripts[path]; ok {
		run(c, r)
	}
}

/* ---- proxies ---- */

func pipe(a net.Conn, b net.Conn, buffered io.Reader) {
	done := make(chan struct{}, 2)
	copyTo := func(to net.Conn, from io.Reader) {
		io.Copy(to, from)
		if half, ok := to.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
		done <- struct{}{}
	}
	go copyTo(b, buffered)
	go copyTo(a, b)
	<-done
	<-done
	a.Close()
	b.Close()
}

// local gives the address a name of the laboratory has for the proxies, which run beside the servers.
func local(hostPort string) string {
	host, port, _ := net.SplitHostPort(hostPort)
	if z, ok := zones[host]; ok && len(z.addrs) > 0 {
		host = z.addrs[0]
	} else if _, err := netip.ParseAddr(host); err != nil {
		return ""
	}
	return net.JoinHostPort(host, port)
}

func httpProxy(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if r.Method == http.MethodConnect {
			tunnel(c, in, r)
			return
		}
		if r.URL.Port() == "" {
			r.URL.Host += ":80"
		}
		r.URL.Host, r.RequestURI = local(r.URL.Host), ""
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
			continue
		}
		resp.Write(c)
	}
}

func tunnel(c net.Conn, in *bufio.Reader, r *http.Request) {
	if r.Header.Get("X-Deny") != "" || strings.HasPrefix(r.Host, "deny.") {
		io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		return
	}
	far, err := net.Dial("tcp", local(r.Host))
	if err != nil {
		io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	io.WriteString(c, "HTTP/1.1 200 Connection Established\r\n\r\n")
	pipe(c, far, in)
}

func proxyOverTLS(addr string, config *tls.Config) error {
	l, err := listen(addr)
	if err == nil {
		go accept(tls.NewListener(l, config), httpProxy)
	}
	return err
}

// socksProxy speaks as much of RFC 1928 as Go's client asks for: no authentication, CONNECT by name or address.
func socksProxy(c net.Conn) {
	defer c.Close()
	head := make([]byte, 4)
	if _, err := readFull(c, head[:2]); err != nil {
		return
	}
	if _, err := readFull(c, make([]byte, head[1])); err != nil {
		return
	}
	c.Write([]byte{5, 0})
	if _, err := readFull(c, head); err != nil {
		return
	}
	size := map[byte]int{1: 4, 4: 16}[head[3]]
	if head[3] == 3 {
		readFull(c, head[:1])
		size = int(head[0])
		head[3] = 3
	}
	rest := make([]byte, size+2)
	if _, err := readFull(c, rest); err != nil {
		return
	}
	host := net.IP(rest[:size]).String()
	if head[3] == 3 {
		host = string(rest[:size])
	}
	far, err := net.Dial("tcp", local(net.JoinHostPort(host, strconv.Itoa(int(rest[size])<<8|int(rest[size+1])))))
	if err != nil {
		c.Write([]byte{5, 4, 0, 1, 0, 0, 0, 0, 0, 0})
		return
	}
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	pipe(c, far, c)
}
