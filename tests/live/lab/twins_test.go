package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// Which request made a dial cannot always be told from packets: here two programs send and get the same bytes over the same
// connections in the same order, and Go's hooks tell of the dial in different requests.

// wire is what a capture would have, in its order.
type wire struct {
	mu    sync.Mutex
	dials int
	log   []string
}

func (w *wire) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

type wireConn struct {
	net.Conn
	wire *wire
	n    int
}

func (c wireConn) Write(p []byte) (int, error) {
	c.wire.note("%d> %s", c.n, strings.Fields(string(p))[1])
	return c.Conn.Write(p)
}

func (c wireConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.wire.note("%d< %d bytes", c.n, n)
	}
	return n, err
}

// twin is a client and a server that answers when it is told to.
type twin struct {
	t       *testing.T
	wire    wire
	lab     lab
	client  *http.Client
	base    string
	gate    chan bool // the second dial waits for it
	dialled chan bool
	asked   chan string
	answer  map[string]chan bool
	done    sync.WaitGroup
}

func newTwin(t *testing.T) *twin {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	w := &twin{t: t, base: "http://" + listener.Addr().String(), gate: make(chan bool), dialled: make(chan bool, 2),
		asked: make(chan string, 3), answer: map[string]chan bool{}}
	for _, path := range []string{"/1", "/2", "/3"} {
		w.answer[path] = make(chan bool)
	}
	w.lab.rec = &recorder{scenario: "twin"}
	transport := &http.Transport{DialContext: w.dial}
	w.client = &http.Client{Transport: tracing{w.lab.rec, transport}}
	t.Cleanup(transport.CloseIdleConnections)
	go w.serve(listener)
	return w
}

func (w *twin) serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			in := bufio.NewReader(conn)
			for {
				req, err := http.ReadRequest(in)
				if err != nil {
					return
				}
				w.asked <- req.URL.Path
				<-w.answer[req.URL.Path]
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			}
		}()
	}
}

func (w *twin) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	w.wire.mu.Lock()
	w.wire.dials++
	n := w.wire.dials
	w.wire.mu.Unlock()
	if n == 2 {
		<-w.gate
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	w.wire.note("%d dialled", n)
	w.dialled <- true
	return wireConn{conn, &w.wire, n}, err
}

func (w *twin) get(path string) {
	w.done.Add(1)
	go func() {
		defer w.done.Done()
		get(w.client, w.base+path)
	}()
}

func (w *twin) expect(path string) {
	if got := <-w.asked; got != path {
		w.t.Fatalf("%s was asked for, not %s", got, path)
	}
}

// await returns once the request has the hook.
func (w *twin) await(request int, hook string) {
	for i := 0; i < 500; i++ {
		if w.has(request, hook) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	w.t.Fatalf("request %d has no %s", request, hook)
}

func (w *twin) has(request int, hook string) bool {
	w.lab.rec.mu.Lock()
	defer w.lab.rec.mu.Unlock()
	if len(w.lab.rec.traces) < request {
		return false
	}
	for _, e := range w.lab.rec.traces[request-1].last().Events {
		if e.Hook == hook {
			return true
		}
	}
	return false
}

func (w *twin) whoDialled() (requests []int) {
	for i := 1; i <= 3; i++ {
		if w.has(i, "ConnectStart") {
			requests = append(requests, i)
		}
	}
	return requests
}

func (w *twin) first() {
	w.get("/1")
	w.expect("/1")
	<-w.dialled
}

func (w *twin) rest() {
	w.expect("/3")
	w.answer["/2"] <- true
	w.await(2, "PutIdleConn")
	w.answer["/3"] <- true
	w.done.Wait()
}

// The second request dials, gets the first one's connection before its own dial has sent anything, and leaves its own to
// the third.
func lateDial(t *testing.T) *twin {
	w := newTwin(t)
	w.first()
	w.get("/2")
	w.await(2, "GetConn")
	time.Sleep(20 * time.Millisecond) // until it waits
	w.answer["/1"] <- true
	w.expect("/2")
	w.gate <- true
	<-w.dialled
	time.Sleep(20 * time.Millisecond) // until the pool has it
	w.get("/3")
	w.rest()
	return w
}

// The second request finds the first one's connection, and the third dials.
func noDial(t *testing.T) *twin {
	w := newTwin(t)
	w.first()
	w.answer["/1"] <- true
	w.await(1, "PutIdleConn")
	w.get("/2")
	w.expect("/2")
	w.get("/3")
	w.gate <- true
	<-w.dialled
	w.rest()
	return w
}

func TestSamePacketsOtherDialler(t *testing.T) {
	late, none := lateDial(t), noDial(t)
	if !reflect.DeepEqual(late.wire.log, none.wire.log) {
		t.Errorf("the wires differ:\n%s\n%s", late.wire.log, none.wire.log)
	}
	if got := late.whoDialled(); !reflect.DeepEqual(got, []int{1, 2}) {
		t.Errorf("a late dial is told of %v", got)
	}
	if got := none.whoDialled(); !reflect.DeepEqual(got, []int{1, 3}) {
		t.Errorf("a new connection's dial is told of %v", got)
	}
}
