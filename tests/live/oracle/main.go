// Oracle: what Go's own client makes of the HTTP/1 responses of captures, held against what pcap2trace says of them.
//
// usage: oracle PCAP2TRACE EXPLAINED CAPTURE_OR_FOLDER...
//
//	oracle make FOLDER CAPTURES CONNECTIONS SEED    writes captures of odd responses
//
// EXPLAINED: lines of the end of a capture's path, the exchange's number among those of its connection or *, the reason.
package main

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
)

type explanation struct{ capture, number, reason string }

func explanations(path string) ([]explanation, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []explanation
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if p := strings.SplitN(lines.Text(), "\t", 3); len(p) == 3 && !strings.HasPrefix(p[0], "#") {
			all = append(all, explanation{p[0], p[1], p[2]})
		}
	}
	return all, nil
}

func captures(paths []string) []string {
	var all []string
	for _, p := range paths {
		_ = filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && !strings.HasSuffix(path, ".zst") { // oracle.sh unpacks them
				all = append(all, path)
			}
			return nil
		})
	}
	sort.Strings(all)
	return all
}

var endpoints = regexp.MustCompile(`tcp \S+->\S+:`)

// said brings both sides' words into one form: the addresses are not the same.
func said(s string) string {
	return endpoints.ReplaceAllString(s, "tcp A->B:")
}

const gone = "the client closed the connection first: canceled, or one of its timeouts"

func status(x *exchange) int {
	if x.Status == nil {
		return 0
	}
	return *x.Status
}

// differs compares; "": they agree.
func differs(x *exchange, v verdict) string {
	words := ""
	if x.Error != nil {
		words = said(*x.Error)
	}
	switch {
	case v.waits && (x.Outcome == "incomplete" || words == gone):
		return ""
	case v.waits:
		return fmt.Sprintf("Go waits; told %s %q", x.Outcome, words)
	case v.ok && x.Outcome != "ok":
		return fmt.Sprintf("Go ok %d; told %s %q", v.status, x.Outcome, words)
	case v.ok && status(x) != v.status:
		return fmt.Sprintf("Go ok %d; told another status", v.status)
	case v.ok && v.status != 101 && x.Response.Body != nil && *x.Response.Body != v.body && *x.Method != "HEAD":
		return fmt.Sprintf("Go read a body of %d bytes; told %d", v.body, *x.Response.Body)
	case v.ok:
		return ""
	case x.Outcome == "no_response" && x.Error == nil: // it was sent again
		return ""
	case x.Outcome == "ok" || words != said(v.err):
		return fmt.Sprintf("Go %q; told %s %q", said(v.err), x.Outcome, words)
	}
	return ""
}

type result struct {
	compared, same int
	skipped        map[string]int
	lines          []string
	explained      []string
}

// unfit is why an exchange cannot be replayed; "": it can.
func unfit(x *exchange) string {
	switch {
	case x.Connection == nil || x.Connection.TLS != nil:
		return "inside TLS"
	case x.Connection.Proxy != nil && *x.Connection.Proxy != "http":
		return "inside a tunnel"
	case x.packet() == 0 || x.Method == nil || x.Connection.Number == nil:
		return "no whole request"
	case *x.Method == "CONNECT":
		return "CONNECT"
	case x.has("http.late_response"):
		return "answered when the client had gone"
	}
	return ""
}

type asked struct {
	x      *exchange
	packet int
}

func judge(program, capture string, why []explanation) *result {
	r := &result{skipped: map[string]int{}}
	byStream := map[string][]asked{}
	var w *wire
	for _, x := range told(program, capture) {
		if x.Kind != "http1" {
			continue
		}
		if reason := unfit(x); reason != "" {
			r.skipped[reason]++
			continue
		}
		if w == nil {
			var err error
			if w, err = read(capture); err != nil {
				r.lines = append(r.lines, fmt.Sprintf("%s: %v", capture, err))
				return r
			}
		}
		id := w.byPacket[x.packet()]
		byStream[id] = append(byStream[id], asked{x, w.place[x.packet()]})
	}
	for id, all := range byStream {
		r.stream(w.streams[id], all, capture, why)
	}
	return r
}

func (r *result) stream(s *stream, all []asked, capture string, why []explanation) {
	if s == nil {
		r.skipped["another packet numbering"] += len(all)
		return
	}
	sort.Slice(all, func(i, k int) bool { return all[i].packet < all[k].packet })
	for i, a := range all {
		next := 0
		if i+1 < len(all) {
			next = all[i+1].packet
		}
		t := s.turn(a.packet, next, s.sender(a.packet))
		switch {
		case t.lost:
			r.skipped["bytes missing from the capture"]++
		case next == a.packet || len(t.answer) == 0 && next != 0:
			r.skipped["pipelined"]++
		case *a.x.Connection.Number != i:
			r.skipped["requests before the capture, or that are not whole"]++
		default:
			r.compare(a.x, t, capture, why)
		}
	}
}

func (r *result) compare(x *exchange, t turn, capture string, why []explanation) {
	r.compared++
	line := differs(x, replay(x, t))
	if line != "" && t.end == follows {
		t.end = finishes
		line = differs(x, replay(x, t))
	}
	if line == "" {
		r.same++
		return
	}
	number := strconv.Itoa(*x.Connection.Number)
	line = fmt.Sprintf("%s packet %d exchange %s: %s", capture, x.packet(), number, line)
	for _, e := range why {
		if strings.HasSuffix(capture, e.capture) && (e.number == "*" || e.number == number) {
			r.explained = append(r.explained, line+": "+e.reason)
			return
		}
	}
	r.lines = append(r.lines, line)
}

func (r *result) add(o *result) {
	r.compared += o.compared
	r.same += o.same
	r.lines = append(r.lines, o.lines...)
	r.explained = append(r.explained, o.explained...)
	for k, n := range o.skipped {
		r.skipped[k] += n
	}
}

func all(program string, why []explanation, paths []string) *result {
	sum := &result{skipped: map[string]int{}}
	var mu sync.Mutex
	var workers sync.WaitGroup
	work := make(chan string)
	for range runtime.NumCPU() * 2 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for capture := range work {
				r := judge(program, capture, why)
				mu.Lock()
				sum.add(r)
				mu.Unlock()
			}
		}()
	}
	for _, c := range captures(paths) {
		work <- c
	}
	close(work)
	workers.Wait()
	return sum
}

func main() {
	log.SetOutput(io.Discard) // what Go's transport says of bytes that nobody asked for
	if len(os.Args) == 6 && os.Args[1] == "make" {
		var n [3]int
		for i := range n {
			n[i], _ = strconv.Atoi(os.Args[3+i])
		}
		if err := makeOdd(os.Args[2], n[0], n[1], int64(n[2])); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: oracle PCAP2TRACE EXPLAINED CAPTURE_OR_FOLDER...")
		os.Exit(2)
	}
	why, err := explanations(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	r := all(os.Args[1], why, os.Args[3:])
	sort.Strings(r.lines)
	sort.Strings(r.explained)
	for _, l := range r.explained {
		fmt.Println("explained:", l)
	}
	for _, l := range r.lines {
		fmt.Println("DIFFERENCE:", l)
	}
	for k, n := range r.skipped {
		fmt.Printf("not replayed: %d, %s\n", n, k)
	}
	fmt.Printf("%d responses, %d the same, %d explained, %d not\n", r.compared, r.same, len(r.explained), len(r.lines))
	if len(r.lines) > 0 || r.compared == 0 {
		os.Exit(1)
	}
}
