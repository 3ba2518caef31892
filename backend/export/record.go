package export

import (
	"strconv"

	"spinscope/backend/market"
)

// columnType says how a column's cells are written.
type columnType uint8

const (
	text    columnType = iota
	foreign            // text chosen by strangers
	integer            // int64
	amount             // uint64 in base units
	big                // digits that stay text: uint128, and the wire's exact decimals
	decimal            // exact decimal number
	flag
	moment // ISO-8601; in Parquet a timestamp
)

type column struct {
	name string
	typ  columnType
}

// record is one row: cells as text, in the order of the columns. Its buffers are reused from row to row.
type record struct {
	columns []column
	cells   [][]byte
	set     []bool
}

func newRecord(columns []column) *record {
	return &record{columns: columns, cells: make([][]byte, len(columns)), set: make([]bool, len(columns))}
}

func (r *record) reset() { clear(r.set) }

// at marks column i as set and returns its empty buffer.
func (r *record) at(i int) []byte {
	r.set[i] = true
	return r.cells[i][:0]
}

func (r *record) text(i int, value string)              { r.cells[i] = append(r.at(i), value...) }
func (r *record) integer(i int, value int64)            { r.cells[i] = strconv.AppendInt(r.at(i), value, 10) }
func (r *record) amount(i int, value uint64)            { r.cells[i] = strconv.AppendUint(r.at(i), value, 10) }
func (r *record) flag(i int, value bool)                { r.cells[i] = strconv.AppendBool(r.at(i), value) }
func (r *record) key(i int, value market.Pubkey)        { r.cells[i], _ = value.AppendText(r.at(i)) }
func (r *record) signature(i int, v market.Signature)   { r.cells[i], _ = v.AppendText(r.at(i)) }
func (r *record) decimal(i int, v market.U128, dec int) { r.cells[i] = v.AppendFixed(r.at(i), dec) }
func (r *record) price(i int, value market.Price) {
	r.decimal(i, market.U128(value), market.PriceDecimals)
}
