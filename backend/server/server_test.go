package server_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"spinscope/backend/leaktest"
	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/server"
	"spinscope/backend/server/guard"
	"spinscope/backend/server/rest"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// reader is an empty store, with enough candles to fill a large answer.
type reader struct{ candles int }

func (reader) CompleteTo(market.Pubkey) (at int64, own bool, err error) { return 1000, false, nil }

func (reader) State() store.State { return store.State{Seq: 7, Slot: 100, ChainTime: 1000} }

func (reader) Pair(market.Pubkey) market.Pair { return market.Pair{} }

func (reader) ID() string { return "" }

func (reader) Stats() store.Stats {
	counts := store.Stats{LastEventTime: 999}
	counts.Kinds.Add(spinpet.KindBuySell, 5)
	return counts
}

func (r reader) Candles(context.Context, market.Pubkey, market.Interval, store.CandleQuery) (store.CandlePage, error) {
	return store.CandlePage{Candles: make([]market.Candle, r.candles), Total: r.candles}, nil
}

func (reader) CandleBefore(market.Pubkey, market.Interval, int64) (market.Candle, bool, error) {
	return market.Candle{}, false, nil
}

func (reader) Events(context.Context, market.Pubkey, store.Page) (store.EventPage, error) {
	panic("a handler that panics")
}

func (reader) Stretch(context.Context, store.StretchQuery, func(*market.Event) error) (market.Seq, error) {
	return 7, nil
}

func (reader) EventsBack(context.Context, market.Position, func(*market.Event) error) (market.Seq, error) {
	return 7, nil
}

func (reader) UserEvents(context.Context, market.Pubkey, *market.Pubkey, store.Page) (store.EventPage, error) {
	return store.EventPage{}, nil
}

func (reader) UserOrders(context.Context, market.Pubkey, *market.Pubkey, store.Page) (store.OrderPage, error) {
	return store.OrderPage{}, nil
}

func (reader) UserHistory(context.Context, market.Pubkey, *market.Pubkey, int, func(*market.Event) error) (store.History, error) {
	return store.History{}, nil
}

func (reader) MintHistory(context.Context, market.Pubkey, int, func(*market.Event) error) (store.History, error) {
	return store.History{}, nil
}

func (reader) MintOrders(context.Context, market.Pubkey, bool, store.Page) (store.OrderPage, error) {
	return store.OrderPage{}, nil
}

func (reader) Mints(context.Context, store.MintQuery) (store.MintPage, error) {
	return store.MintPage{}, nil
}

func (reader) Tokens(context.Context, []market.Pubkey) ([]market.Token, error) { return nil, nil }

func (reader) Gaps(context.Context, *market.Pubkey, *market.GapState) ([]market.Gap, error) {
	return nil, nil
}

func (reader) DBStats() (store.DBStats, error) { return store.DBStats{}, nil }

func built() fs.FS {
	return fstest.MapFS{
		"index.html":             {Data: []byte("<!doctype html><title>Spinscope</title>")},
		"icon.svg":               {Data: []byte("<svg/>")},
		"assets/index-abc123.js": {Data: []byte("export {}")},
	}
}

func newServer(t testing.TB, token string, page fs.FS, change func(*server.Deps)) *server.Server {
	t.Helper()
	g, err := guard.New(guard.Config{Listen: "127.0.0.1:0", CORS: true, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	deps := server.Deps{
		API:     rest.Deps{Reader: reader{candles: 1000}, Feed: func() rest.FeedStatus { return rest.FeedStatus{Connection: "connected", Slot: 120} }},
		Guard:   g,
		Page:    page,
		Sockets: http.HandlerFunc(sockets),
		Logger:  slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&deps)
	}
	return server.New(deps)
}

// sockets stands in for Socket.IO: it takes the connection over as a WebSocket upgrade does.
func sockets(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		_, _ = io.WriteString(w, "polling")
		return
	}
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
}

// start serves on a real port and returns its base URL.
func start(t testing.TB, s *server.Server) string {
	t.Helper()
	listener, err := server.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, listener) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return "http://" + listener.Addr().String()
}

