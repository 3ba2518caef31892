package solana

import (
	"net/http"
	"testing"
	"time"

	"spinscope/backend/polltest"
)

// TestRecoveryEndsThePause lets pauses between attempts grow to hours: only the watch over endpoints can end one.
func TestRecoveryEndsThePause(t *testing.T) {
	for _, one := range []struct {
		name   string
		outage func(c *cluster, on bool)
	}{
		{"RPC", func(c *cluster, on bool) {
			c.fault = nil
			if on {
				c.fault = func(w http.ResponseWriter, _ []rpcRequest) bool {
					w.WriteHeader(http.StatusServiceUnavailable)
					return true
				}
			}
		}},
		{"subscriptions", func(c *cluster, on bool) { c.refuse = on }},
		{"slots", func(c *cluster, on bool) { c.mute = on }},
	} {
		t.Run(one.name, func(t *testing.T) {
			c := newCluster(t)
			c.history(5, 1)
			config := testConfig(c.endpoint())
			config.ReconnectInterval, config.endpointWatch, config.SilenceTimeout = time.Hour, 20*time.Millisecond, 300*time.Millisecond
			r := start(t, config, 0)
			stop := c.run(1)
			defer stop()

			r.live()
			c.lock(func() { one.outage(c, true) })
			c.cut()
			r.status("the pause", func(s Status) bool { return s.State == Reconnecting && time.Until(s.RetryAt) > time.Minute })
			posts := func() (n int) {
				c.lock(func() { n = c.posts })
				return n
			}
			before := posts()
			polltest.Until(t, "it to be found down", func() bool {
				r.status("the pause to go on", func(s Status) bool { return s.State == Reconnecting })
				return posts() >= before+3
			})
			c.lock(func() { one.outage(c, false) })
			r.live()
			stop()
			all := c.ledger()
			r.until("everything", func() bool { return r.has(all) })
			r.equal(all)
		})
	}
}

// TestWorkingEndpointIsLeftAloneForAWhile cuts the connection to an endpoint that works: it is not tried again at once.
func TestWorkingEndpointIsLeftAloneForAWhile(t *testing.T) {
	c := newCluster(t)
	c.history(5, 1)
	config := testConfig(c.endpoint())
	config.ReconnectInterval, config.endpointWatch = time.Hour, 300*time.Millisecond
	r := start(t, config, 0)
	stop := c.run(1)
	defer stop()
	r.live()
	began := time.Now()
	c.cut()
	r.status("the pause", func(s Status) bool { return s.State == Reconnecting })
	r.live()
	if took := time.Since(began); took < config.endpointWatch {
		t.Errorf("tried again after %v", took)
	}
}
