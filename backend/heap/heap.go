// Package heap bounds what the Go runtime keeps of memory while history is read and in commands that go through a whole
// market. It owns the process's memory limit: of the limits that are asked for at the moment the lowest counts. It owns the growth of the heap between two collections, too. A limit
// that the user set (GOMEMLIMIT) is left alone. The limits are soft: the runtime collects more often and takes what it
// needs. Safe for concurrent use.
package heap

import (
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"sync"
)

// By how much the Go runtime's memory may grow before the collector works harder, in bytes. Reading and writing history
// makes garbage by the gigabyte; without a limit the heap would double over it.
const (
	History  = 32 << 20  // while a server reads history
	Read     = 90 << 20  // of a command that reads a whole market
	Write    = 188 << 20 // of a command that writes one: Badger alone holds half of it
	Backfill = 150 << 20 // of the command that reads history into one: what it maps of tables comes on top
)

var (
	mu    sync.Mutex
	asked []*int64 // the limits
)

// Limit lets memory grow by so many bytes and no more, until release is called, which may be called again.
func Limit(bytes int64) (release func()) {
	if userLimit {
		return func() {}
	}
	mu.Lock()
	defer mu.Unlock()
	limit := inUse() + bytes
	asked = append(asked, &limit)
	set()
	return func() {
		mu.Lock()
		defer mu.Unlock()
		asked = slices.DeleteFunc(asked, func(one *int64) bool { return one == &limit })
		set()
	}
}

// set makes the lowest limit the process's.
func set() {
	lowest := int64(math.MaxInt64)
	for _, limit := range asked {
		lowest = min(lowest, *limit)
	}
	debug.SetMemoryLimit(lowest)
}

// userLimit reports whether the program was started with a limit.
var userLimit = debug.SetMemoryLimit(-1) != math.MaxInt64

// inUse is the memory that a limit counts.
func inUse() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64()) //nolint:gosec // far below
}

// tightGrowth is by how many percent the heap grows between two collections while somebody asks for a tight one. The runtime's own
// 100 has it take twice what is alive.
const tightGrowth = 50

var tight int // how many ask for it

// userGrowth reports whether the program was started with a growth of its own.
var userGrowth = os.Getenv("GOGC") != ""

// Tighten has the heap grow less between two collections, for more of the processor's time, until release is called, which may be
// called again: for a server that keeps much and makes little garbage. A growth that the user set (GOGC) is left alone.
func Tighten() (release func()) {
	if userGrowth {
		return func() {}
	}
	mu.Lock()
	defer mu.Unlock()
	if tight++; tight == 1 {
		debug.SetGCPercent(tightGrowth)
	}
	return sync.OnceFunc(func() {
		mu.Lock()
		defer mu.Unlock()
		if tight--; tight == 0 {
			debug.SetGCPercent(100)
		}
	})
}

// Saver limits memory while history is read. One goroutine uses it.
type Saver struct {
	Bytes   int64 // by which it may grow; 0: whoever reads history has a limit of its own
	release func()
}

// Set says whether history is being read now.
func (s *Saver) Set(reading bool) {
	switch {
	case reading && s.release == nil && s.Bytes > 0:
		s.release = Limit(s.Bytes)
	case !reading && s.release != nil:
		s.release()
		s.release = nil
	}
}