func do(t testing.TB, method, address string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}

	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}

	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()

	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestRoutes(t *testing.T) {
	base := start(t, newServer(t, "", built(), nil))
	const html, plain, script = "text/html; charset=utf-8", "text/plain; charset=utf-8", "text/javascript; charset=utf-8"
	for _, c := range []struct {
		method, path string
		status       int
		contentType  string
		cache        string
		contains     string
	}{
		{"GET", "/", 200, html, "no-cache", "<title>Spinscope"},
		{"HEAD", "/", 200, html, "no-cache", ""},
		{"GET", "/index.html", 200, html, "no-cache", "<title>"},
		{"GET", "/icon.svg", 200, "image/svg+xml", "no-cache", "<svg"},
		{"GET", "/assets/index-abc123.js", 200, script, "public, max-age=31536000, immutable", "export"},
		{"GET", "/assets/index-gone.js", 404, plain, "no-store", "not found"},
		{"GET", "/assets", 404, plain, "no-store", ""},
		{"GET", "/nothing", 404, plain, "no-store", ""},
		{"GET", "/%2e%2e/go.mod", 404, plain, "no-store", ""},
		{"GET", "/..%5c..%5cgo.mod", 404, plain, "no-store", ""},
		{"GET", "/x%00y", 404, plain, "no-store", ""},
		{"POST", "/", 405, plain, "", ""},
		{"GET", "/docs", 302, "", "no-store", ""},
		{"GET", "/docs/", 200, html, "no-cache", "docs.js"},
		{"GET", "/docs/docs.js", 200, script, "no-cache", "openapi.json"},
		{"GET", "/docs/docs.css", 200, "text/css; charset=utf-8", "no-cache", ""},
		{"GET", "/docs/nothing", 404, plain, "no-store", ""},
		{"GET", "/swagger-ui", 302, "", "no-store", ""},
		{"GET", "/swagger-ui/", 302, "", "no-store", ""},
		{"GET", "/api-docs/openapi.json", 200, "application/openapi+json", "no-store", `"3.1.0"`},
		{"GET", "/api/time", 200, "application/json", "no-store", "iso8601"},
		{"GET", "/api", 404, plain, "no-store", ""},
		{"GET", "/api/x", 404, "application/json", "no-store", "no such route"},
		{"GET", "/udf/config", 200, "application/json", "no-store", "supported_resolutions"},
		{"GET", "/udf/x", 404, "application/json", "no-store", `"s":"error"`},
		{"POST", "/udf/time", 405, "application/json", "no-store", `"s":"error"`},
		{"GET", "/ws/kline", 404, "application/json", "no-store", "namespace of Socket.IO"},
		{"GET", "/kline", 404, "application/json", "no-store", "namespace of Socket.IO"},
		{"GET", "/healthz", 200, plain, "no-store", "ok"},
		{"GET", "/readyz", 200, plain, "no-store", "ok"},
		{"GET", "/metrics", 200, "", "", "spinscope_store_seq 7"},
		{"GET", "/socket.io/?EIO=4&transport=polling", 200, plain, "", "polling"},
		{"GET", "/api/events?mint=11111111111111111111111111111111", 500, "application/json", "", `"success":false`},
	} {
		response, body := do(t, c.method, base+c.path)
		if response.StatusCode != c.status || !strings.Contains(body, c.contains) {
			// "/api" is redirected by the mux to "/api/", whose answer is the API's
			if c.path != "/api" || response.StatusCode != http.StatusMovedPermanently && response.StatusCode != http.StatusTemporaryRedirect {
				t.Errorf("%s %s: %d %.100s", c.method, c.path, response.StatusCode, body)
			}
			continue
		}

		if got := response.Header.Get("Content-Type"); c.contentType != "" && got != c.contentType {
			t.Errorf("%s: content type %q", c.path, got)
		}
		if got := response.Header.Get("Cache-Control"); c.cache != "" && got != c.cache {
			t.Errorf("%s: cache control %q", c.path, got)
		}

		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := response.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", c.path, name, got)
			}
		}

		if csp := response.Header.Get("Content-Security-Policy"); strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
			for _, part := range []string{"script-src 'self';", "frame-ancestors 'none'", "connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:*", "img-src 'self' data: http://127.0.0.1:*"} {
				if !strings.Contains(csp, part) {
					t.Errorf("%s: CSP lacks %q: %s", c.path, part, csp)
				}
			}
		}
	}
}

// A reverse proxy may have put the server below a path, so that what the pages ask for, and where a redirect leads, says
// nothing of the root.
func TestPagesKnowNoRoot(t *testing.T) {
	base := start(t, newServer(t, "", built(), nil))
	for path, want := range map[string]string{"/docs": "/docs/", "/swagger-ui": "/docs/", "/swagger-ui/": "/docs/", "/swagger-ui/index.html": "/docs/"} {
		response, _ := do(t, "GET", base+path)
		location := response.Header.Get("Location")
		if to, err := url.Parse("https://charts.example/below" + path); err != nil {
			t.Error(err)
		} else if to, err = to.Parse(location); err != nil || to.Path != "/below"+want {
			t.Errorf("below a path, %s leads to %q, which is %v %v", path, location, to, err)
		}
	}

	for _, path := range []string{"/docs/", "/docs/docs.js"} {
		_, body := do(t, "GET", base+path)
		for _, rooted := range []string{`href="/`, `src="/`, "fetch('/", "fetch(`/", "fetch(address"} {
			if strings.Contains(body, rooted) {
				t.Errorf("%s asks for a path of the root: %s", path, rooted)
			}
		}
	}
}

