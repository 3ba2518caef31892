package solana

import (
	"bufio"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"spinscope/backend/market"
)

// corporateProxy is a proxy as offices have it: it passes plain requests on without their Upgrade, and makes tunnels. All
// names lead to target.
type corporateProxy struct {
	target  string // HOST:PORT
	user    string // name:password to be asked for; "" for none
	closed  bool   // it makes no tunnels
	mu      sync.Mutex
	tunnels []string
	plain   int
	group   sync.WaitGroup
}

func (p *corporateProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := r.Header.Get("Proxy-Authorization")
	if p.user != "" && header != "Basic "+base64.StdEncoding.EncodeToString([]byte(p.user)) {
		http.Error(w, "who are you?", http.StatusProxyAuthRequired)
		return
	}
	if r.Method != http.MethodConnect {
		p.mu.Lock()
		p.plain++
		p.mu.Unlock()
		r.Header.Del("Upgrade")
		r.Header.Del("Connection")
		(&httputil.ReverseProxy{Rewrite: func(to *httputil.ProxyRequest) { to.SetURL(&url.URL{Scheme: "http", Host: p.target}) }}).ServeHTTP(w, r)
		return
	}

	if p.closed {
		http.Error(w, "no tunnels here", http.StatusForbidden)
		return
	}

	p.mu.Lock()
	p.tunnels = append(p.tunnels, r.Host)
	p.mu.Unlock()
	out, err := net.Dial("tcp", p.target)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}

	in, pending, err := w.(http.Hijacker).Hijack()
	if err != nil {
		_ = out.Close()
		return
	}

	_, _ = io.WriteString(in, "HTTP/1.1 200 Connection established\r\nVia: 1.1 office\r\n\r\n")
	p.group.Go(func() { pass(out, pending.Reader, in) })
	p.group.Go(func() { pass(in, bufio.NewReader(out), out) })
}

// pass copies until either end is gone.
func pass(to net.Conn, from *bufio.Reader, source net.Conn) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
	_ = source.Close()
}

// useProxy lets the environment name a proxy that leads to a cluster, and gives the cluster a name that nobody knows.
func useProxy(t *testing.T, c *cluster, p *corporateProxy) Endpoint {
	address := c.server.Listener.Addr().String()
	p.target = address
	server := httptest.NewServer(p)
	t.Cleanup(func() {
		server.Close()
		c.cut()
		p.group.Wait()
	})
	for _, name := range []string{"NO_PROXY", "no_proxy", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"} {
		t.Setenv(name, "")
	}

	user := ""
	if p.user != "" {
		user = p.user + "@"
	}
	t.Setenv("HTTP_PROXY", strings.Replace(server.URL, "://", "://"+user, 1))
	_, port, _ := net.SplitHostPort(address)
	return Endpoint{RPC: "http://node.invalid:" + port, WS: "ws://node.invalid:" + port}
}

// TestWebSocketThroughAProxy reads a cluster that only a proxy can reach, without TLS: the WebSocket goes in a tunnel.
func TestWebSocketThroughAProxy(t *testing.T) {
	for _, user := range []string{"", "clerk:pa55:word"} {
		c := newCluster(t)
		c.history(5, 1)
		p := &corporateProxy{user: user}
		endpoint := useProxy(t, c, p)
		r := start(t, testConfig(endpoint), 0)
		stop := c.run(1)
		r.live()
		if probe, err := Try(t.Context(), endpoint, market.Pubkey{1}, Confirmed); err != nil || probe.Logs != "" {
			t.Errorf("tried through the proxy: %+v, %v", probe, err)
		}

		stop()
		all := c.ledger()
		r.until("everything", func() bool { return r.has(all) })
		r.equal(all)
		p.mu.Lock()
		if len(p.tunnels) != 2 || p.tunnels[0] != strings.TrimPrefix(endpoint.WS, "ws://") || p.plain == 0 {
			t.Errorf("tunnels to %v, %d plain requests", p.tunnels, p.plain)
		}

		p.mu.Unlock()
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	}
}

// TestProxyThatRefuses: what a proxy says is told, and nothing goes past it.
func TestProxyThatRefuses(t *testing.T) {
	c := newCluster(t)
	endpoint := useProxy(t, c, &corporateProxy{closed: true})
	_, err := dial(t.Context(), endpoint, socketOptions{program: testProgram, commitment: Confirmed})
	if err == nil || !strings.Contains(err.Error(), "proxy 127.0.0.1:") || !strings.Contains(err.Error(), "403 Forbidden") {
		t.Error("no tunnel:", err)
	}
	endpoint = useProxy(t, c, &corporateProxy{user: "clerk:secret"})
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	if _, err = dial(t.Context(), endpoint, socketOptions{program: testProgram, commitment: Confirmed}); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Error("no proxy:", err)
	}
	if c.dials != 0 {
		t.Errorf("%d sockets went past the proxy", c.dials)
	}
}
