package server

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait; reaching it is a failure.
const patience = 30 * time.Second

type safeLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *safeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Connections that say nothing neither keep others out nor take the descriptors that the store needs, however many come.
func TestSilentConnectionsLeaveSpace(t *testing.T) {
	for name, limit := range map[string]int{"few descriptors": 1, "none known": 0} {
		t.Run(name, func(t *testing.T) {
			var config net.ListenConfig
			listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}

			var log safeLog
			d := newDoor(listener, limit, slog.New(slog.NewTextHandler(&log, nil)))
			silent := maxSilent + 40
			if limit > 0 {
				silent = 120
				if descriptorLimit() == 0 {
					t.Skip("SKIPPED: this system has no limit of descriptors")
				}
				d.last = nextDescriptor() + silent + 40 // the clients' ends are in this process too
				d.limit = d.last + 16
			}

			server := &http.Server{
				Handler:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }),
				ConnState: d.watch, ReadHeaderTimeout: patience,
			}
			served := make(chan error, 1)
			go func() { served <- server.Serve(d) }()
			t.Cleanup(func() {
				_ = server.Close()
				<-served
			})

			for range silent {
				dialed(t, listener)
			}
			for i := range 5 {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listener.Addr().String(), nil)
				if err != nil {
					t.Fatal(err)
				}

				request.Close = true
				answer, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Fatalf("request %d: %v", i, err)
				}

				_ = answer.Body.Close()
				cancel()
			}

			d.mu.Lock()
			waiting := d.silent.Len()
			d.mu.Unlock()
			if waiting > min(maxSilent, silent-20) {
				t.Errorf("%d silent connections are open", waiting)
			}

			if next := nextDescriptor(); limit > 0 && next > d.last {
				t.Errorf("the next descriptor is %d, those from %d on are for others", next, d.last)
			}
			want := "too many connections send no request"
			if limit > 0 {
				want = "file descriptors run short"
			}

			if lines := strings.Count(log.String(), want); lines == 0 || lines > 3 || !strings.Contains(log.String(), "ulimit -n") {
				t.Errorf("the log: %s", log.String())
			}
		})
	}
}

func dialed(t *testing.T, listener net.Listener) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestReservedDescriptors(t *testing.T) {
	for limit, want := range map[int]int{64: 16, 256: 64, 1024: 256, 1 << 20: 256} {
		if got := reserved(limit); got != want {
			t.Errorf("of %d: %d, want %d", limit, got, want)
		}
	}
	if fmt.Sprint(newDoor(nil, 0, slog.Default()).limit) != "0" {
		t.Error("no limit became one")
	}
}

// Where there is no null device, as in a bare chroot, connections are not refused for want of descriptors.
func TestDescriptorWithoutNullDevice(t *testing.T) {
	missing := t.TempDir() + "/null"
	if got := descriptorOf(missing, t.TempDir()); got < 3 || got > 1<<20 {
		t.Errorf("with another file to open: %d", got)
	}
	if got := descriptorOf(missing); got != 0 {
		t.Errorf("with none: %d", got)
	}
}