// Nothing may come from anywhere but this binary.
func TestDocsNeedNoOtherServer(t *testing.T) {
	base := start(t, newServer(t, "", built(), nil))
	for _, path := range []string{"/docs/", "/docs/docs.js", "/docs/docs.css"} {
		_, body := do(t, "GET", base+path)
		if strings.Contains(body, "https://") || strings.Contains(body, "http://") || strings.Contains(body, "eval(") || strings.Contains(body, "innerHTML") {
			t.Errorf("%s reaches out or builds markup from text", path)
		}
		for _, inline := range []string{"<script>", "<style", "style=", "onclick", "onload"} {
			if strings.Contains(body, inline) {
				t.Errorf("%s: inline %s", path, inline)
			}
		}
	}
}

func TestPageIsRevalidated(t *testing.T) {
	base := start(t, newServer(t, "", built(), nil))
	first, _ := do(t, "GET", base+"/")
	tag := first.Header.Get("ETag")
	if tag == "" {
		t.Fatal("no ETag")
	}
	again, body := do(t, "GET", base+"/", "If-None-Match", tag)
	if again.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("%d %q", again.StatusCode, body)
	}
}

func TestUnbuiltPageSaysHowToBuildIt(t *testing.T) {
	for name, files := range map[string]fs.FS{"nil": nil, "placeholder": fstest.MapFS{".gitkeep": {}}} {
		base := start(t, newServer(t, "", files, nil))
		response, body := do(t, "GET", base+"/")
		if response.StatusCode != http.StatusOK || !strings.Contains(body, "make build") {
			t.Errorf("%s: %d %q", name, response.StatusCode, body)
		}
		if response, _ := do(t, "GET", base+"/x"); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", name, response.StatusCode)
		}
	}
}

func TestTokenAndItsExemptions(t *testing.T) {
	base := start(t, newServer(t, "s3cret", built(), nil))
	for path, open := range map[string]bool{
		"/": true, "/icon.svg": true, "/assets/index-abc123.js": true, "/healthz": true, "/readyz": true, "/docs": true, "/docs/docs.js": true,
		"/socket.io/?EIO=4&transport=polling": true, // it asks at CONNECT
		"/api/time":                           false, "/api/kline": false, "/api/nothing": false, "/api-docs/openapi.json": false, "/metrics": false,
		"/api/export?mint=x": false, "/api/backup": false, "/api/image/x": false, "/api/time?token=s3cret": false, "/%61pi/time": false,
		"/udf/time": false, "/udf/history?symbol=x": false, "/udf/nothing": false,
	} {
		response, body := do(t, "GET", base+path)
		if (response.StatusCode != http.StatusUnauthorized) != open {
			t.Errorf("%s without token: %d %.80s", path, response.StatusCode, body)
		}
		if response, _ := do(t, "GET", base+path, "Authorization", "Bearer s3cret"); response.StatusCode == http.StatusUnauthorized {
			t.Errorf("%s with token: %d", path, response.StatusCode)
		}
		if response, _ := do(t, "GET", base+path, "Authorization", "Bearer wrong"); (response.StatusCode == http.StatusUnauthorized) == open {
			t.Errorf("%s with a wrong token: %d", path, response.StatusCode)
		}
	}

	// no way around by writing the path otherwise: the mux sends such a request back to the guarded path
	for _, path := range []string{"//api/time", "/x/../api/time", "/api//time", "/./api/time"} {
		if response, body := do(t, "GET", base+path); response.StatusCode == http.StatusOK || strings.Contains(body, "iso8601") {
			t.Errorf("%s: %d %s", path, response.StatusCode, body)
		}
	}
}

func TestGuardStandsBeforeEverything(t *testing.T) {
	base := start(t, newServer(t, "", built(), nil))
	for _, path := range []string{"/", "/api/time", "/udf/time", "/docs", "/healthz", "/readyz", "/metrics", "/socket.io/?EIO=4&transport=polling", "/socket.io/?EIO=4&transport=websocket"} {
		for _, header := range [][]string{{"Host", "evil.example"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
			response, body := do(t, "GET", base+path, append(header, "Connection", "Upgrade", "Upgrade", "websocket")...)
			if response.StatusCode != http.StatusForbidden || !strings.Contains(body, `"success":false`) {
				t.Errorf("%s with %v: %d %.80s", path, header, response.StatusCode, body)
			}
		}
	}
	response, _ := do(t, "GET", base+"/socket.io/?EIO=4&transport=websocket", "Connection", "Upgrade", "Upgrade", "websocket", "Origin", base)
	if response.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("the own page's upgrade: %d", response.StatusCode)
	}
}

