package solana

import (
	"context"
	"time"
)

// handIdle is how long a hand waits for more to do.
const handIdle = time.Second

// hands do the work of goroutines that mostly wait. There are thousands of those, and each would keep the stack that its work
// once needed, a hundred times what waiting takes; as many hands as work at once keep theirs. Safe for concurrent use.
type hands struct {
	tasks chan func() // taken by those that are idle
}

func newHands() *hands { return &hands{tasks: make(chan func())} }

// do returns what work does on another goroutine. Idle ones end with ctx.
func (h *hands) do(ctx context.Context, work func() error) error {
	done := make(chan error, 1)
	task := func() { done <- work() }
	select {
	case h.tasks <- task:
	default:
		go h.serve(ctx, task)
	}
	return <-done
}

// serve does one task after the other until there is none for a while.
func (h *hands) serve(ctx context.Context, task func()) {
	idle := time.NewTimer(handIdle)
	defer idle.Stop()
	for {
		task()
		idle.Reset(handIdle)
		select {
		case task = <-h.tasks:
		case <-idle.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
