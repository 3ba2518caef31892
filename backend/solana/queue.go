package solana

import (
	"sync"
	"sync/atomic"

	"spinscope/backend/market"
	"spinscope/backend/wake"
)

// queue holds live transactions between the socket's reader and the delivering goroutine. It is bounded: when it is
// full everything in it is dropped, and take says so. Safe for concurrent use.
type queue struct {
	ready chan struct{} // one token while there is something to take

	limit      int           // transactions
	limitBytes int           // of them
	shared     *atomic.Int64 // bytes in several queues, at most bufferedBytes; nil for one alone

	mu    sync.Mutex
	txs   []market.Transaction
	bytes int
	lost  bool // something was dropped, or may have been
}

func newQueue(limit int) *queue {
	return &queue{ready: make(chan struct{}, 1), limit: limit, limitBytes: bufferedBytes}
}

// push adds a transaction, whose logs the queue owns from now on.
func (q *queue) push(tx market.Transaction) {
	q.mu.Lock()
	defer q.mu.Unlock()
	size := txSize(&tx)
	if len(q.txs) >= q.limit || q.bytes+size > q.limitBytes || q.shared != nil && q.shared.Load()+int64(size) > bufferedBytes {
		q.lose()
	}
	if !q.lost { // after a loss history is read again, up to whatever is newest then
		q.txs = append(q.txs, tx)
		q.grow(size)
	}
	wake.Up(q.ready)
}

// lose drops everything; mu is held.
func (q *queue) lose() {
	q.grow(-q.bytes)
	q.txs, q.lost = nil, true
}

// grow counts bytes; mu is held.
func (q *queue) grow(size int) {
	q.bytes += size
	if q.shared != nil {
		q.shared.Add(int64(size))
	}
}

// discard empties a queue that is of no more use.
func (q *queue) discard() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lose()
}

// suspect notes that a notification may have been lost.
func (q *queue) suspect() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lose()
	wake.Up(q.ready)
}

// restart forgets a loss: from now on transactions are kept again. Call it before history is read.
func (q *queue) restart() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lost = false
}

// take empties the queue. After a loss it gives nothing, until restart.
func (q *queue) take() (txs []market.Transaction, lost bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	txs, lost = q.txs, q.lost
	q.grow(-q.bytes)
	q.txs = nil
	return txs, lost
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.txs)
}

// txSize is about the memory a transaction takes.
func txSize(tx *market.Transaction) int {
	size := 200
	for _, line := range tx.Logs {
		size += 16 + len(line)
	}
	return size
}

// isEmpty reports whether there is nothing to take, and nothing to read back.
func (q *queue) isEmpty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.txs) == 0 && !q.lost
}

func (q *queue) overflowed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.lost
}
