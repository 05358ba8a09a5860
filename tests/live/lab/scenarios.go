package main

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"time"
)

const web80 = "http://web.lab:8080"

// both makes the same story with each of Go's resolvers.
func both(name, resolv string, short bool, run func(l *lab)) []scenario {
	return []scenario{{name, "go", resolv, short, run}, {name + "-cgo", "cgo", resolv, false, run}}
}

func one(name string, short bool, run func(l *lab)) []scenario {
	return []scenario{{name, "go", "one", short, run}}
}

// wide asks its names of a server on the far side of the link, as one that lives there would.
func wide(name string, short bool, run func(l *lab)) []scenario {
	return []scenario{{name, "go", "wan", short, run}}
}

func fetch(name string, short bool, urls ...string) []scenario {
	return one(name, short, func(l *lab) { get(l.client(), urls...) })
}

var scenarios = func() []scenario {
	var all []scenario
	for _, group := range [][]scenario{
		plain(), lookups(), dials(), handshakes(), proxies(), messages(), failures(), http2(), vantages(), storms(),
	} {
		all = append(all, group...)
	}
	return all
}()

func plain() (s []scenario) {
	s = append(s, both("fresh", "one", true, func(l *lab) {
		for i := 0; i < 20; i++ {
			get(l.client(), web80+"/?bytes=100")
		}
	})...)
	s = append(s, one("literal", false, func(l *lab) { get(l.client(), "http://10.77.0.1:8080/?bytes=5", "http://[fd77::1]:8080/?bytes=5") })...)
	s = append(s, one("reuse", true, func(l *lab) { times(50, l.client(), web80+"/?bytes=300&ms=1") })...)
	s = append(s, one("no-reuse", false, func(l *lab) { times(10, l.client(noReuse), web80+"/?bytes=30") })...)
	s = append(s, one("server-closes", false, func(l *lab) { times(8, l.client(), web80+"/?bytes=30&close=1") })...)
	s = append(s, one("slow-server", false, func(l *lab) { times(5, l.client(), web80+"/?bytes=30&ms=150") })...)
	s = append(s, one("large-answer", false, func(l *lab) { times(5, l.client(), web80+"/?bytes=3000000") })...)
	s = append(s, one("chunked", false, func(l *lab) { times(5, l.client(), web80+"/chunked?n=5&ms=10") })...)
	s = append(s, one("no-body", false, func(l *lab) {
		c := l.client()
		get(c, web80+"/?status=204", web80+"/?status=304")
		send(c, http.MethodHead, web80+"/?bytes=1000", "")
		send(c, http.MethodOptions, web80+"/", "")
	})...)
	s = append(s, one("statuses", false, func(l *lab) {
		get(l.client(), web80+"/?status=404", web80+"/?status=500&bytes=20", web80+"/?status=503&ms=20")
	})...)
	s = append(s, one("until-close", false, func(l *lab) { times(4, l.client(), "http://web.lab:8090/until-close") })...)
	s = append(s, one("http10", false, func(l *lab) { times(3, l.client(), "http://web.lab:8090/http10") })...)
	s = append(s, one("unread", false, func(l *lab) {
		c := l.client()
		for i := 0; i < 3; i++ {
			if resp, err := c.Get(web80 + "/?bytes=2000000"); err == nil {
				io.ReadFull(resp.Body, make([]byte, 10))
				resp.Body.Close()
			}
		}
	})...)
	return append(s, one("slow-reader", false, func(l *lab) {
		c := l.client()
		for i := 0; i < 3; i++ {
			if resp, err := c.Get(web80 + "/?bytes=40000"); err == nil {
				time.Sleep(40 * time.Millisecond)
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		}
	})...)
}

func lookups() (s []scenario) {
	for _, name := range []string{"empty", "nx", "servfail", "refused"} {
		s = append(s, both("dns-"+name, "one", name == "empty", func(l *lab) { times(3, l.client(), "http://"+name+".lab:8080/") })...)
	}
	s = append(s, both("dns-drop", "fast", false, func(l *lab) {
		get(l.client(), "http://drop.lab:8080/")
		linger(1500 * time.Millisecond)
	})...)
	s = append(s, both("dns-nov6", "fast", false, func(l *lab) { get(l.client(), "http://nov6.lab:8080/?bytes=4") })...)
	s = append(s, both("dns-slow", "one", false, func(l *lab) { get(l.client(), "http://slow.lab:8080/?bytes=4") })...)
	s = append(s, both("dns-truncated", "one", false, func(l *lab) { get(l.client(), "http://tc.lab:8080/?bytes=4") })...)
	s = append(s, both("dns-alias", "one", false, func(l *lab) { get(l.client(), "http://alias.lab:8080/?bytes=4") })...)
	s = append(s, both("dns-search", "search", true, func(l *lab) {
		get(l.client(), "http://b:8080/?bytes=4", "http://b.ns:8080/?bytes=4", "http://web.lab:8080/?bytes=9", "http://nowhere:8080/")
	})...)
	s = append(s, both("dns-dead-server", "two", false, func(l *lab) { get(l.client(), "http://web.lab:8080/?bytes=4") })...)
	s = append(s, both("dns-closed-port", "closed", false, func(l *lab) { get(l.client(), "http://web.lab:8080/?bytes=4") })...)
	s = append(s, both("dns-deadline", "one", false, func(l *lab) {
		cancelled(l.client(), "http://drop.lab:8080/", 300*time.Millisecond)
		linger(5500 * time.Millisecond)
	})...)
	return append(s, one("dns-shared", false, func(l *lab) {
		storm(l.client(idlePerHost(10)), 6, 1, func(w, _ int) string { return "http://slow.lab:8080/?bytes=9" })
	})...)
}

func dials() (s []scenario) {
	s = append(s, fetch("refused", true, "http://web.lab:9/", "http://web.lab:9/")...)
	s = append(s, fetch("second-address", false, "http://multi.lab:8080/?bytes=3")...)
	s = append(s, fetch("no-address-works", false, "http://allbad.lab:8080/")...)
	s = append(s, one("blackhole", false, func(l *lab) {
		get(l.client(dialTimeout(2500*time.Millisecond, 0)), "http://blackhole.lab:8080/")
		linger(2 * time.Second)
	})...)
	s = append(s, fetch("unreachable", false, "http://unreach.lab:8080/", "http://prohibit.lab:8080/")...)
	s = append(s, fetch("dual-stack", false, "http://dual.lab:8080/?bytes=3")...)
	s = append(s, fetch("v6-only", false, "http://v6.lab:8080/?bytes=3")...)
	s = append(s, fetch("v6-dead", true, "http://v6dead.lab:8080/?bytes=3")...)
	s = append(s, fetch("v6-refused", false, "http://v6refuse.lab:8080/?bytes=3")...)
	s = append(s, one("v6-dead-serial", false, func(l *lab) { get(l.client(dialTimeout(2*time.Second, -1)), "http://v6dead.lab:8080/?bytes=3") })...)
	return append(s, one("dial-deadline", false, func(l *lab) {
		cancelled(l.client(dialTimeout(2500*time.Millisecond, 0)), "http://blackhole.lab:8080/", 700*time.Millisecond)
		linger(4 * time.Second)
	})...)
}

func handshakes() (s []scenario) {
	for name, port := range map[string]string{"tls13": "8443", "tls12": "8444", "tls-retry": "8449"} {
		s = append(s, one(name, name == "tls13", func(l *lab) {
			for i := 0; i < 5; i++ {
				times(2, l.client(), "https://web.lab:"+port+"/?bytes=200")
			}
		})...)
	}
	sortByName(s)
	s = append(s, one("tls-resumed", false, func(l *lab) {
		for _, port := range []string{"8443", "8444"} {
			times(4, l.client(resumption, noReuse), "https://web.lab:"+port+"/?bytes=50")
		}
	})...)
	s = append(s, fetch("tls-expired", false, "https://web.lab:8446/")...)
	s = append(s, fetch("tls-wrong-name", false, "https://web.lab:8447/")...)
	s = append(s, one("tls-unknown-authority", true, func(l *lab) {
		l.tls.RootCAs = nil
		get(l.client(), "https://web.lab:8443/", "https://web.lab:8444/")
	})...)
	s = append(s, fetch("tls-client-cert-missing", false, "https://web.lab:8445/", "https://web.lab:8448/")...)
	s = append(s, one("tls-old-version", false, func(l *lab) {
		l.tls.MinVersion = tls.VersionTLS13
		get(l.client(), "https://web.lab:8444/")
	})...)
	s = append(s, fetch("tls-to-plain", false, "https://web.lab:8080/")...)
	s = append(s, fetch("tls-eof", false, "https://web.lab:8453/")...)
	s = append(s, fetch("tls-reset", false, "https://web.lab:8454/")...)
	s = append(s, one("tls-silent", false, func(l *lab) { get(l.client(handshakeTimeout(600*time.Millisecond)), "https://web.lab:8455/") })...)
	return append(s, one("tls-large", false, func(l *lab) { times(3, l.client(), "https://web.lab:8443/?bytes=1000000") })...)
}

func proxies() (s []scenario) {
	s = append(s, one("proxy-http", true, func(l *lab) {
		times(4, l.client(through("http://proxy.lab:3128")), web80+"/?bytes=40")
	})...)
	s = append(s, one("proxy-connect", true, func(l *lab) {
		times(3, l.client(through("http://proxy.lab:3128")), "https://web.lab:8443/?bytes=40")
	})...)
	s = append(s, one("proxy-refuses", false, func(l *lab) { get(l.client(through("http://proxy.lab:3128")), "https://deny.lab:8443/") })...)
	s = append(s, one("proxy-gone", false, func(l *lab) { get(l.client(through("http://proxy.lab:9")), web80+"/", "https://web.lab:8443/") })...)
	s = append(s, one("proxy-tls", false, func(l *lab) {
		times(2, l.client(through("https://proxy.lab:3129")), "https://web.lab:8443/?bytes=40")
		times(2, l.client(through("https://proxy.lab:3129")), web80+"/?bytes=40")
	})...)
	s = append(s, one("socks", false, func(l *lab) {
		times(2, l.client(through("socks5://proxy.lab:1080")), web80+"/?bytes=40")
		times(2, l.client(through("socks5://proxy.lab:1080")), "https://web.lab:8443/?bytes=40")
	})...)
	return append(s, one("socks-refuses", false, func(l *lab) {
		get(l.client(through("socks5://proxy.lab:1080")), "http://nowhere.lab:80/")
	})...)
}

func messages() (s []scenario) {
	s = append(s, one("upload", false, func(l *lab) {
		c := l.client()
		for _, size := range []int{10, 4000, 100000, 3000000} {
			upload(c, web80+"/upload?bytes=5", size, false)
			upload(c, web80+"/upload?bytes=5", size, true)
			time.Sleep(3 * time.Millisecond)
		}
	})...)
	s = append(s, one("expect", true, func(l *lab) {
		c := l.client()
		upload(c, web80+"/upload?bytes=5", 2000, false, "Expect", "100-continue")
		upload(c, web80+"/refuse-body", 2000, false, "Expect", "100-continue")
	})...)
	s = append(s, one("expect-timer", false, func(l *lab) {
		upload(l.client(expectTimeout(80*time.Millisecond)), "http://web.lab:8090/silent-expect", 200, false, "Expect", "100-continue")
		upload(l.client(expectTimeout(80*time.Millisecond)), web80+"/upload?ms=300", 200, false, "Expect", "100-continue")
	})...)
	s = append(s, one("hints", false, func(l *lab) { times(3, l.client(), web80+"/hints?n=3&ms=15") })...)
	s = append(s, one("redirect", true, func(l *lab) {
		get(l.client(), web80+"/redirect?n=3&status=302", web80+"/redirect?n=1&status=307")
		send(l.client(), http.MethodPost, web80+"/redirect?n=1&status=303", "body")
	})...)
	s = append(s, one("stale", true, func(l *lab) {
		for _, path := range []string{"/once", "/once-reset"} {
			times(3, l.client(), "http://web.lab:8090"+path)
		}
	})...)
	s = append(s, one("stale-post", false, func(l *lab) {
		for _, path := range []string{"/once", "/once-reset"} {
			c := l.client()
			get(c, "http://web.lab:8090"+path)
			time.Sleep(3 * time.Millisecond)
			send(c, http.MethodPost, "http://web.lab:8090"+path, "body")
		}
	})...)
	return append(s, one("split-head", false, func(l *lab) { get(l.client(), "http://web.lab:8090/split-head") })...)
}

func failures() (s []scenario) {
	for _, path := range []string{"eof", "reset", "half-head", "ssh", "bad-status", "bad-header", "half-body", "half-chunk", "half-reset"} {
		s = append(s, fetch(path, path == "eof" || path == "half-body", "http://web.lab:8090/"+path, "http://web.lab:8090/"+path)...)
	}
	s = append(s, one("early-answer", false, func(l *lab) { upload(l.client(), "http://web.lab:8090/early", 8000000, false) })...)
	s = append(s, one("reset-upload", false, func(l *lab) { upload(l.client(), "http://web.lab:8090/reset-upload", 3000000, false) })...)
	s = append(s, one("header-timeout", true, func(l *lab) {
		get(l.client(headerTimeout(200*time.Millisecond)), web80+"/?ms=400")
		linger(300 * time.Millisecond)
	})...)
	s = append(s, one("client-timeout", false, func(l *lab) {
		get(l.client(timeout(200*time.Millisecond)), web80+"/?ms=400", web80+"/chunked?n=10&ms=50")
		linger(300 * time.Millisecond)
	})...)
	s = append(s, one("cancel", false, func(l *lab) {
		cancelled(l.client(), web80+"/?ms=400", 150*time.Millisecond)
		cancelled(l.client(), web80+"/chunked?n=10&ms=50", 150*time.Millisecond)
		linger(300 * time.Millisecond)
	})...)
	return append(s, one("aborted", false, func(l *lab) { get(l.client(), web80+"/abort", web80+"/abort-body") })...)
}

func http2() (s []scenario) {
	const tlsBase, plainBase = "https://web.lab:9443", "http://web.lab:8081"
	for name, start := range map[string]struct {
		base string
		opt  option
	}{"h2": {tlsBase, h2}, "h2c": {plainBase, h2c}} {
		s = append(s, one(name, true, func(l *lab) { times(10, l.client(start.opt), start.base+"/?bytes=300") })...)
		s = append(s, one(name+"-parallel", false, func(l *lab) {
			c := l.client(start.opt)
			get(c, start.base+"/?bytes=3")
			storm(c, 10, 5, func(w, i int) string { return start.base + "/?bytes=5000&ms=5" })
		})...)
		s = append(s, one(name+"-messages", false, func(l *lab) {
			c := l.client(start.opt)
			upload(c, start.base+"/upload?bytes=5", 100000, true)
			upload(c, start.base+"/upload?bytes=5", 2000, false, "Expect", "100-continue")
			get(c, start.base+"/hints?n=2&ms=10", start.base+"/chunked?n=4&ms=10", start.base+"/?status=204")
			send(c, http.MethodHead, start.base+"/?bytes=99", "")
		})...)
		s = append(s, one(name+"-errors", false, func(l *lab) {
			c := l.client(start.opt)
			get(c, start.base+"/abort", start.base+"/abort-body", start.base+"/?bytes=3")
			cancelled(c, start.base+"/?ms=300", 100*time.Millisecond)
			get(c, start.base+"/?bytes=7")
		})...)
	}
	sortByName(s)
	return append(s, one("h2-fresh-parallel", false, func(l *lab) {
		storm(l.client(h2), 6, 2, func(w, i int) string { return tlsBase + "/?bytes=50&ms=3" })
	})...)
}

// vantages see less, or more, than the client's own packets: run.sh captures them so.
func vantages() (s []scenario) {
	several := func(l *lab) {
		for i := 0; i < 5; i++ {
			times(3, l.client(), web80+"/?bytes=2000&ms=2")
		}
		get(l.client(), "http://web.lab:9/", "http://nx.lab:8080/", "http://multi.lab:8080/?bytes=3", "https://web.lab:8443/?bytes=700")
	}
	s = append(s, one("snaplen-96", false, several)...)
	return append(s, one("masquerade", false, several)...)
}

func storms() (s []scenario) {
	s = append(s, one("pool-small", true, func(l *lab) {
		storm(l.client(idlePerHost(4)), 8, 6, names("http://n%d.lab:8080/?w=%d&i=%d&ms=%d&bytes=200"))
	})...)
	s = append(s, one("storm-idle", false, func(l *lab) {
		storm(l.client(idlePerHost(4)), 40, 30, names("http://n%d.lab:8080/?w=%d&i=%d&ms=%d&bytes=200"))
	})...)
	s = append(s, one("storm-limit", false, func(l *lab) {
		storm(l.client(connsPerHost(4)), 40, 30, names("http://n%d.lab:8080/?w=%d&i=%d&ms=%d&bytes=200"))
	})...)
	s = append(s, one("storm-tls", false, func(l *lab) {
		storm(l.client(idlePerHost(4)), 40, 10, names("https://n%d.lab:8443/?w=%d&i=%d&ms=%d&bytes=200"))
	})...)
	s = append(s, wide("wan", true, func(l *lab) {
		c := l.client()
		for i := 0; i < 20; i++ {
			get(c, "http://wan.lab:8080/?bytes=2000")
			get(l.client(), "https://wan.lab:8443/?bytes=60000")
		}
	})...)
	s = append(s, wide("wan-upload", false, func(l *lab) {
		for i := 0; i < 4; i++ {
			upload(l.client(), "http://wan.lab:8080/upload?bytes=5", 300000, i%2 == 0)
		}
	})...)
	s = append(s, wide("wan-h2", false, func(l *lab) {
		storm(l.client(h2), 5, 8, func(w, i int) string { return "https://wan.lab:9443/?bytes=4000&ms=2" })
	})...)
	return append(s, wide("storm-wan", false, func(l *lab) {
		storm(l.client(idlePerHost(4)), 40, 10, names("http://w%d.lab:8080/?w=%d&i=%d&ms=%d&bytes=200"))
		linger(5500 * time.Millisecond) // a lost question is repeated after 5 s
	})...)
}

func sortByName(s []scenario) {
	for i := range s {
		for j := i; j > 0 && strings.Compare(s[j].name, s[j-1].name) < 0; j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
}
