package alert

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spinscope/backend/polltest"
)

// sink is a log that can be read while it is written.
type sink struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestWebhook(t *testing.T) {
	log := &sink{}
	type post struct{ body, kind string }
	posts := make(chan post, 100)
	answers := []int{500, 302, 204, 200, 404, 404, 404, 404, 404, 201}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		posts <- post{r.Method + " " + string(body), r.Header.Get("Content-Type")}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(answers[0])
		answers = answers[1:]
	}))
	defer server.Close()

	hook := NewWebhook(server.URL+"/hooks/secret-key?token=secret-token", slog.New(slog.NewTextHandler(log, nil)))
	hook.pause = time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- hook.Run(ctx) }()
	for _, text := range []string{`{"id":"a"}`, `{"id":"b"}`, `{"id":"c"}`, `{"id":"d"}`} {
		hook.Offer([]byte(text))
	}

	for i, want := range []string{"a", "a", "a", "b", "c", "c", "c", "c", "c", "d"} {
		if got := <-posts; got.body != `POST {"id":"`+want+`"}` || got.kind != "application/json" {
			t.Errorf("post %d: %+v, want %s", i, got, want)
		}
	}

	polltest.Until(t, "the answer to the last one", func() bool {
		delivered, failed := hook.Delivered()
		return delivered == 3 && failed == 1
	})

	server.Close() // nobody listens
	hook.Offer([]byte("{}"))
	polltest.Until(t, "the one that nobody took to be given up", func() bool {
		_, failed := hook.Delivered()
		return failed == 2
	})

	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if text := log.String(); strings.Contains(text, "secret") || strings.Contains(text, "127.0.0.1") || !strings.Contains(text, "404") {
		t.Errorf("the log says %s", text)
	}
}

// A webhook that does not answer holds nobody up, and what waits is bounded. Ending it does not wait either.
func TestWebhookThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := NewWebhook("http://hooks.example/x", slog.New(slog.DiscardHandler))
		hook.client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- hook.Run(ctx) }()
		for range 2 * webhookQueue {
			hook.Offer([]byte("{}"))
		}

		synctest.Wait()
		if _, failed := hook.Delivered(); failed < webhookQueue-1 || failed > webhookQueue {
			t.Errorf("%d dropped", failed)
		}
		before := time.Now()
		time.Sleep(5*webhookTimeout + 15*time.Second + time.Second)
		if _, failed := hook.Delivered(); failed < webhookQueue {
			t.Errorf("after %v the first was not given up", time.Since(before))
		}

		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
