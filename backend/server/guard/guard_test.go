package guard_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"spinscope/backend/server/guard"
)

func newGuard(t *testing.T, cfg guard.Config) *guard.Guard {
	t.Helper()
	g, err := guard.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// transports are the ways a request reaches the server: each must be guarded alike.
var transports = []struct {
	name, method, target string
	header               map[string]string
}{
	{"rest", "GET", "/api/time", nil},
	{"post", "POST", "/api/details", map[string]string{"Content-Type": "application/json"}},
	{"polling", "GET", "/socket.io/?EIO=4&transport=polling", nil},
	{"polling post", "POST", "/socket.io/?EIO=4&transport=polling&sid=x", nil},
	{"upgrade", "GET", "/socket.io/?EIO=4&transport=websocket", map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	}},
	{"static", "GET", "/", nil},
	{"options", "OPTIONS", "/api/time", nil},
}

func TestHostAndOriginOnEveryTransport(t *testing.T) {
	cfg := guard.Config{
		Listen:       "127.0.0.1:5051",
		AllowedHosts: []string{"Scope.Example", "named.example:8443"},
		AllowOrigins: []string{"https://Charts.Example", "http://dev.example:3000", "capacitor://app"},
		CORS:         true,
	}
	cases := []struct {
		host, origin string
		want         error
	}{
		{"127.0.0.1:5051", "", nil},
		{"127.0.0.1", "", nil},
		{"127.8.9.1:5051", "", nil},
		{"localhost:5051", "", nil},
		{"LOCALHOST:5051", "", nil},
		{"localhost.:5051", "", nil},
		{"[::1]:5051", "", nil},
		{"[::1]", "", nil},
		{"scope.example", "", nil},
		{"named.example:5051", "", nil},
		{"evil.example:5051", "", guard.ErrHost},
		{"evil.example", "http://evil.example", guard.ErrHost},
		{"localhost.evil.example:5051", "", guard.ErrHost},
		{"127.0.0.1.evil.example", "", guard.ErrHost},
		{"wails.localhost", "", guard.ErrHost},
		{"10.1.2.3:5051", "", guard.ErrHost},
		{"192.168.1.20", "", guard.ErrHost},
		{"0.0.0.0:5051", "", guard.ErrHost},
		{"127.0.0.1:5051", "http://127.0.0.1:5051", nil},
		{"localhost:5051", "http://localhost:5051", nil},
		{"[::1]:5051", "http://[::1]:5051", nil},
		{"scope.example", "https://scope.example", nil},
		{"scope.example", "https://scope.example:443", nil},
		{"localhost:80", "http://localhost", nil},
		{"127.0.0.1:5051", "http://localhost:5051", guard.ErrOrigin}, // another origin to the browser as well
		{"127.0.0.1:5051", "http://127.0.0.1:5052", guard.ErrOrigin},
		{"127.0.0.1:5051", "http://127.0.0.1", guard.ErrOrigin},
		{"127.0.0.1:5051", "wails://wails", nil},
		{"127.0.0.1:5051", "http://wails.localhost", nil},
		{"127.0.0.1:5051", "https://wails.localhost", guard.ErrOrigin},
		{"127.0.0.1:5051", "wails://wails.evil.example", guard.ErrOrigin},
		{"127.0.0.1:5051", "http://wails.localhost:81", guard.ErrOrigin},
		{"127.0.0.1:5051", "https://charts.example", nil},
		{"127.0.0.1:5051", "https://CHARTS.example:443", nil},
		{"127.0.0.1:5051", "http://charts.example", guard.ErrOrigin},
		{"127.0.0.1:5051", "http://dev.example:3000", nil},
		{"127.0.0.1:5051", "http://dev.example", guard.ErrOrigin},
		{"127.0.0.1:5051", "capacitor://app", nil},
		{"127.0.0.1:5051", "null", guard.ErrOrigin},
		{"127.0.0.1:5051", "NULL", guard.ErrOrigin},
		{"127.0.0.1:5051", "file://", guard.ErrOrigin},
		{"127.0.0.1:5051", "https://evil.example", guard.ErrOrigin},
		{"127.0.0.1:5051", "https://charts.example.evil.example", guard.ErrOrigin},
		{"127.0.0.1:5051", "https://charts.example/path", guard.ErrOrigin},
		{"127.0.0.1:5051", "https://user@charts.example", guard.ErrOrigin},
		{"127.0.0.1:5051", "https://charts.example#x", guard.ErrOrigin},
		{"127.0.0.1:5051", "://", guard.ErrOrigin},
		{"127.0.0.1:5051", "*", guard.ErrOrigin},
		{"127.0.0.1:5051", "%zz", guard.ErrOrigin},
		{"127.0.0.1:5051", "http://" + strings.Repeat("a", 5000), guard.ErrOrigin},
	}
	g := newGuard(t, cfg)
	reached := false
	handler := g.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	for _, transport := range transports {
		for _, c := range cases {
			t.Run(fmt.Sprintf("%s/%s/%.40s", transport.name, c.host, c.origin), func(t *testing.T) {
				r := httptest.NewRequestWithContext(context.Background(), transport.method, transport.target, nil)
				r.Host = c.host
				for key, value := range transport.header {
					r.Header.Set(key, value)
				}

				if c.origin != "" {
					r.Header.Set("Origin", c.origin)
				}
				if err := g.Allow(r); !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
					t.Errorf("Allow: got %v, want %v", err, c.want)
				}

				w := httptest.NewRecorder()
				reached = false
				handler.ServeHTTP(w, r)
				if reached != (c.want == nil) {
					t.Errorf("reached the handler: %v", reached)
				}

				if c.want != nil {
					checkRefusal(t, w, http.StatusForbidden)
					if w.Header().Get("Access-Control-Allow-Origin") != "" {
						t.Error("a refused origin got a CORS header")
					}
				} else if got := w.Header().Get("Access-Control-Allow-Origin"); got != c.origin {
					t.Errorf("Access-Control-Allow-Origin: got %q, want %q", got, c.origin)
				}

				if w.Header().Get("Vary") != "Origin" {
					t.Error("no Vary: Origin")
				}
			})
		}
	}
}

