package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// What `pcap2trace compare -T json` says of one hook of one pair; see the manual page.
type judgedHook struct {
	Hook       string
	Difference *float64 `json:"difference_us"`
	Outside    float64  `json:"outside_us"`
	Missing    *string
	Excuse     *string
	Basis      *string
	LiveError  *string `json:"live_error"`
	WireError  *string `json:"wire_error"`
	ErrDiffers bool    `json:"errors_differ"`
}

type side struct {
	TraceID *string `json:"trace_id"`
	Error   *string
	Kind    string
	URL     *string
}

type judgedPair struct {
	Live, Wire side
	ErrDiffers bool `json:"errors_differ"`
	Order      []struct{ First, Second, Reversed string }
	Hooks      []judgedHook
}

type comparison struct {
	Pairs    []judgedPair
	LiveOnly []side `json:"live_only"`
	WireOnly []side `json:"wire_only"`
}

// unseen is what no packet shows, by scenario (a prefix) and hook; the README tells users the same.
var unseen = []struct{ scenario, hook, why string }{
	{"h2c", "GetConn", "Go's transport fires GetConn twice for a connection that it already has"},
	{"h2-fresh", "GetConn", "a request that dialled and then found another HTTP/2 connection asks the pool twice"},
	{"wan-h2", "GetConn", "the same"},
	{"snaplen", "WroteHeaderField", "the head is cut off"},
	{"snaplen", "WroteHeaders", "so is its end"},
	{"snaplen", "WroteRequest", "so is its end"},
	{"snaplen", "PutIdleConn", "so is the response's"},
	{"unread", "PutIdleConn", "a body closed early looks like one that was read"},
}

func isUnseen(scenario, hook string) bool {
	for _, u := range unseen {
		if strings.HasPrefix(scenario, u.scenario) && hook == u.hook {
			return true
		}
	}
	return false
}

func isStorm(scenario string) bool {
	return strings.HasPrefix(scenario, "storm") || strings.HasPrefix(scenario, "pool")
}

func ofDial(hook string) bool {
	return strings.HasPrefix(hook, "DNS") || strings.HasPrefix(hook, "Connect") || strings.HasPrefix(hook, "TLS")
}

// score counts what agrees over one scenario, or all of a kind.
type score struct {
	pairs, both, missed, extra, excused int
	out1, out10, order, errors, failed  int
	dials, dialsRight                   int
	alone                               int
}

func (s *score) add(o score) {
	s.pairs += o.pairs
	s.both += o.both
	s.missed += o.missed
	s.extra += o.extra
	s.excused += o.excused
	s.out1 += o.out1
	s.out10 += o.out10
	s.order += o.order
	s.errors += o.errors
	s.failed += o.failed
	s.dials += o.dials
	s.dialsRight += o.dialsRight
	s.alone += o.alone
}

func percent(part, whole int) float64 {
	if whole == 0 {
		return 100
	}
	return 100 * float64(part) / float64(whole)
}

// others are clients that are not Go's: each is summed up by itself, and held to bars of its own; curl and node to those of
// Go, too.
var others = []string{"curl", "node", "aiohttp", "httpx", "requests", "javanet", "okhttp", "grpc"}

func isOther(scenario string) bool {
	for _, name := range others {
		if name == scenario {
			return true
		}
	}
	return false
}

type judge struct {
	totals   map[string][]float64 // of others: |live - rebuilt| from the first hook that both have to the last, us
	observed map[string][]float64
	complain []string
	late     float64 // us outside of the bounds that are the machine's own
}

