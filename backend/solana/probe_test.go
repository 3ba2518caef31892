package solana

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"spinscope/backend/market"
)

const probeKey = "0123456789-secret-key"

func TestTry(t *testing.T) {
	working := func(t *testing.T) (*cluster, Endpoint) {
		c := newCluster(t)
		c.override = func(request rpcRequest) (any, *rpcError, bool) {
			switch request.Method {
			case "getVersion":
				return map[string]any{"solana-core": "2.1.21", "feature-set": 1}, nil, true
			case "getGenesisHash":
				return "GENESIS", nil, true
			}
			return nil, nil, false
		}
		stop := c.run(1)
		t.Cleanup(stop)
		e := c.endpoint()

		return c, Endpoint{RPC: e.RPC + "/?key=" + probeKey, WS: e.WS + "/?key=" + probeKey}
	}
	answers := func(status int, body string) func(*testing.T) Endpoint {
		return func(t *testing.T) Endpoint {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				_, _ = w.Write([]byte(body))
			}))
			t.Cleanup(server.Close)
			return Endpoint{RPC: server.URL + "/" + probeKey, WS: strings.Replace(server.URL, "http", "ws", 1) + "/" + probeKey}
		}
	}
	for _, c := range []struct {
		name     string
		endpoint func(t *testing.T) Endpoint
		want     Probe // words are parts of the words told
	}{
		{"works", func(t *testing.T) Endpoint { _, e := working(t); return e }, Probe{Version: "2.1.21", Genesis: "GENESIS"}},
		{"subscriptions refused", func(t *testing.T) Endpoint {
			c, e := working(t)
			c.refuse = true
			return e
		}, Probe{Version: "2.1.21", Genesis: "GENESIS", Logs: "no more subscriptions (-32602)", Slots: "refuses"}},
		{"no socket there", func(t *testing.T) Endpoint {
			_, e := working(t)
			return Endpoint{RPC: e.RPC, WS: answers(200, "{}")(t).WS}
		}, Probe{Version: "2.1.21", Genesis: "GENESIS", Logs: "not as a WebSocket", Slots: "not as a WebSocket"}},
		{"no getSlot", func(t *testing.T) Endpoint {
			c, e := working(t)
			known := c.override
			c.override = func(request rpcRequest) (any, *rpcError, bool) {
				if request.Method == "getSlot" {
					return nil, &rpcError{code: -32601, message: "Method not found " + probeKey}, true
				}
				return known(request)
			}
			return e
		}, Probe{Version: "2.1.21", Genesis: "GENESIS", SlotFailure: "Method not found … (-32601)"}},
		{"key refused", answers(401, probeKey), all("wants a key")},
		{"key refused too", answers(403, ""), all("403 Forbidden")},
		{"wrong path", answers(404, ""), all("nothing is at this path")},
		{"busy", answers(429, ""), all("asked too much")},
		{"in trouble", answers(502, ""), all("502 Bad Gateway")},
		{"moved", answers(308, ""), all("another address")},
		{"garbage", answers(200, "<html>"+probeKey), Probe{
			Requests: "not like a Solana node", SlotFailure: "not like", Logs: "not as a WebSocket", Slots: "not as a WebSocket",
		}},
		{"something else in JSON", answers(200, `{"hello":1}`), Probe{
			Requests: "not like a Solana node", SlotFailure: "not like", Logs: "not as a WebSocket", Slots: "not as a WebSocket",
		}},
		{"nobody", func(t *testing.T) Endpoint {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			return Endpoint{RPC: "http://" + listener.Addr().String(), WS: "ws://" + listener.Addr().String()}
		}, all("nothing listens there")},
		{"no TLS", func(t *testing.T) Endpoint {
			e := answers(200, "")(t)
			return Endpoint{RPC: strings.Replace(e.RPC, "http", "https", 1), WS: strings.Replace(e.WS, "ws", "wss", 1)}
		}, all("write http:// or ws://")},
		{"no such host", func(*testing.T) Endpoint {
			return Endpoint{RPC: "http://host.invalid/" + probeKey, WS: "ws://host.invalid/" + probeKey}
		}, all("host name")},
		{"a socket that talks nonsense", func(t *testing.T) Endpoint {
			_, e := working(t)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				conn, err := websocket.Accept(w, r, nil)
				if err == nil {
					_ = conn.Write(r.Context(), websocket.MessageText, []byte("hello "+probeKey))
					_, _, _ = conn.Read(r.Context())
					_ = conn.CloseNow()
				}
			}))
			t.Cleanup(server.Close)
			return Endpoint{RPC: e.RPC, WS: strings.Replace(server.URL, "http", "ws", 1)}
		}, Probe{Version: "2.1.21", Genesis: "GENESIS", Logs: "not like a Solana node", Slots: "not like a Solana node"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Try(t.Context(), c.endpoint(t), market.Pubkey{1}, Confirmed)
			if err != nil {
				t.Fatal(err)
			}
			for _, pair := range [][3]string{
				{"requests", got.Requests, c.want.Requests},
				{"getSlot", got.SlotFailure, c.want.SlotFailure},
				{"logs", got.Logs, c.want.Logs},
				{"slots", got.Slots, c.want.Slots},
			} {
				if !strings.Contains(pair[1], pair[2]) || (pair[1] == "") != (pair[2] == "") {
					t.Errorf("%s: %q, want words with %q", pair[0], pair[1], pair[2])
				}
				if strings.Contains(pair[1], probeKey) {
					t.Errorf("%s shows the key: %q", pair[0], pair[1])
				}
			}

			if got.Version != c.want.Version || got.Genesis != c.want.Genesis {
				t.Errorf("version %q, genesis %q", got.Version, got.Genesis)
			}
			if got.Works() && (got.Slot == 0 || got.Latency <= 0) {
				t.Errorf("slot %d in %v", got.Slot, got.Latency)
			}

			if got.Works() != (c.name == "works") {
				t.Errorf("works: %v", got.Works())
			}
		})
	}
}

func all(words string) Probe {
	return Probe{Requests: words, SlotFailure: words, Logs: words, Slots: words}
}

// silent takes every connection and says nothing.
func silent(t *testing.T) Endpoint {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
		}
	}()
	return Endpoint{RPC: "http://" + listener.Addr().String(), WS: "ws://" + listener.Addr().String()}
}

func TestTryIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := Try(ctx, silent(t), market.Pubkey{1}, Confirmed); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func TestTryGivesUp(t *testing.T) {
	t.Parallel() // it waits as long as a person would
	began := time.Now()
	got, err := Try(t.Context(), silent(t), market.Pubkey{1}, Confirmed)
	if err != nil || got.Requests != "no answer in time" || got.Logs != "no answer in time" {
		t.Fatalf("%+v %v", got, err)
	}
	t.Logf("after %v", time.Since(began))
}

func TestTryANodeThatStandsStill(t *testing.T) {
	c := newCluster(t) // it never ticks
	_, slots := trySocket(deadline(t, 3*time.Second), c.endpoint(), market.Pubkey{1}, Confirmed)
	if !strings.Contains(slots, "no new slot") {
		t.Fatalf("%q", slots)
	}
}

func deadline(t *testing.T, after time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), after)
	t.Cleanup(cancel)
	return ctx
}