func checkRefusal(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Errorf("status: got %d, want %d", w.Code, status)
	}
	var body struct {
		Success *bool
		Data    any
		Message string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Success == nil || *body.Success || body.Message == "" {
		t.Errorf("not a failure envelope: %s (%v)", w.Body, err)
	}
}

func TestRepeatedOriginIsRefused(t *testing.T) {
	g := newGuard(t, guard.Config{Listen: "127.0.0.1:1"})
	r := httptest.NewRequestWithContext(context.Background(), "GET", "/", nil)
	r.Host = "127.0.0.1:1"
	for _, values := range [][]string{{"http://127.0.0.1:1", "https://evil.example"}, {""}, {"", "http://127.0.0.1:1"}} {
		r.Header["Origin"] = values
		if err := g.Check(r); !errors.Is(err, guard.ErrOrigin) {
			t.Errorf("%q: got %v", values, err)
		}
	}
}

func TestAnyOriginNeverTakesNull(t *testing.T) {
	g := newGuard(t, guard.Config{Listen: "127.0.0.1:1", AllowOrigins: []string{"*"}, CORS: true, Token: "x"})
	r := httptest.NewRequestWithContext(context.Background(), "GET", "/", nil)
	r.Host = "127.0.0.1:1"
	for origin, want := range map[string]error{"https://any.example": nil, "null": guard.ErrOrigin, "*": guard.ErrOrigin} {
		r.Header.Set("Origin", origin)
		if err := g.Check(r); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", origin, err, want)
		}
	}
}

func TestBadConfiguredOriginIsNamed(t *testing.T) {
	for _, origin := range []string{"null", "example.com", "https://a.example/path", ""} {
		if _, err := guard.New(guard.Config{AllowOrigins: []string{origin}}); err == nil || !strings.Contains(err.Error(), origin) {
			t.Errorf("%q: got %v", origin, err)
		}
	}
}

func TestListenHosts(t *testing.T) {
	cases := []struct {
		listen, host string
		want         bool
	}{
		{"0.0.0.0:5051", "203.0.113.9:5051", true}, // a published container port: the address outside is not ours
		{"[::]:5051", "[2001:db8::1]:5051", true},
		{":5051", "192.168.1.2:5051", true},
		{"0.0.0.0:5051", "evil.example:5051", false},
		{"box.lan:5051", "box.lan:5051", true},
		{"192.168.1.2:5051", "192.168.1.2", true},
		{"192.168.1.2:5051", "192.168.1.3", false},
	}
	for _, c := range cases {
		r := httptest.NewRequestWithContext(context.Background(), "GET", "/", nil)
		r.Host = c.host
		if err := newGuard(t, guard.Config{Listen: c.listen}).Check(r); (err == nil) != c.want {
			t.Errorf("listen %s, host %s: got %v", c.listen, c.host, err)
		}
	}
}

func TestOwnPageOnly(t *testing.T) {
	g := newGuard(t, guard.Config{Listen: "127.0.0.1:5051", AllowOrigins: []string{"https://charts.example"}, OwnPageOnly: true})
	for origin, want := range map[string]error{
		"": guard.ErrOwnPageOnly, "https://charts.example": guard.ErrOwnPageOnly, "null": guard.ErrOrigin,
		"http://127.0.0.1:5051": nil, "wails://wails": nil, "http://wails.localhost": nil,
	} {
		r := httptest.NewRequestWithContext(context.Background(), "GET", "/socket.io/", nil)
		r.Host = "127.0.0.1:5051"
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		if err := g.Allow(r); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%q: got %v, want %v", origin, err, want)
		}
	}
}

