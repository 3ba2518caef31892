package export

import (
	"fmt"
	"math"

	"spinscope/backend/market"
)

// columnType says how a column's cells are written.
type columnType uint8

const (
	text    columnType = iota // of this program's own
	foreign                   // text chosen by strangers
	label                     // a word or an address that many rows share; Parquet keeps each once
	base58                    // text that each row has its own of
	integer                   // int64
	count                     // uint64 that stays far below 2^63: slots, counters, fees
	amount                    // uint64 in base units; in Parquet a DECIMAL without fraction, as SQL engines overflow on UINT64
	raw                       // digits that stay text: uint128
	exact                     // a price with every digit, text on the wire and a DECIMAL in Parquet
	decimal                   // uint128 with a fraction of scale digits
	units                     // uint64 with a fraction of scale digits
	flag
	moment // Unix seconds, shown as ISO-8601; in Parquet a timestamp
	float  // float64, by its bits
)

type column struct {
	name  string
	typ   columnType
	scale int // digits of a fraction
}

// cell is one value: text of the types that are text, else a number.
type cell struct {
	set    bool
	text   []byte
	number market.U128
}

// record is one row, in the order of the columns. Its buffers are reused from row to row.
type record struct {
	columns []column
	cells   []cell
	filled  []int // the cells that are set, in the order in which they were
	keys    keyTexts
	failed  error // an amount of the row that does not fit its column
}

func newRecord(columns []column) *record {
	return &record{columns: columns, cells: make([]cell, len(columns))}
}

func (r *record) reset() {
	for _, i := range r.filled {
		r.cells[i].set = false
	}
	r.filled, r.failed = r.filled[:0], nil
}

// at is cell i, which is set now.
func (r *record) at(i int) *cell {
	c := &r.cells[i]
	if !c.set {
		c.set = true
		r.filled = append(r.filled, i)
	}
	return c
}

func (r *record) text(i int, value string) {
	c := r.at(i)
	c.text = append(c.text[:0], value...)
}

func (r *record) key(i int, value market.Pubkey) {
	c := r.at(i)
	c.text = append(c.text[:0], r.keys.of(&value)...)
}

func (r *record) signature(i int, value market.Signature) {
	c := r.at(i)
	c.text, _ = value.AppendText(c.text[:0])
}

func (r *record) number(i int, value uint64)      { r.at(i).number = market.U64(value) }
func (r *record) integer(i int, value int64)      { r.number(i, uint64(value)) } //nolint:gosec // the bits are kept
func (r *record) decimal(i int, v market.U128)    { r.at(i).number = v }
func (r *record) price(i int, value market.Price) { r.decimal(i, market.U128(value)) }

// amount puts an amount that counts 10^-decimals into a column with a fraction, which may have more digits: a file has the
// coins of several pairs.
func (r *record) amount(i int, v market.U128, decimals int) {
	for scale := r.columns[i].scale; decimals != scale; decimals++ {
		larger, overflow := v.Mul64(10)
		if decimals > scale || overflow {
			r.failed = fmt.Errorf("%s of %s does not fit its column", r.columns[i].name, v.Decimal(decimals))
			return
		}
		v = larger
	}
	r.decimal(i, v)
}

func (r *record) float(i int, value float64) { r.number(i, math.Float64bits(value)) }

func (r *record) flag(i int, value bool) {
	bit := uint64(0)
	if value {
		bit = 1
	}
	r.number(i, bit)
}

// keyTexts keeps the text of addresses that were written lately: mints and traders come again and again, and base58 takes
// longer than all else of a row. It belongs to one goroutine and holds keyEntries entries.
type keyTexts []keyText

type keyText struct {
	key  market.Pubkey
	size uint8
	text [44]byte
}

// keyEntries is 1.2 MB of entries.
const keyEntries = 1 << 14

func (k *keyTexts) of(key *market.Pubkey) []byte {
	if *k == nil {
		*k = make(keyTexts, keyEntries)
	}
	entry := &(*k)[(int(key[0])|int(key[9])<<8|int(key[31])<<16)%keyEntries]
	if entry.size == 0 || entry.key != *key {
		entry.key = *key
		written, _ := key.AppendText(entry.text[:0])
		entry.size = uint8(len(written)) //nolint:gosec // 44 at most
	}
	return entry.text[:entry.size]
}
