package backend

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
)

// historyMemory is by how much the Go runtime's memory may grow while history is read before the collector works harder.
// Reading makes garbage by the gigabyte; without a limit the heap would double over it.
const historyMemory = 32 << 20

// thrift limits memory while history is read. One goroutine uses it. A limit that the user set (GOMEMLIMIT) is left alone.
// The limit is soft: what is truly needed is had, at the price of more collections.
type thrift struct{ on bool }

// set says whether history is being read now.
func (t *thrift) set(reading bool) {
	if reading == t.on {
		return
	}
	t.on = reading
	now := debug.SetMemoryLimit(-1)
	switch {
	case reading && now == math.MaxInt64:
		debug.SetMemoryLimit(inUse() + historyMemory)
	case !reading && now != math.MaxInt64 && !userLimit:
		debug.SetMemoryLimit(math.MaxInt64)
	}
}

// userLimit tells whether the program was started with a limit.
var userLimit = debug.SetMemoryLimit(-1) != math.MaxInt64

// inUse is the memory that a limit counts.
func inUse() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64()) //nolint:gosec // far below
}