func TestPreflight(t *testing.T) {
	const foreign = "https://charts.example"
	for _, c := range []struct {
		cors    bool
		origin  string
		visible bool
	}{
		{true, foreign, true},
		{false, foreign, false},
		{true, "wails://wails", true},
		{false, "wails://wails", true}, // the app's own window reads answers whatever is configured
	} {
		g := newGuard(t, guard.Config{Listen: "127.0.0.1:5051", CORS: c.cors, Token: "secret", AllowOrigins: []string{foreign}})
		handler := g.Wrap(g.Authorize(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })))
		r := httptest.NewRequestWithContext(context.Background(), "OPTIONS", "/api/details", nil)
		r.Host = "127.0.0.1:5051"
		r.Header.Set("Origin", c.origin)
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "authorization, content-type")
		r.Header.Set("Access-Control-Request-Private-Network", "true")

		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusNoContent {
			t.Errorf("%+v: status %d", c, w.Code)
		}

		for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Allow-Private-Network"} {
			if got := w.Header().Get(name); (got != "") != c.visible {
				t.Errorf("%+v: %s is %q", c, name, got)
			}
		}
	}
}

func TestToken(t *testing.T) {
	g := newGuard(t, guard.Config{Listen: "127.0.0.1:5051", Token: "s3cret"})
	handler := g.Authorize(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "in") }))
	cases := []struct {
		target string
		values []string
		pass   bool
	}{
		{"/api/time", []string{"Bearer s3cret"}, true},
		{"/api/time", []string{"bearer  s3cret"}, true},
		{"/api/time", nil, false},
		{"/api/time", []string{""}, false},
		{"/api/time", []string{"Bearer"}, false},
		{"/api/time", []string{"Bearer "}, false},
		{"/api/time", []string{"Bearer s3cre"}, false},
		{"/api/time", []string{"Bearer s3cret2"}, false},
		{"/api/time", []string{"Basic s3cret"}, false},
		{"/api/time", []string{"s3cret"}, false},
		{"/api/time", []string{"Bearer s3cret", "Bearer s3cret"}, false},
		{"/api/time?token=s3cret", nil, false},
		{"/api/time?access_token=s3cret&auth=s3cret", nil, false},
		{"/api/time?token=s3cret", []string{"Bearer wrong"}, false},
	}
	for _, c := range cases {
		r := httptest.NewRequestWithContext(context.Background(), "GET", c.target, nil)
		r.Header["Authorization"] = c.values
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if pass := w.Code == http.StatusOK; pass != c.pass {
			t.Errorf("%s %q: status %d", c.target, c.values, w.Code)
		}

		if !c.pass {
			checkRefusal(t, w, http.StatusUnauthorized)
			if w.Header().Get("WWW-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
			if strings.Contains(w.Body.String(), "s3cret") {
				t.Error("the answer holds the token")
			}
		}
	}

	open := newGuard(t, guard.Config{Listen: "127.0.0.1:5051"})
	if open.NeedsToken() || !open.Token("") || !open.Token("anything") {
		t.Error("a guard without a token asked for one")
	}
}

// A real connection: the Host of the address it came to is taken, whatever names the machine has.
func TestLocalAddressOverRealSocket(t *testing.T) {
	g := newGuard(t, guard.Config{Listen: "box.lan:1"})
	server := httptest.NewServer(g.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	defer server.Close()
	for host, status := range map[string]string{"127.0.0.1": "200", "evil.example": "403", "": "4", "a b": "4"} {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host)
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 "+status) {
			t.Errorf("host %q: %q %v", host, line, err)
		}
		_ = conn.Close()
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("127.0.0.1:5051", "http://127.0.0.1:5051")
	f.Add("[::1", "null")
	f.Add("", "://%")
	g, err := guard.New(guard.Config{Listen: "127.0.0.1:5051"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, host, origin string) {
		r := httptest.NewRequestWithContext(context.Background(), "GET", "/", nil)
		r.Host = host
		r.Header["Origin"] = []string{origin}
		if g.Check(r) == nil && !strings.Contains(origin, "://") {
			t.Errorf("passed: host %q, origin %q", host, origin)
		}
	})
}

// The page of a refused origin cannot read why; the log says it, once for each, and not without end.
func TestRefusalsAreLoggedOnce(t *testing.T) {
	var text strings.Builder
	g := newGuard(t, guard.Config{Listen: "127.0.0.1:5051", Logger: slog.New(slog.NewTextHandler(&text, nil))})
	ask := func(host, origin string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/api/time", nil)
		r.Header.Set("Origin", origin)
		g.Wrap(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
	}
	for range 3 {
		ask("127.0.0.1:5051", "http://page.example")
		ask("server.example", "http://page.example")
		ask("127.0.0.1:5051", "http://127.0.0.1:5051")
	}

	for _, want := range []string{"page.example", "cors.allow_origins", "server.example", "server.allowed_hosts"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not told of: %s", want, text.String())
		}
	}

	if lines := strings.Count(text.String(), "\n"); lines != 2 {
		t.Errorf("%d lines: %s", lines, text.String())
	}
	for i := range 1000 {
		ask("127.0.0.1:5051", fmt.Sprintf("http://page%d.example", i))
	}

	if lines := strings.Count(text.String(), "\n"); lines > 100 {
		t.Errorf("%d lines", lines)
	}
}
