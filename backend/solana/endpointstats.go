package solana

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"spinscope/backend/market"
)

// EndpointState is what an endpoint is good for at the moment.
type EndpointState string

// The states of an endpoint. The one in use is connecting, catching up or connected.
const (
	EndpointStandby    EndpointState = "standby"     // not in use; nothing bad is known
	EndpointConnecting EndpointState = "connecting"  // being tried
	EndpointCatchingUp EndpointState = "catching_up" // in use; history is read
	EndpointConnected  EndpointState = "connected"   // in use, live
	EndpointDown       EndpointState = "down"        // did not work when last tried
)

// EndpointStatus is how one endpoint does. Counts are since the Feed was made.
type EndpointStatus struct {
	Name        string // redacted; two endpoints of one provider may look alike
	State       EndpointState
	InUse       bool
	Latency     time.Duration // of the last answer to a question for the newest slot; 0 before the first
	Slot        market.Slot   // newest slot it told of, 0 when unknown
	SeenAt      time.Time     // when it last answered; zero before the first time
	Errors      uint64        // requests that failed or were refused, sockets that could not be opened
	Reconnects  uint64        // connections that had been live and were lost
	LastError   string        // redacted; stays after the trouble is over
	LastErrorAt time.Time
}

// Endpoints tells how each endpoint does, in the order of Config.Endpoints; safe for concurrent use at any time.
func (f *Feed) Endpoints() []EndpointStatus {
	list := f.stats.read()
	status := f.Status()
	for i := range list {
		one := &list[i]
		if !one.InUse {
			continue
		}
		one.Slot = max(one.Slot, status.Slot)
		if status.State == CatchingUp {
			one.State = EndpointCatchingUp
		}
	}
	return list
}

// endpointStats keep what is known of each endpoint; safe for concurrent use.
type endpointStats struct {
	mu   sync.Mutex
	list []EndpointStatus
}

func newEndpointStats(endpoints []Endpoint) *endpointStats {
	f := &endpointStats{}
	for _, endpoint := range endpoints {
		f.list = append(f.list, EndpointStatus{Name: endpoint.String(), State: EndpointStandby})
	}
	return f
}

func (f *endpointStats) read() []EndpointStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.list)
}

func (f *endpointStats) change(index int, edit func(*EndpointStatus)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	edit(&f.list[index])
}

// using notes that a connection to the endpoint is being made.
func (f *endpointStats) using(index int) {
	f.change(index, func(s *EndpointStatus) { s.State, s.InUse = EndpointConnecting, true })
}

func (f *endpointStats) live(index int) {
	f.change(index, func(s *EndpointStatus) { s.State = EndpointConnected })
}

// left notes that the endpoint is no longer in use: err took it down, or it gave way to a preferred one. lost tells that
// it had been live.
func (f *endpointStats) left(index int, slot market.Slot, err error, lost bool) {
	f.change(index, func(s *EndpointStatus) {
		s.State, s.InUse, s.Slot = EndpointStandby, false, max(s.Slot, slot)
		if err == nil || errors.Is(err, errPreferred) || errors.Is(err, context.Canceled) {
			return
		}
		s.State, s.LastError, s.LastErrorAt = EndpointDown, err.Error(), time.Now()
		if lost {
			s.Reconnects++
		}
	})
}

// tried notes how a look at an endpoint that is not in use ended.
func (f *endpointStats) tried(index int, slot market.Slot, err error) {
	f.change(index, func(s *EndpointStatus) {
		s.Slot = max(s.Slot, slot)
		switch {
		case s.InUse:
		case err != nil:
			s.State, s.LastError, s.LastErrorAt = EndpointDown, err.Error(), time.Now()
		default:
			s.State = EndpointStandby
		}
	})
}

// failed counts something that the endpoint did not do. The end of what asked is none of the endpoint's failures.
func (f *endpointStats) failed(index int, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	f.change(index, func(s *EndpointStatus) { s.Errors, s.LastError, s.LastErrorAt = s.Errors+1, err.Error(), time.Now() })
}

// answered is told of every request of an rpcClient: what was asked, how long it took and how it failed.
func (f *endpointStats) answered(index int) func(method string, took time.Duration, err error) {
	return func(method string, took time.Duration, err error) {
		if err != nil {
			f.failed(index, err)
			return
		}
		f.change(index, func(s *EndpointStatus) {
			s.SeenAt = time.Now()
			if method == methodSlot { // asked again and again, and small
				s.Latency = took
			}
		})
	}
}
