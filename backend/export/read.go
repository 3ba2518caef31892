package export

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"spinscope/backend/market"
)

// longestLine bounds a line of JSON and a record of CSV, in bytes; an event has about 500, its names at most 10,000.
const longestLine = 1 << 20

// ErrNotEvents is returned for a file that holds something other than exported events.
var ErrNotEvents = errors.New("this is no export of events: make one with spinscope export events")

// Read is one event of an export, a hole that it tells of, or what is wrong with the line.
type Read struct {
	Line  int64 // counts from 1; of Parquet, which has no lines, the row
	Event market.Event
	Gap   *market.Gap // nil for an event
	Err   error       // the line holds no whole event
}

// ReadEvents reads an export of events and gives each line's event or hole to fn, in the order of the file. The events have
// everything but owner, price and the time of receipt. A bad line is given to fn with its error; fn decides whether to
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
	case JSONL:
		return readJSONL(file, take)
	case CSV:
		return readCSV(file, take)
	case Parquet:
		return readParquet(file, take)
	}
	return fmt.Errorf("%.40q: %w", format, ErrFormat)
}

// row is one line's cells by the places of eventColumns.
type row struct {
	cells []string
	set   []bool
}

func newRow() *row { return &row{make([]string, len(eventColumns)), make([]bool, len(eventColumns))} }

func (r *row) reset() { clear(r.set) }

func (r *row) put(place int, text string) { r.cells[place], r.set[place] = text, true }

// get is a column's cell; false when the line has none.
func (r *row) get(name string) (string, bool) {
	place := eventColumn[name]
	return r.cells[place], r.set[place]
}

func readJSONL(file io.Reader, take func(int64, *row, error) error) error {
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 0, 64<<10), longestLine)
	r := newRow()
	line := int64(0)
	for lines.Scan() {
		line++
		if len(lines.Bytes()) == 0 {
			continue
		}
		r.reset()
		if err := take(line, r, r.fillJSON(lines.Bytes())); err != nil {
			return err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("line %d is longer than %d bytes: %w", line+1, longestLine, ErrNotEvents)
	case err != nil:
		return fmt.Errorf("read line %d: %w", line+1, err)
	}
	return nil
}

// fillJSON reads one object. Members that are no columns are ignored.
func (r *row) fillJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return fmt.Errorf("not a JSON object: %w", err)
	}
	for name, value := range members {
		place, known := eventColumn[name]
		if !known || string(value) == "null" {
			continue
		}
		cell := string(value)
		switch value[0] {
		case '"':
			if err := json.Unmarshal(value, &cell); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		case '{', '[':
			return fmt.Errorf("%s is neither text nor a number", name)
		}
		r.put(place, cell)
	}
	return nil
}
