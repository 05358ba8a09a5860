// crowd cert FOLDER | server ADDR FOLDER KEYS | plan KIND SEED | client URL KIND SEED FOLDER: HTTP/2 over TLS, several calls at a
// time. A plan has a line per call: worker, pause before it (ms), bytes of the answer, the server's time (ms), bytes to upload.
package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"math/rand"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func makeCert(dir string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	check(err)
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "crowd.lab"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * 365 * time.Hour), DNSNames: []string{"crowd.lab", "wan.lab"}, IPAddresses: []net.IP{net.IPv4(10, 79, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(crand.Reader, t, t, &key.PublicKey, key)
	check(err)
	k, err := x509.MarshalECPrivateKey(key)
	check(err)
	check(os.WriteFile(dir+"/cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	check(os.WriteFile(dir+"/key.pem", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: k}), 0o644))
}

var page = `<html><head><link rel="icon" href="data:,"></head><body><script>
async function run(){ const text = await (await fetch('/plan/%s')).text(); const workers = {};
 for (const line of text.trim().split('\n')) { const [w,think,bytes,ms,up] = line.split(' ').map(Number); (workers[w] ??= []).push([think,bytes,ms,up]); }
 await Promise.all(Object.values(workers).map(async list => { for (const [think,bytes,ms,up] of list) {
   if (think) await new Promise(r => setTimeout(r, think));
   try { const a = await fetch('/r?bytes='+bytes+'&ms='+ms, up ? {method:'POST', body:'u'.repeat(up)} : {}); await a.arrayBuffer(); } catch (e) {} } }));
 await new Promise(r => setTimeout(r, 300));
 await fetch('/done'); }
run();
</script></body></html>`

func server(addr, dir, keys string) {
	kf, err := os.OpenFile(keys, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	check(err)
	c, err := tls.LoadX509KeyPair(dir+"/cert.pem", dir+"/key.pem")
	check(err)
	mux := http.NewServeMux()
	mux.HandleFunc("/r", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		n, _ := strconv.Atoi(r.URL.Query().Get("bytes"))
		ms, _ := strconv.Atoi(r.URL.Query().Get("ms"))
		time.Sleep(time.Duration(ms) * time.Millisecond)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.Write(bytes.Repeat([]byte("x"), n))
	})
	mux.HandleFunc("/page/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, page, strings.TrimPrefix(r.URL.Path, "/page/"))
	})
	mux.HandleFunc("/plan/", func(w http.ResponseWriter, r *http.Request) {
		f := strings.Split(strings.TrimPrefix(r.URL.Path, "/plan/"), "-")
		seed, _ := strconv.Atoi(f[1])
		io.WriteString(w, plan(f[0], int64(seed)))
	})
	mux.HandleFunc("/done", func(w http.ResponseWriter, r *http.Request) { fmt.Println("done") })
	s := &http.Server{Addr: addr, Handler: mux, TLSConfig: &tls.Config{Certificates: []tls.Certificate{c}, KeyLogWriter: kf}, ErrorLog: log.New(io.Discard, "", 0)}
	l, err := net.Listen("tcp", addr)
	check(err)
	fmt.Println("ready")
	check(s.ServeTLS(l, "", ""))
}

func plan(kind string, seed int64) string {
	d := rand.New(rand.NewSource(seed))
	var b strings.Builder
	pick := func(v ...int) int { return v[d.Intn(len(v))] }
	row := func(w, think, bytes, ms, up int) { fmt.Fprintln(&b, w, think, bytes, ms, up) }
	switch kind {
	case "many":
		for w := 0; w < 12; w++ {
			for i := 0; i < 8; i++ {
				row(w, pick(0, 0, 5, 30), pick(50, 300, 1000), pick(0, 1, 3, 10), 0)
			}
		}
	case "few2":
		for w := 0; w < 4; w++ {
			for i := 0; i < 15; i++ {
				row(w, d.Intn(30), 20+d.Intn(1500), d.Intn(2), 0)
			}
		}
	case "many2":
		for w := 0; w < 10; w++ {
			for i := 0; i < 8; i++ {
				row(w, pick(0, 0, d.Intn(30)), 20+d.Intn(1500), d.Intn(2), 0)
			}
		}
	case "post2":
		for w := 0; w < 2; w++ {
			for i := 0; i < 15; i++ {
				row(w, d.Intn(30), 20+d.Intn(800), d.Intn(3), pick(0, 0, 5+d.Intn(120), 5+d.Intn(120), 200+d.Intn(700), 1000+d.Intn(9000), 20000+d.Intn(30000)))
			}
		}
	}
	return b.String()
}

type call struct{ think, bytes, ms, up int }

func parse(text string) map[int][]call {
	out := map[int][]call{}
	s := bufio.NewScanner(strings.NewReader(text))
	for s.Scan() {
		var w int
		var c call
		fmt.Sscan(s.Text(), &w, &c.think, &c.bytes, &c.ms, &c.up)
		out[w] = append(out[w], c)
	}
	return out
}

func client(base, kind, seed, dir string) {
	n, _ := strconv.Atoi(seed)
	pem, err := os.ReadFile(dir + "/cert.pem")
	check(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	h := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}, Timeout: 20 * time.Second}
	var wg sync.WaitGroup
	for _, list := range parse(plan(kind, int64(n))) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for _, c := range list {
				time.Sleep(time.Duration(c.think) * time.Millisecond)
				url := fmt.Sprintf("%s/r?bytes=%d&ms=%d", base, c.bytes, c.ms)
				var r *http.Response
				var err error
				if c.up > 0 {
					r, err = h.Post(url, "text/plain", strings.NewReader(strings.Repeat("u", c.up)))
				} else {
					r, err = h.Get(url)
				}
				if err == nil {
					io.Copy(io.Discard, r.Body)
					r.Body.Close()
				}
			}
		}()
	}
	wg.Wait()
	time.Sleep(300 * time.Millisecond)
	h.CloseIdleConnections()
}

func main() {
	switch a := os.Args; a[1] {
	case "cert":
		makeCert(a[2])
	case "server":
		server(a[2], a[3], a[4])
	case "plan":
		n, _ := strconv.Atoi(a[3])
		fmt.Print(plan(a[2], int64(n)))
	case "client":
		client(a[2], a[3], a[4], a[5])
	}
}
