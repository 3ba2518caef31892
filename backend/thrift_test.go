package backend

import (
	"math"
	"runtime/debug"
	"testing"
)

func TestMemoryIsLimitedWhileHistoryIsRead(t *testing.T) {
	if userLimit {
		t.Skip("GOMEMLIMIT IS SET: the limit is the user's")
	}
	var saver thrift
	limit := func() int64 { return debug.SetMemoryLimit(-1) }
	saver.set(false)
	if limit() != math.MaxInt64 {
		t.Fatal("limited before history is read")
	}
	for range 2 {
		saver.set(true)
		if got := limit(); got < historyMemory || got > inUse()+2*historyMemory {
			t.Errorf("limit %d with %d in use", got, inUse())
		}
	}
	saver.set(false)
	if limit() != math.MaxInt64 {
		t.Error("still limited afterwards")
	}
}
