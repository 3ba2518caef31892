package export

import (
	"bytes"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"spinscope/backend/wire"
)

// csvEncoder writes RFC 4180 with a header line and \n line ends. An empty cell is a field that the record has not.
type csvEncoder struct {
	w    io.Writer
	line []byte
}

func newCSVEncoder(w io.Writer, columns []column) (*csvEncoder, error) {
	e := &csvEncoder{w: w}
	for i, c := range columns {
		if i > 0 {
			e.line = append(e.line, ',')
		}
		e.line = append(e.line, c.name...)
	}
	e.line = append(e.line, '\n')
	_, err := w.Write(e.line)
	return e, err
}

func (e *csvEncoder) row(r *record) error {
	e.line = e.line[:0]
	for i := range r.cells {
		if i > 0 {
			e.line = append(e.line, ',')
		}
		c, column := &r.cells[i], &r.columns[i]
		switch {
		case !c.set:
		case column.typ <= base58:
			e.line = appendCSV(e.line, c.text, column.typ == foreign)
		default:
			e.line = c.appendPlain(e.line, column)
		}
	}
	e.line = append(e.line, '\n')
	_, err := e.w.Write(e.line)
	return err
}

// appendPlain appends a cell that is a number, a flag or a time.
func (c *cell) appendPlain(dst []byte, column *column) []byte {
	switch column.typ {
	case integer:
		return strconv.AppendInt(dst, int64(c.number.Lo), 10) //nolint:gosec // the bits were kept
	case count, amount:
		return strconv.AppendUint(dst, c.number.Lo, 10)
	case flag:
		return strconv.AppendBool(dst, c.number.Lo != 0)
	case float:
		return strconv.AppendFloat(dst, math.Float64frombits(c.number.Lo), 'f', -1, 64)
	case moment:
		return time.Unix(int64(c.number.Lo), 0).UTC().AppendFormat(dst, time.RFC3339) //nolint:gosec // the bits were kept
	}
	return c.number.AppendFixed(dst, column.scale)
}

func (e *csvEncoder) finish() error { return nil }

// likeFormula reports whether a spreadsheet would run the text. Text that differs from such by leading apostrophes counts
// too, so that the apostrophe put before can be told from the text's own when the file is read.
func likeFormula[T string | []byte](cell T) bool {
	i := 0
	for i < len(cell) && cell[i] == '\'' {
		i++
	}
	return i < len(cell) && strings.IndexByte("=+-@\t\r", cell[i]) >= 0
}

// appendCSV appends a cell, quoted where needed. Spreadsheets run text that begins like a formula; strangers choose
// token names, so such text gets a leading apostrophe.
func appendCSV(dst, cell []byte, strange bool) []byte {
	formula := strange && likeFormula(cell)
	if !formula && !bytes.ContainsAny(cell, "\",\r\n") && (len(cell) == 0 || cell[0] != ' ') {
		return append(dst, cell...)
	}
	dst = append(dst, '"')
	if formula {
		dst = append(dst, '\'')
	}
	for _, b := range cell {
		if b == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, b)
	}
	return append(dst, '"')
}

// jsonlEncoder writes one JSON object a line. Decimals are JSON numbers with every digit; amounts above 2^53 and raw
// 128-bit prices are strings, as on the wire; a field that the record has not is left out.
type jsonlEncoder struct {
	w    io.Writer
	line []byte
}

func (e *jsonlEncoder) row(r *record) error {
	e.line = append(e.line[:0], '{')
	for i := range r.cells {
		c, column := &r.cells[i], &r.columns[i]
		if !c.set {
			continue
		}
		if len(e.line) > 1 {
			e.line = append(e.line, ',')
		}
		e.line = append(e.line, '"')
		e.line = append(e.line, column.name...)
		e.line = append(e.line, '"', ':')
		e.line = c.appendJSON(e.line, column)
	}
	e.line = append(e.line, '}', '\n')
	_, err := e.w.Write(e.line)
	return err
}

func (e *jsonlEncoder) finish() error { return nil }

func (c *cell) appendJSON(dst []byte, column *column) []byte {
	switch column.typ {
	case text, foreign:
		return wire.AppendString(dst, string(c.text))
	case label, base58: // nothing in it to escape
		dst = append(append(dst, '"'), c.text...)
		return append(dst, '"')
	case raw, exact, moment:
		dst = c.appendPlain(append(dst, '"'), column)
		return append(dst, '"')
	case count, amount:
		return wire.Amount(c.number.Lo).AppendJSON(dst)
	}
	return c.appendPlain(dst, column)
}
