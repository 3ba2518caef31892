package ticker

import (
	"errors"
	"fmt"
	"strings"

	"spinscope/backend/market"
)

// ErrWindow is returned for a name that is none of the windows.
var ErrWindow = errors.New("unknown window")

// Window is how far back a figure reaches.
type Window uint8

// The windows, longest first.
const (
	H24 Window = iota
	H1
	M5
	NumWindows = 3
)

var (
	windowNames   = [NumWindows]string{"h24", "h1", "m5"}
	windowSeconds = [NumWindows]int64{86400, 3600, 300}
	// windowIntervals are the candles that a window is best read from: fine enough for its edges, and not too many.
	windowIntervals = [NumWindows]market.Interval{H24: market.M5, H1: market.M1, M5: market.S5}
)

// interval is the kept interval that a window is read from: of those that are shorter than it, the one whose length is
// nearest to the best. It is nil when there is none.
func (w Window) interval(kept []market.Interval) (nearest *market.Interval) {
	best := windowIntervals[w].Seconds()
	ratio := func(i market.Interval) float64 {
		return max(float64(best)/float64(i.Seconds()), float64(i.Seconds())/float64(best))
	}
	for i := range kept {
		if kept[i].Seconds() < w.Seconds() && (nearest == nil || ratio(kept[i]) < ratio(*nearest)) {
			nearest = &kept[i]
		}
	}
	return nearest
}

// ParseWindow reads a name: h24, h1 or m5. The error wraps ErrWindow.
func ParseWindow(name string) (Window, error) {
	for i, known := range windowNames {
		if name == known {
			return Window(i), nil //nolint:gosec // below NumWindows
		}
	}
	return 0, fmt.Errorf("%w %.20q: use one of %s", ErrWindow, name, strings.Join(windowNames[:], ", "))
}

// Seconds is the window's length.
func (w Window) Seconds() int64 { return windowSeconds[w] }

// String is the window's name on the wire.
func (w Window) String() string { return windowNames[w] }

// Span is the trading of one mint in a window. The zero value says that nothing is known: no kept interval is short
// enough for the window, or the mint never traded.
type Span struct {
	Since       int64        // Unix seconds: the first candle in the window or, without one, the last trade
	Open        market.Price // the price there
	Volume      market.U128  // base units of the coin traded (Token.Pair)
	QuoteVolume market.U128  // base units of the quote traded, such as lamports
	BuyVolume   market.U128  // base units of the coin bought by takers
	Trades      uint64       // price events
}

// Ticker is what a mint did lately.
type Ticker struct {
	Token market.Token // with the latest price
	Spans [NumWindows]Span
	Spark [SparkPoints]market.Price // closes at equal steps through the day, or since the first trade stored
}

// SparkPoints is how many points the line of a day has.
const SparkPoints = 32

// Change is by which fraction the price has moved over a window: 0.1 is ten percent up. It is false when not known.
func (t *Ticker) Change(w Window) (float64, bool) {
	open := t.Spans[w].Open
	if open.IsZero() || t.Token.LatestPrice.IsZero() {
		return 0, false
	}
	return t.Token.LatestPrice.Float()/open.Float() - 1, true
}