func (j *judge) hook(scenario string, id string, h judgedHook, s *score) {
	if h.Missing != nil && (h.Excuse != nil || isUnseen(scenario, h.Hook)) {
		s.excused++
		return
	}
	if ofDial(h.Hook) && (h.Missing == nil || *h.Missing == "wire") {
		s.dials++
		if h.Missing == nil && h.Outside <= j.late {
			s.dialsRight++
		}
	}
	switch {
	case h.Missing == nil:
		s.both++
	case *h.Missing == "wire":
		s.missed++
	default:
		s.extra++
	}
	if h.Missing != nil {
		j.say(scenario, "%s %s: only %s", id, h.Hook, map[string]string{"wire": "live", "live": "wire"}[*h.Missing])
		return
	}
	if h.Outside > j.late {
		s.out1++
		j.say(scenario, "%s %s: %.3f ms outside its bounds", id, h.Hook, h.Outside/1000)
	}
	if h.Outside > 10000 {
		s.out10++
	}
	if h.Basis != nil && *h.Basis == "observed" && h.Difference != nil {
		d := *h.Difference
		if d < 0 {
			d = -d
		}
		j.observed[h.Hook] = append(j.observed[h.Hook], d)
	}
}

func (j *judge) say(scenario, format string, args ...any) {
	j.complain = append(j.complain, scenario+": "+fmt.Sprintf(format, args...))
}

func text(s *string) string {
	if s == nil {
		return "none"
	}
	return *s
}

func (j *judge) scenario(name string, c *comparison) (s score) {
	s.pairs = len(c.Pairs)
	s.alone = len(c.LiveOnly) + len(c.WireOnly)
	for _, l := range c.LiveOnly {
		j.say(name, "%s has no exchange", text(l.TraceID))
	}
	for _, w := range c.WireOnly {
		j.say(name, "an exchange of kind %s has no live trace: %s, %s", w.Kind, text(w.URL), text(w.Error))
	}
	for _, p := range c.Pairs {
		id := text(p.Live.TraceID)
		if p.Live.Error != nil {
			s.failed++
		}
		if p.ErrDiffers {
			s.errors++
			j.say(name, "%s failed with %q, rebuilt %q", id, text(p.Live.Error), text(p.Wire.Error))
		}
		for _, o := range p.Order {
			s.order++
			j.say(name, "%s: %s and %s in another order", id, o.First, o.Second)
		}
		var both []float64
		for _, h := range p.Hooks {
			j.hook(name, id, h, &s)
			if h.Difference != nil {
				both = append(both, *h.Difference)
			}
		}
		if len(both) > 1 && isOther(name) {
			j.totals[name] = append(j.totals[name], math.Abs(both[len(both)-1]-both[0]))
		}
	}
	return s
}

func (s score) print(name string) {
	fmt.Printf("%-26s %5d %6d %6d %5d %7d %6d %6d %5d %6d/%-5d %5d %6.1f%%\n", name, s.pairs, s.both, s.missed, s.extra, s.excused,
		s.out1, s.out10, s.order, s.errors, s.failed, s.alone, percent(s.dialsRight, s.dials))
}

func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1))]
}

func (j *judge) printHooks() {
	fmt.Printf("\n|live - rebuilt| of observed hooks, us:\n")
	names := []string{}
	for name := range j.observed {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		v := j.observed[name]
		sort.Float64s(v)
		fmt.Printf("  %-22s n %6d   p50 %8.1f   p95 %8.1f   max %10.1f\n", name, len(v), quantile(v, 0.5), quantile(v, 0.95), v[len(v)-1])
	}
}

// printOthers says how each of them fares, and whether all of them together pass.
func (j *judge) printOthers(scores map[string]score) error {
	var all score
	fmt.Printf("\n%-10s %9s %9s  |total - live| p95, ms\n", "client", "precision", "in bounds")
	for _, name := range others {
		s, ran := scores[name]
		if !ran {
			continue
		}
		sort.Float64s(j.totals[name])
		fmt.Printf("%-10s %8.1f%% %8.1f%%  %8.3f\n", name, percent(s.both, s.both+s.extra), percent(s.both-s.out1, s.both),
			quantile(j.totals[name], 0.95)/1000)
		all.add(s)
	}
	if percent(all.both, all.both+all.extra) < 99 || percent(all.both-all.out1, all.both) < 99 {
		return fmt.Errorf("99%% of what is told of other clients is to be true, and of their live times within bounds")
	}
	return nil
}