func TestReadiness(t *testing.T) {
	var problem error = errors.New("the store is opening")
	base := start(t, newServer(t, "", nil, func(d *server.Deps) { d.Ready = func() error { return problem } }))
	if response, body := do(t, "GET", base+"/readyz"); response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "the store is opening") {
		t.Error(response.StatusCode, body)
	}
	if response, _ := do(t, "GET", base+"/healthz"); response.StatusCode != http.StatusOK {
		t.Error(response.StatusCode)
	}
}

func TestMetrics(t *testing.T) {
	base := start(t, newServer(t, "", nil, nil))
	do(t, "GET", base+"/api/kline?mint=11111111111111111111111111111111&interval=m1")
	do(t, "GET", base+"/api/kline")
	for range 3 {
		do(t, "GET", base+fmt.Sprintf("/api/made-up-%d", 1))
	}

	_, body := do(t, "GET", base+"/metrics")
	for _, line := range []string{
		"spinscope_store_seq 7", `spinscope_store_events{kind="BuySell"} 5`, "spinscope_chain_time_seconds 1000", "spinscope_slot 120", "spinscope_feed_connected 1",
		`spinscope_http_requests_total{code="200",route="GET /api/kline"} 1`, `spinscope_http_requests_total{code="400",route="GET /api/kline"} 1`,
		`spinscope_http_requests_total{code="404",route="/"} 3`, "go_goroutines",
	} {
		if !strings.Contains(body, line+"\n") && !strings.Contains(body, line+" ") {
			t.Errorf("no %q", line)
		}
	}

	if strings.Contains(body, "made-up") {
		t.Error("a stranger's path became a label")
	}
}

func TestLargeAnswersAreCompressedForOthers(t *testing.T) {
	s := newServer(t, "", nil, nil)
	const path = "/api/kline?limit=1000&interval=m1&mint=11111111111111111111111111111111"
	for _, c := range []struct {
		remote, accept, path string
		want                 bool
	}{
		{"203.0.113.7:1", "gzip, deflate", path, true},
		{"203.0.113.7:1", "br;q=1, gzip;q=0.5", path, true},
		{"203.0.113.7:1", "gzip;q=0", path, false},
		{"203.0.113.7:1", "", path, false},
		{"203.0.113.7:1", "gzip", "/api/time", false},
		{"127.0.0.1:1", "gzip", path, false},
		{"[::1]:1", "gzip", path, false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", c.path, nil)
		r.Host, r.RemoteAddr = "127.0.0.1", c.remote
		r.Header.Set("Accept-Encoding", c.accept)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		var body io.Reader = w.Body
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != c.want {
			t.Errorf("%+v: %v", c, got)
		} else if got {
			unpacked, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = unpacked
		}

		var envelope wire.Envelope[any]
		if err := json.NewDecoder(body).Decode(&envelope); err != nil || !envelope.Success {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestBusyPort(t *testing.T) {
	held, err := server.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()

	_, err = server.Listen(t.Context(), held.Addr().String())
	if !errors.Is(err, server.ErrBusy) || !strings.Contains(err.Error(), held.Addr().String()) || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("got %v", err)
	}
	for _, address := range []string{"", "x", "127.0.0.1:99999", "203.0.113.1:0", "127.0.0.1:http:"} {
		listener, err := server.Listen(t.Context(), address)
		if err == nil {
			_ = listener.Close()
			if address != "" { // ":0" on all addresses: config refuses it before
				t.Errorf("%q: listens", address)
			}
			continue
		}
		if !strings.Contains(err.Error(), "listen on "+address) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// Told to end, the server answers what runs and cuts what hangs.
func TestShutdown(t *testing.T) {
	entered, release := make(chan struct{}, 2), make(chan struct{})
	s := newServer(t, "", nil, func(d *server.Deps) {
		d.Sockets = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			entered <- struct{}{}
			if r.URL.Query().Has("hang") {
				<-r.Context().Done()
				return
			}
			<-release
			_, _ = io.WriteString(w, "finished")
		})
	})
	listener, err := server.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, listener) }()
	ask := func(query string) net.Conn {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET /socket.io/%s HTTP/1.1\r\nHost: localhost\r\n\r\n", query)
		<-entered
		return conn
	}
	quick, hung := ask(""), ask("?hang")
	defer quick.Close()
	defer hung.Close()

	cancel()
	close(release)
	response, err := http.ReadResponse(bufio.NewReader(quick), nil)
	if err != nil {
		t.Fatal(err)
	}

	body, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if string(body) != "finished" {
		t.Errorf("a running request got %q", body)
	}

	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(hung); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the hung request: %v", err)
	}

	if _, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String()); err == nil {
		t.Error("the port is still open")
	}
}

func TestClosedListenerEndsServe(t *testing.T) {
	listener, err := server.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	if err := newServer(t, "", nil, nil).Serve(t.Context(), listener); err == nil {
		t.Error("Serve ended without an error")
	}
}
