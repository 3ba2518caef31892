package market

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrInterval is returned for a name that is none of the intervals.
var ErrInterval = errors.New("unknown interval")

// Interval is the length of a candle. The zero value is S1. Candles of a stored interval are kept in the store; those of a
// derived one are merged from them when they are read and pushed, and no record names it.
type Interval uint8

// The stored intervals, shortest first. Records hold their numbers: never renumber them.
const (
	S1 Interval = iota
	S5
	S15
	S30
	M1
	M5
	M15
	H1
	H4
	D1
	NumStored = 10 // how many there are: each is smaller
)

// The derived intervals. Nothing holds their numbers.
const (
	M3 Interval = iota + derived
	M30
	H2
	W1
	derived Interval = 1 << 7
)

// length is what is declared of an interval.
type length struct {
	interval Interval
	name     string // on the wire: its unit's letter and how many of them
	seconds  int64
	origin   int64  // Unix seconds at which one of its candles begins, less than its length
	key      string // that chooses it on the page; "" for none
}

// table declares every interval, shortest first. All that names or counts intervals is made from it: what is validated,
// served, exported and documented, the native menu, and by `make gen` what the page and docs/intervals.md know. A derived
// one is a line here and a name above, with a length that a stored one divides (PartsOf).
var table = []length{
	{S1, "s1", 1, 0, "1"},
	{S5, "s5", 5, 0, "2"},
	{S15, "s15", 15, 0, "3"},
	{S30, "s30", 30, 0, "4"},
	{M1, "m1", 60, 0, "5"},
	{M3, "m3", 180, 0, ""},
	{M5, "m5", 300, 0, "6"},
	{M15, "m15", 900, 0, "7"},
	{M30, "m30", 1800, 0, ""},
	{H1, "h1", 3600, 0, "8"},
	{H2, "h2", 7200, 0, ""},
	{H4, "h4", 14400, 0, "9"},
	{D1, "d1", 86400, 0, "0"},
	{W1, "w1", 604800, 4 * 86400, ""}, // Monday: the epoch was a Thursday
}

// units are what a name begins with.
var units = map[byte]string{'s': "second", 'm': "minute", 'h': "hour", 'd': "day", 'w': "week"}

// byNumber is the table by number; unknown numbers have no name.
var byNumber = func() (lengths [1 << 8]length) {
	for _, l := range table {
		lengths[l.interval] = l
	}
	return lengths
}()

// AllIntervals lists the intervals, shortest first.
func AllIntervals() []Interval {
	list := make([]Interval, len(table))
	for i := range table {
		list[i] = table[i].interval
	}
	return list
}

// StoredIntervals lists the stored ones, shortest first.
func StoredIntervals() []Interval { return StoredOf(AllIntervals()) }

// StoredOf lists those that are stored, in the order given.
func StoredOf(intervals []Interval) []Interval {
	return slices.DeleteFunc(slices.Clone(intervals), func(i Interval) bool { return !i.Stored() })
}

// IntervalNames lists the names, in the order given.
func IntervalNames(intervals []Interval) []string {
	names := make([]string, len(intervals))
	for i, interval := range intervals {
		names[i] = interval.String()
	}
	return names
}

// ParseInterval reads a name such as "m1". The error wraps ErrInterval and lists the names.
func ParseInterval(name string) (Interval, error) {
	for _, known := range table {
		if name == known.name {
			return known.interval, nil
		}
	}
	return 0, fmt.Errorf("%w %q: use one of %s", ErrInterval, clip(name), strings.Join(IntervalNames(AllIntervals()), ", "))
}

// Stored reports whether candles of this interval are kept in the store.
func (i Interval) Stored() bool { return i < derived }

// Seconds is the interval's length.
func (i Interval) Seconds() int64 { return byNumber[i].seconds }

// Origin is a time at which a candle begins, Unix seconds; 0 for all but weeks, which begin on Monday.
func (i Interval) Origin() int64 { return byNumber[i].origin }

// Key is the key that chooses the interval on the page; "" when there is none.
func (i Interval) Key() string { return byNumber[i].key }

// String is the interval's name on the wire, such as "m1".
func (i Interval) String() string { return byNumber[i].name }

// Words names the interval as people do, such as "15 minutes".
func (i Interval) Words() string {
	name := i.String()
	unit, count := units[name[0]], name[1:]
	if count != "1" {
		unit += "s"
	}
	return count + " " + unit
}

// Floor is the open time of the candle that holds time t, both Unix seconds; right for times before 1970 too.
func (i Interval) Floor(t int64) int64 {
	l := &byNumber[i]
	rest := (t - l.origin) % l.seconds
	if rest < 0 {
		rest += l.seconds
	}
	return t - rest
}

// maxParts is how many candles of a stored interval one of a derived interval is merged from at most: each push of the
// open one reads them.
const maxParts = 1000

// PartsOf lists the stored intervals that a derived one may be merged from, shortest first: their candles lie whole within
// its own, and are few enough. It is empty for a stored interval.
func PartsOf(whole Interval) []Interval {
	if whole.Stored() {
		return nil
	}
	var parts []Interval
	for _, l := range table {
		fits := whole.Seconds()%l.seconds == 0 && (whole.Origin()-l.origin)%l.seconds == 0
		if l.interval.Stored() && fits && whole.Seconds()/l.seconds <= maxParts {
			parts = append(parts, l.interval)
		}
	}
	return parts
}

// PartOf is the interval that a derived one is merged from where those given are kept: the longest of its parts. It is
// false when none of them is kept, and for a stored interval.
func PartOf(whole Interval, kept []Interval) (part Interval, ok bool) {
	for _, i := range PartsOf(whole) {
		if slices.Contains(kept, i) {
			part, ok = i, true
		}
	}
	return part, ok
}
