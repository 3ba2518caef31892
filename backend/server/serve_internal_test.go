package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A browser uses one connection for API requests and long polls: the time of the one must not end the other, and an
// export that goes on asking for more time must get it.
func TestTimesOfOneRequestDoNotEndAnother(t *testing.T) {
	const limit = 40 * time.Millisecond
	mux := http.NewServeMux()
	mux.Handle("/quick", timed(limit, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "quick")
	})))
	mux.Handle("/slow", timed(limit, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(3 * limit) // what is tested is time
		_, _ = io.WriteString(w, "slow")
	})))
	mux.Handle("/export", timed(limit, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute))
		select {
		case <-r.Context().Done():
		case <-time.After(3 * limit):
			_, _ = io.WriteString(w, "export")
		}
	})))
	mux.Handle("/poll", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(3 * limit)
		_, _ = io.WriteString(w, "poll")
	}))

	s := &Server{handler: mux, log: slog.New(slog.DiscardHandler)}
	listener, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, listener) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()

	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()

	answers := bufio.NewReader(conn)
	for _, name := range []string{"quick", "poll", "quick", "export", "poll", "slow"} {
		fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n", name)
		response, err := http.ReadResponse(answers, nil)
		if name == "slow" {
			if err == nil {
				_ = response.Body.Close()
				t.Error("a request outlived its time")
			}
			return
		}

		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || !strings.HasPrefix(string(body), name) {
			t.Errorf("%s: %q %v", name, body, err)
		}
	}
}
