package backend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spinscope/backend"
	"spinscope/backend/cluster"
	"spinscope/backend/datadir"
	"spinscope/backend/offline"
)

// TestStatusShowsNoPaths serves a directory of another chain, whose error names the directory: the log does, the port
// does not.
func TestStatusShowsNoPaths(t *testing.T) {
	o := otherChain(t)
	var log locked
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	b := backend.New(o)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()

	seen := ""
	for deadline := time.Now().Add(time.Minute); !strings.Contains(seen, "remove "); {
		if time.Now().After(deadline) {
			t.Fatal("never refused: ", seen, log.String())
		}
		address, open := b.Address()
		if !open {
			continue
		}

		answer, err := http.Get("http://" + address + "/api/events/status") //nolint:noctx // of the test's own server
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		seen = string(text)
	}

	if !strings.Contains(seen, "remove DATA_DIR/custom and DATA_DIR/custom.chain") || strings.Contains(seen, o.DataDir) {
		t.Error(seen)
	}
	if !strings.Contains(log.String(), o.DataDir) {
		t.Error("the log has no path:", log.String())
	}
}

// A backfill from another chain than the stored one ends: it would wait for ever.
func TestBackfillFromAnotherChainEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	o := otherChain(t)
	if err := offline.Backfill(ctx, o.Offline(), cluster.Reach{}, func(offline.Progress) {}); !errors.Is(err, datadir.ErrOtherChain) {
		t.Error(err)
	}
}

// otherChain is a data directory of one chain with the address of a cluster that serves another.
func otherChain(t *testing.T) backend.Options {
	t.Helper()
	cluster := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		form := "%s"
		call := map[string]json.RawMessage{}
		if json.Unmarshal(text, &call) != nil { // several at once
			form = "[%s]"
			var calls []map[string]json.RawMessage
			if json.Unmarshal(text, &calls) == nil && len(calls) > 0 {
				call = calls[0]
			}
		}
		_, _ = fmt.Fprintf(w, form, `{"jsonrpc":"2.0","id":`+string(call["id"])+`,"result":"11111111111111111111111111111112"}`)
	}))
	t.Cleanup(cluster.Close)

	o := marketIn(t.TempDir())
	o.Config.Solana.Cluster, o.Config.Solana.RPCURL = "custom", cluster.URL
	if err := os.MkdirAll(filepath.Join(o.DataDir, "custom"), 0o700); err != nil {
		t.Fatal(err)
	}

	chain := "GpQhD6um5pzyuXtqd8P18GTLhXaqdTbKB1MQ8upeVTkX " + o.Config.Solana.ProgramID + "\n"
	if err := os.WriteFile(filepath.Join(o.DataDir, "custom.chain"), []byte(chain), 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

// locked is a buffer for several goroutines.
type locked struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is all that was written.
func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
