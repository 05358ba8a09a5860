// The server and the Go client of make.sh: answers of many sizes, some after a while.
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

func number(r *http.Request, key string) int {
	n, _ := strconv.Atoi(r.URL.Query().Get(key))
	return n
}

func answer(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	time.Sleep(time.Duration(number(r, "ms")) * time.Millisecond)
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, strings.Repeat("x", number(r, "bytes")))
}

func path(dice *rand.Rand) string {
	sizes := []int{0, 12, 150, 900, 2900}
	ms := 0
	if dice.Intn(3) == 0 {
		ms = dice.Intn(60)
	}
	return fmt.Sprintf("/?bytes=%d&ms=%d", sizes[dice.Intn(len(sizes))], ms)
}

func create(name string) *os.File {
	f, err := os.Create(name)
	if err != nil {
		log.Fatal(err)
	}
	return f
}

func bodySize(dice *rand.Rand, most int) int {
	if most == 0 {
		return 300
	}
	return 1 + dice.Intn(most)
}

// ask sends a request after the other, a quarter of them with a body, and pauses 80 ms on average.
func ask(transport *http.Transport, url string, seed int64, until time.Time, bodyMax int) {
	dice := rand.New(rand.NewSource(seed))
	for time.Now().Before(until) {
		method, body := "GET", io.Reader(nil)
		if dice.Intn(4) == 0 {
			method, body = "POST", strings.NewReader(strings.Repeat("y", bodySize(dice, bodyMax)))
		}
		r, err := http.NewRequest(method, url+path(dice), body)
		if err != nil {
			log.Fatal(err)
		}
		r.Header.Set("X-Request-Id", fmt.Sprintf("%d-%d", seed, dice.Intn(1<<30)))
		if a, err := transport.RoundTrip(r); err == nil {
			io.Copy(io.Discard, a.Body)
			a.Body.Close()
		}
		time.Sleep(time.Duration(dice.ExpFloat64()*80) * time.Millisecond)
	}
}

// server CERTIFICATE KEY KEYLOG | plain | paths URL | client URL KEYLOG SECONDS [BODY_MAX]
func main() {
	http.HandleFunc("/", answer)
	switch os.Args[1] {
	case "server":
		s := &http.Server{Addr: ":9443", TLSConfig: &tls.Config{KeyLogWriter: create(os.Args[4])}}
		log.Fatal(s.ListenAndServeTLS(os.Args[2], os.Args[3]))
	case "plain": // behind nginx
		log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil))
	case "paths":
		dice := rand.New(rand.NewSource(7))
		for i := 0; i < 40; i++ {
			fmt.Printf("url = \"%s%s\"\noutput = /dev/null\n", os.Args[2], path(dice))
		}
	case "client":
		seconds, _ := strconv.Atoi(os.Args[4])
		bodyMax := 0
		if len(os.Args) > 5 {
			bodyMax, _ = strconv.Atoi(os.Args[5])
		}
		until := time.Now().Add(time.Duration(seconds) * time.Second)
		config := &tls.Config{InsecureSkipVerify: true, KeyLogWriter: create(os.Args[3])}
		transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: config}
		var both sync.WaitGroup
		for seed := int64(0); seed < 2; seed++ {
			both.Add(1)
			go func() {
				defer both.Done()
				ask(transport, os.Args[2], seed, until, bodyMax)
			}()
		}
		both.Wait()
	}
}
