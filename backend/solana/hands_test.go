package solana

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"
)

// However often many that mostly wait had deep work done, their own stacks stay small.
func TestHandsKeepTheStack(t *testing.T) {
	const waiting, depth = 2000, 100
	already, before := runtime.NumGoroutine(), stackInUse()
	work := newHands()
	end := make(chan struct{})
	var ready, group sync.WaitGroup
	ready.Add(waiting)
	one := sync.Mutex{} // as applying is
	for range waiting {
		group.Go(func() {
			err := work.do(t.Context(), func() error {
				one.Lock()
				defer one.Unlock()
				deep(depth)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			ready.Done()
			<-end
		})
	}
	ready.Wait()
	for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > already+waiting+10; time.Sleep(10 * time.Millisecond) { // until idle hands are gone
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines", runtime.NumGoroutine())
		}
	}
	if grown := stackInUse() - before; grown > waiting*8<<10 { // looked at once: each collection halves what is not in use
		t.Errorf("%d KB of stacks, of %d that wait", grown>>10, waiting)
	}
	close(end)
	group.Wait()
}

// deep needs some 30 KB of stack.
func deep(calls int) (sum byte) {
	var frame [256]byte
	frame[calls%len(frame)] = byte(calls)
	if calls > 0 {
		sum = deep(calls - 1)
	}
	for _, b := range frame {
		sum += b
	}
	return sum
}

func stackInUse() int64 {
	var stats runtime.MemStats
	runtime.GC() // frees the stacks of goroutines that have ended
	runtime.ReadMemStats(&stats)
	return int64(stats.StackInuse)
}

// An error of the work is the caller's, and one hand does what comes one after the other.
func TestHands(t *testing.T) {
	work := newHands()
	failure := errors.New("failed")
	before := runtime.NumGoroutine()
	for range 1000 {
		if err := work.do(t.Context(), func() error { return failure }); !errors.Is(err, failure) {
			t.Fatal(err)
		}
	}
	if now := runtime.NumGoroutine(); now > before+100 {
		t.Errorf("%d goroutines, %d before", now, before)
	}
}
