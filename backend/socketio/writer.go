package socketio

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// batchSize is how many bytes one write to a socket gathers.
const batchSize = 64 << 10

// writers are a few goroutines that write to every WebSocket. A writer never
// waits for a client: what a socket does not take at once goes on in a goroutine
// of that client until it has caught up. A writer runs only while it has work.
type writers struct {
	shards []*shard
	next   atomic.Uint32
	tasks  *tasks
}

type shard struct {
	tasks   *tasks
	mu      sync.Mutex
	turned  *sync.Cond
	queue   []*webSocket
	spare   []*webSocket
	turns   uint64 // complete passes over the queue
	running bool
}

func newWriters(t *tasks) *writers {
	w := &writers{tasks: t}
	// Half of the processors: the other half must read and handle meanwhile, or
	// the latest frames come later than with a single writer.
	for range max(1, runtime.GOMAXPROCS(0)/2) {
		sh := &shard{tasks: t}
		sh.turned = sync.NewCond(&sh.mu)
		w.shards = append(w.shards, sh)
	}
	return w
}

// pick spreads connections over the shards.
func (w *writers) pick() *shard {
	return w.shards[int(w.next.Add(1))%len(w.shards)]
}

// waitWritten waits until every shard has written once to every socket that was
// ready. It never waits for a client, only for the writers' own work.
func (w *writers) waitWritten() {
	for _, sh := range w.shards {
		sh.mu.Lock()
		// Two turns on: the one under way may have passed a socket already.
		for until := sh.turns + 2; sh.running && sh.turns < until; {
			sh.turned.Wait()
		}
		sh.mu.Unlock()
	}
}

func (sh *shard) add(ws *webSocket) {
	sh.mu.Lock()
	sh.queue = append(sh.queue, ws)
	start := !sh.running
	sh.running = true
	sh.mu.Unlock()
	if start {
		sh.tasks.start(sh.run)
	}
}

func (sh *shard) run() {
	buf := batches.Get().(*[]byte)
	defer batches.Put(buf)

	for {
		sh.mu.Lock()
		sh.turns++
		sh.turned.Broadcast()
		if len(sh.queue) == 0 {
			sh.running = false
			if cap(sh.queue) > 4096 {
				sh.queue, sh.spare = nil, nil
			}
			sh.mu.Unlock()
			return
		}

		ready := sh.queue
		sh.queue = sh.spare[:0]
		sh.mu.Unlock()
		for i, ws := range ready {
			ws.writeReady(*buf)
			ready[i] = nil
		}

		sh.mu.Lock()
		sh.spare = ready[:0]
		sh.mu.Unlock()
	}
}

var batches = sync.Pool{New: func() any { b := make([]byte, 0, batchSize); return &b }}
