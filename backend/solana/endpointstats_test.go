package solana

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// endpointStatus waits until the status of an endpoint is as wanted.
func (r *rig) endpointStatus(index int, what string, ok func(EndpointStatus) bool) {
	r.t.Helper()
	var last EndpointStatus
	r.status(what, func(Status) bool {
		last = r.feed.Endpoints()[index]
		return ok(last)
	})
}

// TestStatsOfEndpoints takes the preferred one of two endpoints down and lets it come back.
func TestStatsOfEndpoints(t *testing.T) {
	one, two := newCluster(t), newCluster(t)
	one.history(5, 1)
	two.history(5, 1)
	const key = "sekret-key-77"
	preferred := one.endpoint()
	preferred.RPC += "/v1/" + key
	config := testConfig(preferred, two.endpoint())
	config.SilenceTimeout = 300 * time.Millisecond
	r := start(t, config, 0)
	stops := []func(){one.run(1), two.run(1)}
	defer func() {
		for _, stop := range stops {
			stop()
		}
	}()

	r.live()
	r.endpointStatus(0, "the preferred one's counts", func(s EndpointStatus) bool {
		return s.InUse && s.State == EndpointConnected && s.Latency > 0 && s.Slot > 0 && !s.SeenAt.IsZero()
	})
	if s := r.feed.Endpoints()[1]; s.InUse || s.State != EndpointStandby || s.Slot != 0 || s.Errors != 0 || s.Name != two.endpoint().String() {
		t.Errorf("the other one: %+v", s)
	}

	one.lock(func() {
		one.fault = func(w http.ResponseWriter, _ []rpcRequest) bool {
			http.Error(w, "gone: "+key, http.StatusServiceUnavailable)
			return true
		}
	})
	one.cut()
	r.endpointStatus(1, "the fallback in use", func(s EndpointStatus) bool { return s.InUse && s.State == EndpointConnected && s.Slot > 0 })
	r.endpointStatus(0, "the preferred one down", func(s EndpointStatus) bool {
		return !s.InUse && s.State == EndpointDown && s.Errors > 0 && s.Reconnects == 1 && s.LastError != "" && !s.LastErrorAt.IsZero()
	})
	one.lock(func() { one.fault = nil })
	r.endpointStatus(0, "the preferred one again", func(s EndpointStatus) bool { return s.InUse && s.State == EndpointConnected })
	r.endpointStatus(1, "the fallback at rest", func(s EndpointStatus) bool { return !s.InUse && s.State == EndpointStandby && s.Reconnects == 0 })
	for _, s := range r.feed.Endpoints() {
		if strings.Contains(s.Name+s.LastError, key) {
			t.Errorf("the key shows in %+v", s)
		}
	}
}
