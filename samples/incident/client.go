// A service as many run it: every outgoing call carries a ClientTrace, and its result goes to the log.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"time"
)

// TraceResult is what the service logs of each call.
type TraceResult struct {
	TraceId string
	DNS     struct {
		Start, End time.Time
		Host       string
		Addrs      []string
		Err        string
	}
	Connect struct {
		Start, End time.Time
		Addr, Err  string
	}
	Conn struct {
		Got           time.Time
		Reused        bool
		Local, Remote string
	}
	Request struct {
		Method, URL string
		Wrote       time.Time
		Err         string
	}
	Response struct {
		FirstByte, End time.Time
		Status         int
	}
	Err string
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func hooks(r *TraceResult) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart: func(i httptrace.DNSStartInfo) { r.DNS.Start, r.DNS.Host = time.Now(), i.Host },
		DNSDone: func(i httptrace.DNSDoneInfo) {
			r.DNS.End, r.DNS.Err = time.Now(), text(i.Err)
			r.DNS.Addrs = []string{}
			for _, a := range i.Addrs {
				r.DNS.Addrs = append(r.DNS.Addrs, a.String())
			}
		},
		ConnectStart: func(_, addr string) { r.Connect.Start, r.Connect.Addr = time.Now(), addr },
		ConnectDone:  func(_, _ string, err error) { r.Connect.End, r.Connect.Err = time.Now(), text(err) },
		GotConn: func(i httptrace.GotConnInfo) {
			r.Conn.Got, r.Conn.Reused = time.Now(), i.Reused
			r.Conn.Local, r.Conn.Remote = i.Conn.LocalAddr().String(), i.Conn.RemoteAddr().String()
		},
		WroteRequest:         func(i httptrace.WroteRequestInfo) { r.Request.Wrote, r.Request.Err = time.Now(), text(i.Err) },
		GotFirstResponseByte: func() { r.Response.FirstByte = time.Now() },
	}
}

func call(id, url string) {
	r := &TraceResult{TraceId: id}
	r.Request.Method, r.Request.URL = http.MethodGet, url
	ctx := httptrace.WithClientTrace(context.Background(), hooks(r))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("X-Request-Id", id)
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		r.Response.Status, r.Response.End = resp.StatusCode, time.Now()
	}
	r.Err = text(err)
	line, _ := json.Marshal(r)
	fmt.Printf("%s [%s] trace info: %s\n", time.Now().UTC().Format(time.RFC3339Nano), id, line)
}

// serve answers as two services of the shop would: orders at once, stock after a while.
func serve(addr string) {
	http.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/v1/stock/17" {
			time.Sleep(180 * time.Millisecond)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"path":%q,"ok":true}`+"\n", req.URL.Path)
	})
	l, err := net.Listen("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(l, nil))
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		serve(os.Args[2])
	}
	call("checkout-4711-1", "http://orders.shop.internal:8080/v1/orders/4711")
	call("checkout-4711-2", "http://stock.shop.internal:8080/v1/stock/17")
	call("checkout-4711-3", "http://payments.shop.internal:8080/v1/charges")
	call("checkout-4711-4", "http://orders.shop.internal:8080/v1/orders/4711/cancel")
}
