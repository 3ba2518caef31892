package logtail

import (
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Bounds of what is kept.
const (
	Records = 500 // the newest ones

	mostAttrs = 32
	mostBytes = 1000 // of a message or a value; longer ones are cut and end in "…"
	mostKey   = 100  // bytes
)

// Attr is a key with its value as text. Keys of groups are joined with dots.
type Attr struct{ Key, Value string }

// Record is one line of the log.
type Record struct {
	Seq     uint64 // counts up by one, from 1
	Time    time.Time
	Level   slog.Level
	Message string
	Attrs   []Attr // not to be changed
}

// Tail holds the newest records. Make one with New.
type Tail struct {
	mu   sync.Mutex
	ring []Record // record n stands at (n-1) % Records
	next uint64   // number of the next record, less one
}

// New makes an empty Tail.
func New() *Tail { return &Tail{} }

// Span is the numbers of the oldest and the newest record kept; 0, 0 before the first.
func (t *Tail) Span() (oldest, newest uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.spanLocked()
}

func (t *Tail) spanLocked() (oldest, newest uint64) {
	if t.next == 0 {
		return 0, 0
	}
	return t.next - uint64(len(t.ring)) + 1, t.next
}

// After gives the newest records, at most limit and oldest first, whose number is above seq and whose level is least or
// above.
func (t *Tail) After(seq uint64, least slog.Level, limit int) []Record {
	t.mu.Lock()
	defer t.mu.Unlock()
	oldest, newest := t.spanLocked()
	var found []Record
	for n := newest; n >= max(oldest, 1) && n > seq && len(found) < limit; n-- {
		if record := &t.ring[(n-1)%Records]; record.Level >= least {
			found = append(found, *record)
		}
	}
	slices.Reverse(found)
	return found
}

func (t *Tail) add(r Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next++
	r.Seq = t.next
	if len(t.ring) < Records {
		t.ring = append(t.ring, r)
		return
	}
	t.ring[(r.Seq-1)%Records] = r
}
