package heap

import (
	"math"
	"runtime/debug"
	"testing"
)

func TestMemoryIsLimitedWhileHistoryIsRead(t *testing.T) {
	if userLimit {
		t.Skip("GOMEMLIMIT IS SET: the limit is the user's")
	}
	saver := Saver{Bytes: History}
	limit := func() int64 { return debug.SetMemoryLimit(-1) }
	saver.Set(false)
	if limit() != math.MaxInt64 {
		t.Fatal("limited before history is read")
	}

	for range 2 {
		saver.Set(true)
		if got := limit(); got < History || got > inUse()+2*History {
			t.Errorf("limit %d with %d in use", got, inUse())
		}
	}

	saver.Set(false)
	if limit() != math.MaxInt64 {
		t.Error("still limited afterwards")
	}
}

// Whoever asks for limits at the same time, in whatever order they are released: the lowest counts, and none is left.
func TestLimitsAreAskedForTogether(t *testing.T) {
	if userLimit {
		t.Skip("GOMEMLIMIT IS SET: the limit is the user's")
	}
	limit := func() int64 { return debug.SetMemoryLimit(-1) }
	for _, historyEndsFirst := range []bool{true, false} {
		saver := Saver{Bytes: History}
		release := Limit(Write)
		high := limit()
		saver.Set(true)
		low := limit()
		if low >= high || high == math.MaxInt64 {
			t.Fatalf("limit %d, then %d", high, low)
		}

		if historyEndsFirst {
			saver.Set(false)
			if got := limit(); got != high {
				t.Errorf("limit %d after history, want %d", got, high)
			}
			release()
		} else {
			release()
			if got := limit(); got != low {
				t.Errorf("limit %d while history is read, want %d", got, low)
			}
			saver.Set(false)
		}

		release()
		if got := limit(); got != math.MaxInt64 {
			t.Errorf("limit %d is left", got)
		}
	}
}

// The heap grows less while anybody asks for it, and as before once nobody does.
func TestHeapIsTightWhileSomebodyAsks(t *testing.T) {
	if userGrowth {
		t.Skip("GOGC IS SET: the growth is the user's")
	}
	growth := func() int {
		now := debug.SetGCPercent(-1)
		debug.SetGCPercent(now)
		return now
	}
	first, second := Tighten(), Tighten()
	if growth() != tightGrowth {
		t.Errorf("growth %d", growth())
	}

	first()
	first()
	if growth() != tightGrowth {
		t.Error("one that released twice released another's")
	}
	second()
	if growth() != 100 {
		t.Errorf("growth %d afterwards", growth())
	}
}
