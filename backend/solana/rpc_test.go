package solana

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"spinscope/backend/market"
)

func testRPC(t *testing.T, handler http.HandlerFunc) *rpcClient {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c := newRPC(Endpoint{RPC: server.URL, WS: "ws://host"}, 0, time.Millisecond)
	t.Cleanup(c.close)
	return c
}

func TestBadResponses(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "text": "hello", "number": "5", "array": "[]", "null": "null", "no result": `{"id":0}`, "cut": `{"id":0,"result":`,
		"deep": fmt.Sprintf("%0*d", 400, 0), "string result": `{"id":0,"result":"x"}`, "negative": `{"id":0,"result":-4}`, "fraction": `{"id":0,"result":1.5}`,
	} {
		c := testRPC(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
		if slots, err := c.slots(t.Context(), Confirmed); err == nil {
			t.Errorf("%s: slots %v without an error", name, slots)
		}
	}
}

func TestResponseIsBounded(t *testing.T) {
	var sent atomic.Int64
	c := testRPC(t, func(w http.ResponseWriter, _ *http.Request) {
		block := make([]byte, 1<<20)
		for range 4 * maxResponse >> 20 {
			n, err := w.Write(block)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	var slot market.Slot
	if err := c.do(t.Context(), 1, slotCall(Confirmed, &slot)); !errors.Is(err, errTooLarge) {
		t.Errorf("err %v", err)
	}

	if sent.Load() > 2*maxResponse { // sockets hold tens of MB by themselves
		t.Errorf("%d bytes were taken", sent.Load())
	}
}

func TestServerErrorsAreRetried(t *testing.T) {
	tries := 0
	c := testRPC(t, func(w http.ResponseWriter, _ *http.Request) {
		if tries++; tries < 4 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":0,"result":77}`)
	})
	slots, err := c.slots(t.Context(), Confirmed)
	if err != nil || slots[0] != 77 || tries != 4 {
		t.Errorf("slots %v, %v after %d tries", slots, err, tries)
	}

	tries = -100
	if _, err := c.slots(t.Context(), Confirmed); !errors.Is(err, errHTTP) || tries != -100+attempts {
		t.Errorf("%v after %d tries", err, tries+100)
	}
	denied := 0
	c = testRPC(t, func(w http.ResponseWriter, _ *http.Request) { denied++; w.WriteHeader(http.StatusForbidden) })
	if _, err := c.slots(t.Context(), Confirmed); !errors.Is(err, errHTTP) || denied != 1 {
		t.Errorf("%v after %d tries", err, denied)
	}
}

func TestBatchAnswersInAnyOrder(t *testing.T) {
	c := testRPC(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `[{"id":2,"result":12},{"id":0,"result":10},{"id":9,"result":1},{"id":"x"},{"id":1,"error":{"code":-32004,"message":"no"}}]`)
	})
	var slots [3]market.Slot
	calls := []*call{slotCall(Confirmed, &slots[0]), slotCall(Confirmed, &slots[1]), slotCall(Confirmed, &slots[2])}
	if err := c.do(t.Context(), 1, calls...); err != nil || slots != [3]market.Slot{10, 0, 12} {
		t.Errorf("slots %v, %v", slots, err)
	}
	if failure, ok := errors.AsType[*rpcError](calls[1].err); !ok || failure.code != -32004 {
		t.Errorf("second call: %v", calls[1].err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "x": 0, "-5": 0, "NaN": 0, "0": 0, "3": 3 * time.Second, "1.5": 1500 * time.Millisecond, "1e30": 5 * time.Minute, "Inf": 5 * time.Minute,
		now.Add(7 * time.Second).Format(http.TimeFormat): 7 * time.Second, now.Add(-time.Hour).Format(http.TimeFormat): 0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("retryAfter(%q) = %v, want %v", header, got, want)
		}
	}
}

func TestPaceAndBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(10)
		begin := time.Now()
		for range 5 {
			if err := p.wait(t.Context(), 4); err != nil {
				t.Fatal(err)
			}
		}

		if took := time.Since(begin); took != 1600*time.Millisecond {
			t.Errorf("5 batches of 4 at 10/s took %v", took)
		}
		p.pause(30 * time.Second)
		if p.paused() != 30*time.Second {
			t.Errorf("paused %v", p.paused())
		}

		begin = time.Now()
		if err := p.wait(t.Context(), 1); err != nil || time.Since(begin) != 30*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
	})

	b := backoff{first: time.Second, longest: 60 * time.Second}
	for n, length := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		length *= time.Second
		if got := b.next(); got < length/2 || got > length {
			t.Errorf("pause %d is %v, want %v to %v", n, got, length/2, length)
		}
	}

	if b.reset(); b.next() > time.Second {
		t.Error("reset did not")
	}
}
