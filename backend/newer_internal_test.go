package backend

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"spinscope/backend/config"
	"spinscope/backend/hub"
	"spinscope/backend/store"
)

// TestNewerVersionIsInTheStatus: what an address that is set was signed to say stands in the status; where nobody is asked, nothing.
func TestNewerVersionIsInTheStatus(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile("release/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	key := strings.Split(read("key.pub"), "\n")[1]
	const url = "https://x.example/release.json"

	for _, test := range []struct{ url, version, want string }{
		{url, "0.1.0 (commit abc)", `"newer":{"version":"0.2.0","running":"0.1.0","page":"https://spinscope.example/releases/0.2.0"}`},
		{url, "0.2.0", ""},
		{url, "main", ""},
		{"", "0.1.0", ""},
	} {
		o := Options{Config: config.Default(), DataDir: t.TempDir(), Version: test.version, Logger: slog.New(slog.DiscardHandler)}
		o.Config.Metadata.Enabled = false
		o.Config.Updates = config.Updates{URL: test.url, PublicKey: key}

		kept, err := json.Marshal(map[string]any{
			"of": fmt.Sprintf("%x", sha256.Sum256([]byte(url+"\n"+key))), "asked": time.Now(),
			"description": read("release.json"), "signature": read("release.json.minisig"),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(o.Dir().Updates(), kept, 0o600); err != nil {
			t.Fatal(err)
		}

		if got := statusOf(t, o); strings.Contains(got, `"newer"`) != (test.want != "") || !strings.Contains(got, test.want) {
			t.Errorf("%q running %s: %s", test.url, test.version, got)
		}
	}
}

// statusOf is what /api/events/status says of a backend that has just started.
func statusOf(t *testing.T, o Options) string {
	t.Helper()
	opened, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close() //nolint:errcheck // nothing is written

	b, events := New(o), hub.New(hub.Options{})
	from := b.newSource(opened)
	in, err := b.newListener(opened, from, events.Publish, nil)
	if err != nil {
		t.Fatal(err)
	}
	updates := b.newUpdates()
	if updates != nil {
		ended, end := context.WithCancel(t.Context())
		end()
		if err := updates.Run(ended); err != nil { // reads what was kept, and ends
			t.Fatal(err)
		}
	}
	f, err := b.newWeb(opened, events, in, from, nil, updates)
	if err != nil {
		t.Fatal(err)
	}

	request := httptest.NewRequest(http.MethodGet, "/api/events/status", nil)
	request.Host = "127.0.0.1:5051"
	answer := httptest.NewRecorder()
	f.ServeHTTP(answer, request)
	return answer.Body.String()
}
