package backend_test

import (
	"bytes"
	"context"
	"encoding/json"
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
)

// TestStatusShowsNoPaths serves a directory of another chain, whose error names the directory: the log does, the port
// does not.
func TestStatusShowsNoPaths(t *testing.T) {
	cluster := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		list := []byte("[]")
		var calls []struct {
			ID int `json:"id"`
		}
		if json.Unmarshal(text, &calls) != nil {
			calls = append(calls, struct {
				ID int `json:"id"`
			}{})
			_ = json.Unmarshal(text, &calls[0])
			list = nil
		}
		answer := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"result":"11111111111111111111111111111112"}`, calls[0].ID)
		if list != nil {
			answer = "[" + answer + "]"
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer cluster.Close()
	o := marketIn(t.TempDir())
	var log locked
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	o.Config.Solana.Cluster, o.Config.Solana.RPCURL = "custom", cluster.URL
	if err := os.MkdirAll(filepath.Join(o.DataDir, "custom"), 0o700); err != nil {
		t.Fatal(err)
	}
	chain := "GpQhD6um5pzyuXtqd8P18GTLhXaqdTbKB1MQ8upeVTkX " + o.Config.Solana.ProgramID + "\n"
	if err := os.WriteFile(filepath.Join(o.DataDir, "custom.chain"), []byte(chain), 0o600); err != nil {
		t.Fatal(err)
	}
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
	if !strings.Contains(seen, "remove DATA_DIR/custom*") || strings.Contains(seen, o.DataDir) {
		t.Error(seen)
	}
	if !strings.Contains(log.String(), o.DataDir) {
		t.Error("the log has no path:", log.String())
	}
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
