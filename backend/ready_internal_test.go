package backend

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"spinscope/backend/config"
	"spinscope/backend/hub"
	"spinscope/backend/market"
	"spinscope/backend/store"
)

const spaceNeeded = 256 << 20 // bytes, to write

// TestReadyzTellsOfTrouble asks /readyz of a server with a full disk and of one that stops.
func TestReadyzTellsOfTrouble(t *testing.T) {
	var left atomic.Int64
	left.Store(1 << 40)
	asked := make(chan struct{}, 1000)
	o := Options{Config: config.Default(), DataDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}
	o.Config.Metadata.Enabled = false
	o.freeOf = func(string) (int64, bool) {
		select {
		case asked <- struct{}{}:
		default:
		}
		return left.Load(), true
	}

	opened, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close() //nolint:errcheck // nothing more is written

	b, events := New(o), hub.New(hub.Options{})
	from := b.newSource(opened)
	in, err := b.newListener(opened, from, events.Publish, nil)
	if err != nil {
		t.Fatal(err)
	}

	f, err := b.newWeb(opened, events, in, from, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string) (int, string) {
		request := httptest.NewRequest(http.MethodGet, path, nil)
		request.Host = "127.0.0.1:5051"
		answer := httptest.NewRecorder()
		f.ServeHTTP(answer, request)
		return answer.Code, answer.Body.String()
	}
	readyz := func() (int, string) { return ask("/readyz") }
	storing := func(want string) {
		t.Helper()
		if _, text := ask("/metrics"); !strings.Contains(text, "spinscope_not_storing "+want+"\n") {
			t.Errorf("not_storing is not %s", want)
		}
	}
	storing("0")
	if code, text := readyz(); code != http.StatusOK || text != "ok\n" {
		t.Fatalf("%d %s", code, text)
	}

	left.Store(spaceNeeded - 1)
	for len(asked) > 0 {
		<-asked
	}

	written := make(chan error, 1)
	go func() {
		written <- in.Write(t.Context(), market.Batch{Gaps: []market.Gap{{From: 3, To: 4, Cause: "x"}}})
	}()
	for range 3 {
		<-asked
	}

	if code, text := readyz(); code != http.StatusServiceUnavailable || !strings.Contains(text, "nothing is stored: the disk is nearly full") || strings.Contains(text, o.DataDir) {
		t.Errorf("on a full disk: %d %s", code, text)
	}
	storing("1")
	left.Store(spaceNeeded)
	if err := <-written; err != nil {
		t.Fatal(err)
	}

	if code, text := readyz(); code != http.StatusOK {
		t.Errorf("with space again: %d %s", code, text)
	}

	f.Stopping()
	if code, text := readyz(); code != http.StatusServiceUnavailable || !strings.Contains(text, "stops") {
		t.Errorf("while it stops: %d %s", code, text)
	}
}