// wholeSet is more hooks than the short set has outside of storms.
const wholeSet = 5000

// verdict holds the sums against the bars; what a busy machine's scheduling moves is only printed.
func (j *judge) verdict(quiet, storms score) error {
	recall, precision := percent(quiet.both, quiet.both+quiet.missed), percent(quiet.both, quiet.both+quiet.extra)
	bounds, stormBounds := percent(quiet.both-quiet.out1, quiet.both), percent(storms.both-storms.out10, storms.both)
	attributed := percent(storms.dialsRight, storms.dials)
	fmt.Printf("\noutside storms: recall %.2f%%, precision %.2f%%, within bounds +- %g ms %.2f%%, order disagrees %d times, error texts differ %d of %d\n",
		recall, precision, j.late/1000, bounds, quiet.order, quiet.errors, quiet.failed)
	fmt.Printf("storms: within bounds +- 10 ms %.2f%%; hooks of dials in the exchange that made the dial, +- %g ms: %.1f%% of %d\n",
		stormBounds, j.late/1000, attributed, storms.dials)
	bar := 99.9
	if j.late > 1000 || quiet.both < wholeSet {
		bar = 99.5 // a single hook is more than the tenth of a percent
	}
	switch {
	case recall < bar || precision < bar:
		return fmt.Errorf("recall and precision are to be %g%% at least", bar)
	case percent(quiet.alone, quiet.pairs) > 0.5 && quiet.pairs > 0:
		return fmt.Errorf("calls and exchanges are to find each other")
	case bounds < bar:
		return fmt.Errorf("%g%% of live times are to lie within their bounds", bar)
	case quiet.order > 0:
		return fmt.Errorf("the order is to agree")
	case quiet.errors > 0:
		return fmt.Errorf("error texts are to agree where the wire shows the cause")
	case stormBounds < 95:
		return fmt.Errorf("95%% of live times in storms are to lie within their bounds +- 10 ms")
	case j.late <= 1000 && storms.dials > 1000 && attributed < 92:
		return fmt.Errorf("92%% of the hooks of dials in storms are to be told of the request that made the dial")
	}
	return nil
}

// runJudge: DIR [busy], with NAME.json of `compare` for each scenario named in DIR/scenarios.
func runJudge(args []string) error {
	list, err := os.ReadFile(filepath.Join(args[0], "scenarios"))
	if err != nil {
		return err
	}
	j := &judge{observed: map[string][]float64{}, totals: map[string][]float64{}, late: 1000}
	byOthers := map[string]score{}
	if len(args) > 1 && args[1] == "busy" {
		j.late = 100000
	}
	var quiet, storms score
	fmt.Printf("%-26s %5s %6s %6s %5s %7s %6s %6s %5s %12s %5s %7s\n", "scenario", "pairs", "hooks", "missed", "extra", "excused",
		">1ms", ">10ms", "order", "errors/failed", "alone", "dials")
	for _, line := range strings.Split(strings.TrimSpace(string(list)), "\n") {
		name := strings.Fields(line)[0]
		data, err := os.ReadFile(filepath.Join(args[0], name+".json"))
		if err != nil {
			return err
		}
		var c comparison
		if err := json.Unmarshal(data, &c); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		s := j.scenario(name, &c)
		s.print(name)
		if isOther(name) {
			byOthers[name] = s
		}
		if isStorm(name) {
			storms.add(s)
		} else if !isOther(name) || name == "curl" || name == "node" {
			quiet.add(s)
		}
	}
	quiet.print("all but storms")
	storms.print("storms")
	j.printHooks()
	fmt.Println()
	for _, c := range j.complain {
		fmt.Println(" ", c)
	}
	if err := j.printOthers(byOthers); err != nil {
		return err
	}
	return j.verdict(quiet, storms)
}
