package export

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

var errQuote = errors.New("a quoted cell does not end")

// csvReader reads RFC 4180, quoted line breaks as they are: encoding/csv would turn \r\n into \n.
type csvReader struct {
	in   *bufio.Reader
	line int64 // of the record read last
	next int64 // of the one to come
	cell []byte
}

// read gives the next record's cells to fn; io.EOF after the last one.
func (c *csvReader) read(fn func(column int, cell string)) error {
	c.line = c.next
	column, size := 0, 0
	c.cell = c.cell[:0]
	quoted, empty := false, true
	for ; ; size++ {
		b, err := c.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF) && quoted:
			return errQuote
		case errors.Is(err, io.EOF) && empty:
			return io.EOF
		case errors.Is(err, io.EOF):
			b = '\n'
		case err != nil:
			return err
		case size > longestLine:
			return fmt.Errorf("longer than %d bytes: %w", longestLine, ErrNotEvents)
		}

		empty = false
		switch {
		case quoted && b == '"':
			if after, err := c.in.ReadByte(); err == nil && after == '"' {
				c.cell = append(c.cell, '"')
			} else {
				quoted = false
				if err == nil {
					_ = c.in.UnreadByte()
				}
			}
		case quoted:
			if b == '\n' {
				c.next++
			}
			c.cell = append(c.cell, b)
		case b == '"' && len(c.cell) == 0:
			quoted = true
		case b == ',' || b == '\n':
			if n := len(c.cell); b == '\n' && n > 0 && c.cell[n-1] == '\r' {
				c.cell = c.cell[:n-1] // a file that went through an editor
			}
			fn(column, string(c.cell))
			c.cell = c.cell[:0]
			column++
			if b == '\n' {
				c.next++
				return nil
			}
		default:
			c.cell = append(c.cell, b)
		}
	}
}

func readCSV(text *bufio.Reader, take func(int64, *row, error) error) error {
	in := &csvReader{in: text, next: 1}
	var places []int // of each column of the file
	known := 0
	err := in.read(func(_ int, name string) {
		place, ok := anyEvents().places[name]
		if !ok {
			place = -1
		} else {
			known++
		}
		places = append(places, place)
	})
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the header: %w", err)
	}

	if err == nil && known < 8 {
		return fmt.Errorf("its first line names no columns of events: %w", ErrNotEvents)
	}
	r := newRow()
	for {
		r.reset()
		columns := 0
		err := in.read(func(column int, cell string) {
			columns++
			if column >= len(places) || places[column] < 0 || cell == "" {
				return
			}
			place := places[column]
			if anyEvents().columns[place].typ == foreign && cell[0] == '\'' && likeFormula(cell) {
				cell = cell[1:]
			}
			r.put(place, cell)
		})
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("line %d: %w", in.line, err)
		}

		var bad error
		if columns != len(places) {
			bad = fmt.Errorf("it has %d cells, the header %d", columns, len(places))
		}
		if err := take(in.line, r, bad); err != nil {
			return err
		}
	}
}
