package export

import (
	"context"
	"errors"
	"fmt"
	"os"

	"spinscope/backend/market"
)

// longestLine bounds a line of JSON and a record of CSV, in bytes; an event has about 500, its names at most 10,000.
const longestLine = 1 << 20

// ErrNotEvents is returned for a file that holds something other than exported events.
var ErrNotEvents = errors.New("this is no export of events: make one with spinscope export events")

// Read is one event of an export, a gap that it tells of, or what is wrong with the line.
type Read struct {
	Line  int64 // counts from 1; of Parquet, which has no lines, the row
	Event market.Event
	Gap   *market.Gap // nil for an event
	Err   error       // the line holds no whole event
}

// ReadEvents reads an export of events and gives each line's event or gap to fn, in the order of the file. The events have
// everything but owner, price and the time of receipt. Compressed text is unpacked, and a byte order mark is left out. A bad line is given to fn with its error; fn decides whether to
// go on. It ends at the first error of fn, at the end of ctx with its cause, and with ErrNotEvents. The file is not
// closed; of Parquet it must be one that can be read at any place.
func ReadEvents(ctx context.Context, file *os.File, format Format, fn func(*Read) error) error {
	take := func(line int64, r *row, bad error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		read := Read{Line: line, Err: bad}
		switch {
		case bad != nil:
		case r.isGap():
			gap, err := r.gap()
			read.Gap, read.Err = &gap, err
		default:
			read.Event, read.Err = r.event()
		}

		return fn(&read)
	}
	switch format {
	case Parquet:
		return readParquet(file, take)
	case Arrow:
		return fmt.Errorf("Arrow files are written and not read: export as Parquet instead: %w", ErrNotEvents) //nolint:staticcheck,revive // a name
	}

	text, done, err := textOf(file)
	defer done()

	if err != nil {
		return err
	}
	if format == CSV {
		return readCSV(text, take)
	}
	return readJSONL(text, take)
}

// row is one line's cells by the places of anyEvents.
type row struct {
	places map[string]int
	cells  []string
	set    []bool
}

func newRow() *row {
	t := anyEvents()
	return &row{t.places, make([]string, len(t.columns)), make([]bool, len(t.columns))}
}

// reset empties the row for the next line: a text that a line has not must not be the one of the line before.
func (r *row) reset() {
	clear(r.cells)
	clear(r.set)
}

func (r *row) put(place int, text string) { r.cells[place], r.set[place] = text, true }

// get is a column's cell; false when the line has none.
func (r *row) get(name string) (string, bool) {
	place, ok := r.places[name]
	if !ok {
		return "", false
	}
	return r.cells[place], r.set[place]
}
