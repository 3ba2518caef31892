package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// upgrade are the headers of a WebSocket handshake.
func upgrade(more map[string]string) map[string]string {
	header := map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	}
	maps.Copy(header, more)
	return header
}

// doors are the ways into the server.
var doors = []struct {
	name, method, path string
	upgrade            bool
	welcome            int
}{
	{"rest", "GET", "/api/time", false, 200},
	{"page", "GET", "/", false, 200},
	{"post", "POST", "/api/details", false, 200},
	{"polling", "GET", "/socket.io/?EIO=4&transport=polling", false, 200},
	{"websocket", "GET", "/socket.io/?EIO=4&transport=websocket", true, 101},
}

func knock(t *testing.T, s *server, i int, header map[string]string) (int, []byte) {
	t.Helper()
	d := doors[i]
	all := map[string]string{"Content-Type": "application/json"}
	if d.upgrade {
		all = upgrade(nil)
	}
	maps.Copy(all, header)
	var body []byte
	if d.method == "POST" {
		body = []byte(`{"mints":["JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ"]}`)
	}
	return request(t, d.method, s.url(d.path), all, body)
}

// configured is a configuration file with the text.
func configured(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestForeignPagesAreRefused knocks at every door as pages of other sites would.
func TestForeignPagesAreRefused(t *testing.T) {
	t.Parallel()
	file := configured(t, "[cors]\nallow_origins = [\"https://charts.example\"]\n[server]\nallowed_hosts = [\"scope.example\"]\n")
	s := startServer(t, t.TempDir(), append(offline(t), "--config", file)...)
	for _, c := range []struct {
		name   string
		header map[string]string
		passes bool
	}{
		{"a script", nil, true},
		{"own page", map[string]string{"Origin": "http://" + s.addr}, true},
		{"the app", map[string]string{"Origin": "wails://wails"}, true},
		{"an allowed page", map[string]string{"Origin": "https://charts.example"}, true},
		{"an allowed name", map[string]string{"Host": "scope.example"}, true},
		{"a foreign page", map[string]string{"Origin": "https://evil.example"}, false},
		{"a page on another port", map[string]string{"Origin": "http://127.0.0.1:1"}, false},
		{"a page without origin", map[string]string{"Origin": "null"}, false},
		{"a rebound name", map[string]string{"Host": "evil.example"}, false},
		{"a rebound name's own page", map[string]string{"Host": "evil.example", "Origin": "http://evil.example"}, false},
	} {
		for i, d := range doors {
			switch status, body := knock(t, s, i, c.header); {
			case c.passes && status != d.welcome:
				t.Errorf("%s is refused at %s: %d %.200s", c.name, d.name, status, body)
			case !c.passes && (status < 400 || status > 499):
				t.Errorf("%s gets %d at %s: %.200s", c.name, status, d.name, body)
			}
		}
	}

	s.end()
}

func TestToken(t *testing.T) {
	t.Parallel()
	const token = "correct-horse"
	file := configured(t, "[server]\ntoken = \""+token+"\"\n")
	s := startServer(t, t.TempDir(), append(offline(t), "--config", file)...)
	for _, path := range []string{"/", "/healthz", "/readyz"} {
		if status, _ := request(t, "GET", s.url(path), nil, nil); status != 200 {
			t.Errorf("%s says %d without the token", path, status)
		}
	}

	for _, path := range []string{"/api/time", "/metrics", "/api/ws/metrics", "/api/kline/subscriptions"} {
		for bearer, want := range map[string]int{"": 401, "Bearer wrong-wrong": 401, token: 401, "Bearer " + token: 200} {
			header := map[string]string{"Authorization": bearer}
			if bearer == "" {
				header = nil
			}
			if status, body := request(t, "GET", s.url(path), header, nil); status != want {
				t.Errorf("%s with %q says %d, want %d: %.200s", path, bearer, status, want, body)
			}
		}
	}

	for _, c := range []struct {
		name    string
		options map[string]any
		passes  bool
	}{
		{"no token", nil, false},
		{"wrong token", map[string]any{"auth": map[string]any{"token": "wrong-wrong"}}, false},
		{"a number", map[string]any{"auth": map[string]any{"token": 7}}, false},
		{"the token", map[string]any{"auth": map[string]any{"token": token}}, true},
	} {
		client := startNode(t, s)
		if c.passes {
			client.connect(c.options, open, spin)
			client.close()
			continue
		}

		client.dial(c.options, open, spin)
		for _, ns := range []string{open, spin} {
			var refusal struct {
				Message string
				Data    struct{ Code int }
			}
			if _, m := client.next(0, ns, "@connect_error"); m.read(&refusal) != nil || refusal.Data.Code != 1004 || refusal.Message == "" {
				t.Errorf("%s: %s refuses with %s", c.name, ns, m.Args)
			}
		}

		for _, m := range client.all(0) {
			if m.Event != "@connect_error" {
				t.Errorf("%s: got %s %s", c.name, m.Event, m.Args)
			}
		}
		client.close()
	}

	var envelope struct {
		Success bool
		Message string
	}
	if _, body := request(t, "GET", s.url("/api/time"), nil, nil); json.Unmarshal(body, &envelope) != nil || envelope.Success || envelope.Message == "" {
		t.Errorf("the refusal is %s", body)
	}

	s.end()
}
