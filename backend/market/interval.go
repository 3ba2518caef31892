package market

import (
	"errors"
	"fmt"
	"strings"
)

// ErrInterval is returned for a name that is none of the ten intervals.
var ErrInterval = errors.New("unknown interval")

// Interval is the length of a candle. The zero value is S1; the numbers are stored, never renumber them.
type Interval uint8

// The intervals, shortest first.
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
	NumIntervals = 10
)

var intervalNames = [NumIntervals]string{"s1", "s5", "s15", "s30", "m1", "m5", "m15", "h1", "h4", "d1"}

var intervalSeconds = [NumIntervals]int64{1, 5, 15, 30, 60, 300, 900, 3600, 14400, 86400}

// AllIntervals lists the intervals, shortest first.
func AllIntervals() []Interval { return []Interval{S1, S5, S15, S30, M1, M5, M15, H1, H4, D1} }

// ParseInterval reads a name such as "m1". The error wraps ErrInterval and lists the names.
func ParseInterval(name string) (Interval, error) {
	for i, known := range intervalNames {
		if name == known {
			return Interval(i), nil
		}
	}
	return 0, fmt.Errorf("%w %q: use one of %s", ErrInterval, clip(name), strings.Join(intervalNames[:], ", "))
}

// Seconds is the interval's length.
func (i Interval) Seconds() int64 { return intervalSeconds[i] }

// String is the interval's name on the wire, such as "m1".
func (i Interval) String() string { return intervalNames[i] }

// Floor is the open time of the candle that holds time t, both Unix seconds; right for times before 1970 too.
func (i Interval) Floor(t int64) int64 {
	n := intervalSeconds[i]
	rest := t % n
	if rest < 0 {
		rest += n
	}
	return t - rest
}
