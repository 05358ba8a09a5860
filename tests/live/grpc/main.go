// grpc-go's client, told as live traces, and a server for it: its stats handler says when a call's head is sent, and when the
// answer's has come. Messages are plain bytes, so that no code is generated.
//
// usage: grpc server ADDRESS | grpc client ADDRESS OUT
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

type plain struct{}

func (plain) Name() string                    { return "plain" }
func (plain) Marshal(v any) ([]byte, error)   { return *v.(*[]byte), nil }
func (plain) Unmarshal(b []byte, v any) error { *v.(*[]byte) = append([]byte(nil), b...); return nil }

// ---- the server ----

// answer does what the request says: "MESSAGES BYTES MILLISECONDS CODE".
func answer(_ any, s grpc.ServerStream) error {
	var asked []byte
	if err := s.RecvMsg(&asked); err != nil {
		return err
	}
	var n, bytes, ms, code int
	if _, err := fmt.Sscan(string(asked), &n, &bytes, &ms, &code); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	for i := 0; i < n; i++ {
		time.Sleep(time.Duration(ms) * time.Millisecond)
		told := make([]byte, bytes)
		if err := s.SendMsg(&told); err != nil {
			return err
		}
	}
	if code != 0 {
		return status.Error(codes.Code(code), "as was asked")
	}
	return nil
}

func serve(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return grpc.NewServer(grpc.UnknownServiceHandler(answer), grpc.ForceServerCodec(plain{})).Serve(listener)
}

// ---- the client ----

type event struct {
	Hook string            `json:"hook"`
	Time string            `json:"time"`
	Args map[string]string `json:"args"`
}

type record struct {
	mu      sync.Mutex
	Schema  string   `json:"schema"`
	Hooks   []string `json:"hooks"`
	TraceID string   `json:"trace_id"`
	Method  string   `json:"method"`
	URL     string   `json:"url"`
	Status  int      `json:"status"`
	Start   string   `json:"start"`
	End     string   `json:"end"`
	Events  []event  `json:"events"`
}

func now() string { return time.Now().UTC().Format(time.RFC3339Nano) }

func (r *record) hook(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Events = append(r.Events, event{name, now(), map[string]string{}})
}

type ofCall struct{}

type teller struct{}

func (teller) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (teller) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (teller) HandleConn(context.Context, stats.ConnStats)                       {}

func (teller) HandleRPC(ctx context.Context, s stats.RPCStats) {
	r, ok := ctx.Value(ofCall{}).(*record)
	if !ok {
		return
	}
	switch s.(type) {
	case *stats.OutHeader:
		r.hook("WroteHeaders")
	case *stats.InHeader:
		r.hook("GotFirstResponseByte")
	case *stats.InTrailer: // which is the head, too, where there is no message
		if len(r.Events) == 1 {
			r.hook("GotFirstResponseByte")
		}
	}
}

// call drains the answers: a call that fails by its code was answered all the same.
func call(c *grpc.ClientConn, address, id, method, asked string) (*record, error) {
	r := &record{Schema: "pcap2trace.live/1", Hooks: []string{"WroteHeaders", "GotFirstResponseByte"}, TraceID: id, Method: "POST",
		URL: "http://" + address + method, Status: 200, Start: now()}
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), ofCall{}, r), 10*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "x-request-id", id)
	s, err := c.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, method, grpc.ForceCodec(plain{}))
	if err != nil {
		return nil, err
	}
	message := []byte(asked)
	if err := s.SendMsg(&message); err != nil {
		return nil, err
	}
	if err := s.CloseSend(); err != nil {
		return nil, err
	}
	var told []byte
	for err = nil; err == nil; {
		err = s.RecvMsg(&told)
	}
	if code := status.Code(err); err != io.EOF && (code == codes.Unavailable || code == codes.DeadlineExceeded) {
		return nil, err
	}
	r.End = now()
	return r, nil
}

func ask(address, out string) error {
	c, err := grpc.NewClient("dns:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithStatsHandler(teller{}))
	if err != nil {
		return err
	}
	defer c.Close()
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	n := 0
	for round := 0; round < 5; round++ {
		for _, asked := range []string{"1 100 0 0", "1 5 40 0", "1 900000 0 0", "0 0 5 5", "3 200 10 0", "1 0 0 13"} {
			n++
			r, err := call(c, address, "grpc-"+strconv.Itoa(n), "/lab.Echo/Say", asked)
			if err != nil {
				return err
			}
			if err := json.NewEncoder(f).Encode(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func main() {
	err := fmt.Errorf("usage: grpc server ADDRESS | grpc client ADDRESS OUT")
	switch {
	case len(os.Args) == 3 && os.Args[1] == "server":
		err = serve(os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "client":
		err = ask(os.Args[2], os.Args[3])
	}
	if err != nil {
		log.Fatal(err)
	}
}
