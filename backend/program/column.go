package program

// ColumnType says how the cells of an export's column are written.
type ColumnType uint8

// The types of columns.
const (
	ColumnLabel   ColumnType = iota // a word or an address that many rows share
	ColumnText                      // text that each row has its own of
	ColumnForeign                   // text chosen by strangers
	ColumnFlag
	ColumnCount   // a number that stays far below 2^63
	ColumnInteger // a signed number
	ColumnAmount  // base units
	ColumnRaw     // up to 128 bits, in whole digits
	ColumnPrice   // a price, with every digit
)

// Column is a column of exported events.
type Column struct {
	Name string
	Type ColumnType
}
