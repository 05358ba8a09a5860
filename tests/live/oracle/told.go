package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
)

// What pcap2trace says of one exchange, as far as it matters here.
type exchange struct {
	Kind, Outcome string
	Error         *string
	Method, Host  *string
	Status        *int
	Request       struct {
		Body *int64 `json:"body_bytes"`
	}
	Response struct {
		Body *int64 `json:"body_bytes"`
	}
	Connection *struct {
		Number *int `json:"exchange"`
		Proxy  *string
		TLS    *json.RawMessage
	}
	Events []struct {
		Hook     string
		Evidence [][2]int
		Args     struct {
			Key   string
			Value json.RawMessage
		}
	}
	Findings []struct{ Code string }
}

func (x *exchange) has(finding string) bool {
	for _, f := range x.Findings {
		if f.Code == finding {
			return true
		}
	}
	return false
}

// expects tells whether the request announced its body.
func (x *exchange) expects() bool {
	for _, e := range x.Events {
		if e.Hook == "WroteHeaderField" && strings.EqualFold(e.Args.Key, "Expect") {
			return true
		}
	}
	return false
}

// packet is that in which the request's head ended; 0: it is not known.
func (x *exchange) packet() int {
	for _, e := range x.Events {
		if e.Hook == "WroteHeaders" && len(e.Evidence) > 0 {
			return e.Evidence[0][1]
		}
	}
	return 0
}

// told runs pcap2trace over a capture.
func told(program, capture string) []*exchange {
	out, _ := exec.Command(program, "-T", "ndjson", "--all", "--show-secrets", capture).Output()
	var all []*exchange
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		x := new(exchange)
		if json.Unmarshal(lines.Bytes(), x) == nil {
			all = append(all, x)
		}
	}
	return all
}
