package logtail

import (
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Bounds of what is kept.
const (
	Records = 500 // the newest ones

	maxAttrs = 32
	maxBytes = 1000 // of a message or a value; longer ones are cut and end in "…"
	maxKey   = 100  // bytes
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

// Place is a directory whose absolute path is not for everybody who may see the log over the network; a relative one and
// the root are left alone.
type Place struct{ Path, Name string }

// Tail holds the newest records. Make one with New.
type Tail struct {
	mu   sync.Mutex
	ring []Record // record n stands at (n-1) % Records
	next uint64   // number of the next record, less one

	places []Place // fixed by New
}

// New makes an empty Tail that shows the names of places in the stead of their paths.
func New(places ...Place) *Tail {
	t := &Tail{}
	for _, place := range places {
		if path := filepath.Clean(place.Path); filepath.IsAbs(path) && path != filepath.Dir(path) {
			t.places = append(t.places, Place{path, place.Name})
		}
	}
	slices.SortStableFunc(t.places, func(a, b Place) int { return len(b.Path) - len(a.Path) }) // what lies within another first
	return t
}

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

// Veil puts the places' names where their paths stand in s.
func (t *Tail) Veil(s string) string {
	for _, place := range t.places {
		for from := 0; ; {
			at := strings.Index(s[from:], place.Path)
			if at < 0 {
				break
			}
			at += from
			end := at + len(place.Path)
			if at > 0 && partOfName(s[at-1]) || end < len(s) && partOfName(s[end]) { // of another, longer path
				from = end
				continue
			}
			s = s[:at] + place.Name + s[end:]
			from = at + len(place.Name)
		}
	}
	return s
}

// partOfName reports whether a file's name may go on with this byte; a dot and a dash may, and a colon or a quote ends it.
func partOfName(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b >= 0x80 || strings.IndexByte("._-~@+", b) >= 0
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
