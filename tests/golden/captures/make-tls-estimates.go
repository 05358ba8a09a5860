// The server and one of the clients that make-tls-estimates.sh captures.
//
//	make-tls-estimates server CERT KEY     HTTP/1.1 on ports 8001, 8003, 8005, HTTP/2 on 8002, 8004, 8006
//	make-tls-estimates client URL KEYLOG   Go's own client
package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.URL.Query().Get(name))
	return n
}

// ?ms: time to think; ?n: bytes of the answer; ?pieces: written with pauses between them.
func answer(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	time.Sleep(time.Duration(number(r, "ms")) * time.Millisecond)
	pieces := number(r, "pieces") + 1
	if pieces == 1 {
		w.Header().Set("Content-Length", strconv.Itoa(number(r, "n")))
	}
	for i := 0; i < pieces; i++ {
		w.Write(bytes.Repeat([]byte("x"), number(r, "n")/pieces))
		if f, ok := w.(http.Flusher); ok && pieces > 1 {
			f.Flush()
			time.Sleep(5 * time.Millisecond)
		}
	}
}

func page(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprint(w, "<!doctype html><link rel=icon href='data:,'>")
	for i := 0; i < 8; i++ {
		fmt.Fprintf(w, "<img src='/a?n=%d&ms=%d&i=%d'>", 100+i*700, i*3, i)
	}
	fmt.Fprint(w, `<script>(async () => {
		for (let i = 0; i < 10; i++) {
			const body = i % 3 == 2 ? 'y'.repeat(i * 300) : undefined;
			await (await fetch('/a?n=' + i * 200 + '&ms=' + i + '&f=' + i, {method: body ? 'POST' : 'GET', body})).text();
			await new Promise(f => setTimeout(f, 20));
		}
		document.title = 'done';
	})()</script>`)
}

func serve(cert, key string) {
	mux := http.NewServeMux()
	mux.HandleFunc("/a", answer)
	mux.HandleFunc("/page", page)
	for port := 8001; port <= 8006; port++ {
		s := &http.Server{Addr: fmt.Sprintf("127.0.0.1:%d", port), Handler: mux, ErrorLog: log.New(io.Discard, "", 0)}
		if port%2 == 1 {
			s.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
		}
		go s.ListenAndServeTLS(cert, key)
	}
	select {}
}

func ask(c *http.Client, method, url string, body int) {
	var b io.Reader
	if method == "POST" {
		b = bytes.NewReader(bytes.Repeat([]byte("y"), body))
	}
	r, err := http.NewRequest(method, url, b)
	if err != nil {
		log.Fatal(err)
	}
	answer, err := c.Do(r)
	if err != nil {
		log.Fatal(err)
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
}

func client(url, keylog string) {
	f, err := os.OpenFile(keylog, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		log.Fatal(err)
	}
	c := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, KeyLogWriter: f}}}
	for i := 0; i < 12; i++ {
		ask(c, "GET", fmt.Sprintf("%s?n=%d&ms=%d", url, i*i*50, i%4*3), 0)
	}
	for _, body := range []int{1, 100, 1000, 5000, 20000} {
		ask(c, "POST", fmt.Sprintf("%s?n=%d&ms=2", url, body/10), body)
	}
	ask(c, "GET", url+"?n=6000&pieces=5", 0)
	ask(c, "HEAD", url+"?n=100", 0)
	for round := 0; round < 5; round++ { // several at once
		var all sync.WaitGroup
		for i := 0; i < 4; i++ {
			all.Add(1)
			go func(i int) {
				defer all.Done()
				time.Sleep(time.Duration(i*2) * time.Millisecond)
				ask(c, "GET", fmt.Sprintf("%s?n=%d&ms=%d", url, 300*i, 10-i), 0)
			}(i)
		}
		all.Wait()
	}
}

func main() {
	if os.Args[1] == "server" {
		serve(os.Args[2], os.Args[3])
	}
	client(os.Args[2], os.Args[3])
}
