package solana

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

func TestRedact(t *testing.T) {
	for address, want := range map[string]string{
		"https://api.mainnet-beta.solana.com":              "https://api.mainnet-beta.solana.com",
		"https://api.mainnet-beta.solana.com/":             "https://api.mainnet-beta.solana.com",
		"https://x.quiknode.pro/0123456789/":               "https://x.quiknode.pro/…",
		"https://mainnet.helius-rpc.com/?api-key=01234567": "https://mainnet.helius-rpc.com/…",
		"wss://name:secret@host:8900":                      "wss://…@host:8900",
		"not a url at all secret":                          "…",
		"":                                                 "…",
	} {
		if got := Redact(address); got != want {
			t.Errorf("Redact(%q) = %q, want %q", address, got, want)
		}
	}
}

const (
	keyPath  = "PATHKEY123"
	keyQuery = "query+key%2F456"
	keyUser  = "hunter22"
)

// secretsIn lists the keys that text gives away, in any spelling.
func secretsIn(text string) []string {
	var found []string
	for _, secret := range []string{keyPath, keyQuery, "query key/456", keyUser, "c2VydmljZTpodW50ZXIyMg"} {
		if strings.Contains(text, secret) {
			found = append(found, secret)
		}
	}
	return found
}

func withKeys(host string) Endpoint {
	tail := "service:" + keyUser + "@" + host + "/v2/" + keyPath + "?api-key=" + keyQuery
	return Endpoint{RPC: "http://" + tail, WS: "ws://" + tail}
}

func TestEndpointPrintsRedacted(t *testing.T) {
	e := withKeys("host:1")
	var text, lines bytes.Buffer
	fmt.Fprintf(&text, "%v %+v %#v %s %q", e, e, e, e, e)
	fmt.Fprintf(&text, "%v %+v %#v", []Endpoint{e}, Config{Endpoints: []Endpoint{e}}, Config{Endpoints: []Endpoint{e}})
	for _, logger := range []*slog.Logger{slog.New(slog.NewTextHandler(&lines, nil)), slog.New(slog.NewJSONHandler(&lines, nil))} {
		logger.Info("x", "endpoint", e, "list", []Endpoint{e}, "err", fmt.Errorf("at %v", e))
	}
	encoded, err := json.Marshal(map[string]any{"e": e})
	if err != nil {
		t.Fatal(err)
	}
	if all := text.String() + lines.String() + string(encoded); len(secretsIn(all)) > 0 {
		t.Errorf("%v in %s", secretsIn(all), all)
	}
}

// TestNoSecretIsShown lets an endpoint fail in many ways, each repeating the address it was called at.
func TestNoSecretIsShown(t *testing.T) {
	echo := func(r *http.Request) string {
		return r.URL.String() + " " + r.URL.Path + " " + r.URL.Query().Get("api-key") + " " + r.Header.Get("Authorization") + " " + keyUser
	}
	faults := map[string]http.HandlerFunc{
		"forbidden": func(w http.ResponseWriter, r *http.Request) { http.Error(w, echo(r), http.StatusForbidden) },
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/"+keyPath, http.StatusTemporaryRedirect)
		},
		"text":  func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, echo(r)) },
		"limit": func(w http.ResponseWriter, r *http.Request) { http.Error(w, echo(r), http.StatusTooManyRequests) },
		"error object": func(w http.ResponseWriter, r *http.Request) {
			body, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 0, "error": map[string]any{"code": -32000, "message": echo(r)}})
			_, _ = w.Write(body)
		},
		"cut": func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
	}
	for name, handler := range faults {
		for _, socketWorks := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", name, socketWorks), func(t *testing.T) {
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get("Upgrade") == "" || !socketWorks {
						handler(w, r)
						return
					}

					conn, err := websocket.Accept(w, r, nil)
					if err != nil {
						return
					}

					defer conn.CloseNow() //nolint:errcheck // over
					for id := 1; id <= 2; id++ {
						_ = conn.Write(r.Context(), websocket.MessageText, fmt.Appendf(nil, `{"id":%d,"result":1}`, id))
					}

					_, _, _ = conn.Read(r.Context())
					_, _, _ = conn.Read(r.Context())
					_, _, _ = conn.Read(r.Context())
				}))
				defer server.Close()

				r := start(t, testConfig(withKeys(strings.TrimPrefix(server.URL, "http://"))), 0)
				r.status("a failure", func(s Status) bool { return s.LastError != "" })
				status := r.feed.Status()
				if err := r.stop(); err != nil {
					t.Error(err)
				}

				if all := fmt.Sprintf("%+v", status) + r.log.String(); len(secretsIn(all)) > 0 {
					t.Errorf("%v in %s", secretsIn(all), all)
				}
			})
		}
	}

	t.Run("refused", func(t *testing.T) {
		r := start(t, testConfig(withKeys("127.0.0.1:1")), 0)
		r.status("a failure", func(s Status) bool { return s.LastError != "" })
		if all := fmt.Sprintf("%+v", r.feed.Status()) + r.log.String(); len(secretsIn(all)) > 0 {
			t.Errorf("%v in %s", secretsIn(all), all)
		}
	})
	t.Run("bad address", func(t *testing.T) {
		for _, address := range []string{"http://[" + keyPath, "ftp://host/" + keyPath, keyPath, "http://host/%zz" + keyPath} {
			err := New(testConfig(Endpoint{RPC: address, WS: "ws://host"})).Run(t.Context(), 0, nil)
			if !errors.Is(err, ErrConfig) || !errors.Is(err, ErrEndpoint) || len(secretsIn(err.Error())) > 0 {
				t.Errorf("%q: %v", address, err)
			}
		}
	})
}

func TestCleanKeepsContextErrors(t *testing.T) {
	s := newScrubber("http://host/" + keyPath)
	if err := s.clean(fmt.Errorf("get %s: %w", keyPath, context.DeadlineExceeded)); !errors.Is(err, context.DeadlineExceeded) || len(secretsIn(err.Error())) > 0 {
		t.Error(err)
	}
	if s.clean(nil) != nil {
		t.Error("nil became an error")
	}
}
