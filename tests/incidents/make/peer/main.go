// The laboratory's own server, client, distance and lossy mirror port, each told by a file of JSON what to do and when.
package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"time"
)

var commands = map[string]func(config []byte) error{
	"server": runServer,
	"client": runClient,
	"relay":  runRelay,
	"mirror": runMirror,
}

// begin is the incident's time zero; every time in a configuration counts from it, in seconds.
var begin time.Time

func elapsed() float64 { return time.Since(begin).Seconds() }

func sleepUntil(second float64) { time.Sleep(time.Until(begin.Add(time.Duration(second * 1e9)))) }

func milliseconds(ms float64) time.Duration { return time.Duration(ms * 1e6) }

// between draws from a range; one number is that number, none is 0.
func between(r []float64) float64 {
	switch len(r) {
	case 0:
		return 0
	case 1:
		return r[0]
	}
	return r[0] + rand.Float64()*(r[1]-r[0])
}

func inside(since, until float64) bool {
	t := elapsed()
	return t >= since && (until == 0 || t < until)
}

func main() {
	if err := start(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func start(args []string) error {
	if len(args) != 2 || commands[args[0]] == nil {
		return fmt.Errorf("usage: peer server|client|relay|mirror CONFIG.json")
	}
	config, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	var common struct{ Begin float64 }
	if err := json.Unmarshal(config, &common); err != nil {
		return err
	}
	begin = time.Unix(0, int64(common.Begin*1e9))
	return commands[args[0]](config)
}
