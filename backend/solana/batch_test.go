package solana

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/simnet"
)

// countingNode answers getBlockTime with the slot asked for.
func countingNode(w http.ResponseWriter, r *http.Request) {
	var list []rpcRequest
	var raw json.RawMessage
	_ = json.NewDecoder(r.Body).Decode(&raw)
	batch := len(raw) > 0 && raw[0] == '['
	if batch {
		_ = json.Unmarshal(raw, &list)
	} else {
		list = make([]rpcRequest, 1)
		_ = json.Unmarshal(raw, &list[0])
	}

	answers := make([]string, len(list))
	for i, one := range list {
		answers[i] = fmt.Sprintf(`{"jsonrpc":"2.0","result":%s,"id":%s}`, one.Params[0], one.ID)
	}

	text := strings.Join(answers, ",")
	if batch {
		text = "[" + text + "]"
	}
	_, _ = w.Write([]byte(text))
}

// askTimes asks for n numbers and checks that each call got its own answer.
func askTimes(t *testing.T, c *rpcClient, tries, n int) error {
	t.Helper()
	times, calls := make([]int64, n), make([]*call, n)
	for i := range calls {
		calls[i] = timeCall(market.Slot(i+1), &times[i])
	}
	if err := c.do(t.Context(), tries, calls...); err != nil {
		return err
	}
	if err := firstError(calls); err != nil {
		return err
	}
	for i, got := range times {
		if got != int64(i+1) {
			return fmt.Errorf("call %d of %d was answered with %d", i+1, n, got)
		}
	}
	return nil
}

// refusingNode is a client of a node that refuses batches; requests counts what it is asked.
func refusingNode(t *testing.T, how simnet.BatchRefusal, limit int) (c *rpcClient, requests *atomic.Int64) {
	requests = &atomic.Int64{}
	node := how.Handler(limit, http.HandlerFunc(countingNode))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		node.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c = newRPC(Endpoint{RPC: server.URL, WS: "ws://host"}, 0, time.Millisecond)
	t.Cleanup(c.close)
	return c, requests
}

// TestEveryBatchRefusal: whatever way an endpoint has of refusing batches above whatever size, everything asked is
// answered, with few requests more than are needed, and what was learned stays known.
func TestEveryBatchRefusal(t *testing.T) {
	for _, how := range simnet.BatchRefusals() {
		for _, limit := range []int{1, 2, 5, 24, 99} {
			t.Run(fmt.Sprintf("%s/%d", how, limit), func(t *testing.T) {
				t.Parallel()
				for _, n := range []int{1, 7, 64, 100, 301} {
					c, requests := refusingNode(t, how, limit)
					if err := askTimes(t, c, 1+attempts, n); err != nil {
						t.Fatalf("%d calls: %v", n, err)
					}
					least := (n + limit - 1) / limit
					halvings := 2 * 7 // down from 100; a rate limit is believed once at each size
					if got := int(requests.Load()); got > 2*least+halvings+n/firstPatience {
						t.Errorf("%d calls of at most %d took %d requests", n, limit, got)
					}

					if how == simnet.RefuseByLimit || how == simnet.RefuseByLimits || how == "429" {
						continue // may still be growing back
					}

					size := min(limit, c.batch.now()) // a larger one is about to be tried
					requests.Store(0)
					again, _ := refusingNode(t, how, limit)
					again.url, again.batch = c.url, c.batch // as after a reconnect
					if err := askTimes(t, again, 1, n); err != nil {
						t.Fatalf("%d calls again: %v", n, err)
					}

					if got, want := int(requests.Load()), (n+size-1)/size+n/firstPatience; n >= limit && got > want {
						t.Errorf("%d calls again took %d requests, want %d: %d at once were known to work", n, got, want, size)
					}
				}
			})
		}
	}
}

// TestDeadEndpointIsAbandoned: an endpoint that refuses single calls too is left after few requests, with its own words.
func TestDeadEndpointIsAbandoned(t *testing.T) {
	for _, how := range simnet.BatchRefusals() {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			limit := how == simnet.RefuseByLimit || how == simnet.RefuseByLimits || how == "429"
			tries := 2
			if limit {
				tries = 1 // or it is waited for, twenty times
			}

			c, requests := refusingNode(t, how, 0)
			err := askTimes(t, c, tries, 100)
			if err == nil {
				t.Fatal("nothing was answered, and nothing is wrong")
			}

			if got := requests.Load(); got > 2+7 && !strings.Contains(err.Error(), "rpc error") { // else each call has its own
				t.Errorf("%d requests", got)
			}
			if got := c.batch.now(); got != 1 && !limit {
				t.Errorf("%d calls at once at last", got)
			}

			wordless := how == simnet.RefuseByClosing || how == simnet.RefuseByCutting || how == simnet.RefuseByNothing ||
				how == simnet.RefuseByNoAnswers || how == simnet.RefuseByFirst || how == simnet.RefuseByPart
			if !wordless && !strings.Contains(err.Error(), "not in your plan") && !strings.Contains(err.Error(), "limit") {
				t.Errorf("the provider's words are lost: %v", err)
			}
		})
	}
}

// TestUnreachableEndpointKeepsItsSize: where nobody listens nothing is learned about batches.
func TestUnreachableEndpointKeepsItsSize(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c := newRPC(Endpoint{RPC: server.URL, WS: "ws://host"}, 0, time.Millisecond)
	defer c.close()
	asked := 0
	c.answered = func(string, time.Duration, error) { asked++ }
	if err := askTimes(t, c, 3, 100); !errors.Is(err, errUnreached) || asked != 3 || c.batch.now() != maxBatch {
		t.Errorf("%v after %d requests, %d calls at once", err, asked, c.batch.now())
	}
}

// TestBatchGrowsAgain: trouble that passes does not leave single calls for ever, and a limit that stays is tried ever more
// seldom.
func TestBatchGrowsAgain(t *testing.T) {
	b := newBatchSize(0)
	take := func(limit, requests int) (refused int) {
		for range requests {
			if n := b.now(); n > limit {
				b.refused(n, n/2)
				refused++
			} else {
				b.answered(n)
			}
		}
		return refused
	}
	if got := take(0, 7); got != 7 || b.now() != 1 {
		t.Errorf("%d refused, %d at once", got, b.now())
	}

	if got := take(maxBatch, 8*firstPatience); got != 0 || b.now() != maxBatch {
		t.Errorf("after the trouble %d refused, %d at once", got, b.now())
	}
	take(10, 100)
	const long = 50_000
	if got := take(10, long); got > 7+long/maxPatience+1 || b.now() > 10 || b.now() < 5 {
		t.Errorf("%d of %d refused with a limit of 10, %d at once", got, long, b.now())
	}

	if slow := newBatchSize(3.5); slow.now() != 3 {
		t.Errorf("%d at once at 3.5 a second", slow.now())
	}
}
