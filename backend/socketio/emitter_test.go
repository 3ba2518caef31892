package socketio

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zishang520/engine.io/v2/events"
)

// TestEmitterIsTheLibrarys: the same calls, the same effects as with the library's own.
func TestEmitterIsTheLibrarys(t *testing.T) {
	run := func(e events.EventEmitter) (said []string) {
		say := func(what string) events.Listener {
			return func(args ...any) { said = append(said, what+args[0].(string)) }
		}
		first := func(...any) { said = append(said, "first") }
		again := func(...any) {
			said = append(said, "adds")
			_ = e.On("later", say("l"))
		}

		_ = e.On("a", first, say("1"))
		_ = e.Once("a", say("2"))
		_ = e.On("b", again)
		e.Emit("a", "x")
		e.Emit("a", "y")
		e.Emit("nobody", "z")
		e.Emit("b", "")
		e.Emit("later", "w")
		if e.RemoveListener("a", first) {
			said = append(said, "removed")
		}
		if !e.RemoveListener("a", first) && !e.RemoveAllListeners("nobody") {
			said = append(said, "nothing left")
		}
		e.Emit("a", "v")
		if e.ListenerCount("a") == 1 && len(e.Listeners("b")) == 1 && len(e.EventNames()) == 3 && e.Len() == 3 {
			said = append(said, "counted")
		}
		e.RemoveAllListeners("a")
		e.Emit("a", "u")
		e.Clear()
		e.Emit("b", "t")
		return said
	}

	want, got := run(events.New()), run(&emitter{})
	if len(want) < 8 || !slices.Equal(got, want) {
		t.Errorf("said %q, the library's %q", got, want)
	}
}

// TestOnceIsOnce: of many that emit at once, one is heard.
func TestOnceIsOnce(t *testing.T) {
	var e emitter
	var heard atomic.Int32
	for range 100 {
		_ = e.Once("a", func(...any) { heard.Add(1) })
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() { e.Emit("a") })
		}
		group.Wait()
	}
	if heard.Load() != 100 {
		t.Errorf("heard %d times of 100", heard.Load())
	}
}
