package export

import (
	"bytes"
	"io"
	"strconv"
	"strings"

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
	for i, cell := range r.cells {
		if i > 0 {
			e.line = append(e.line, ',')
		}
		if r.set[i] {
			e.line = appendCSV(e.line, cell, r.columns[i].typ == foreign)
		}
	}
	e.line = append(e.line, '\n')
	_, err := e.w.Write(e.line)
	return err
}

func (e *csvEncoder) finish() error { return nil }

// likeFormula tells whether a spreadsheet would run the text. Text that differs from such by leading apostrophes counts
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
	for i, c := range r.columns {
		if !r.set[i] {
			continue
		}
		if len(e.line) > 1 {
			e.line = append(e.line, ',')
		}
		e.line = append(e.line, '"')
		e.line = append(e.line, c.name...)
		e.line = append(e.line, '"', ':')
		e.line = appendJSON(e.line, r.cells[i], c.typ)
	}
	e.line = append(e.line, '}', '\n')
	_, err := e.w.Write(e.line)
	return err
}

func (e *jsonlEncoder) finish() error { return nil }

func appendJSON(dst, cell []byte, typ columnType) []byte {
	switch typ {
	case text, foreign, big, moment:
		return wire.AppendString(dst, string(cell))
	case amount:
		value, _ := strconv.ParseUint(string(cell), 10, 64) // written by record.amount
		return wire.Amount(value).AppendJSON(dst)
	}
	return append(dst, cell...)
}
