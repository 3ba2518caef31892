package program

import "spinscope/backend/market"

// Sink takes the fields of an event one by one.
type Sink interface {
	Text(name, value string)
	Key(name string, value market.Pubkey)
	Number(name string, value uint64)
	Big(name string, value market.U128)
	Flag(name string, value bool)
}

// Fielded is a body that names its fields, as answers and exports have them. Names are snake_case; those that the fields of
// an event's place and time have are taken (EventHead).
type Fielded interface {
	market.Body

	// EachField gives the fields to w, in the order of the layout.
	EachField(w Sink)
}

// EachField gives a body's fields to w, if it names any.
func EachField(w Sink, body market.Body) {
	if b, ok := body.(Fielded); ok {
		b.EachField(w)
	}
}

// Ending is a liquidation that names the fields of the order that it ended.
type Ending interface {
	market.Liquidation

	// EachEnded gives the fields of the order as it stood before to w.
	EachEnded(w Sink, before *market.Order)
}

// Row is one exported event, of which a plug rebuilds the body. A field that is missing or wrong is zero, and the row
// keeps the first such error.
type Row interface {
	Text(name string) string // "" when it is missing: CSV does not tell the two apart
	Key(name string) market.Pubkey
	Number(name string, bits int) uint64
	Big(name string) market.U128
	Flag(name string) bool

	// Any reports whether the row has one of the fields. A layout that has several fields more than another is told by all
	// of them, so that one that got lost is missing and not taken for the other layout.
	Any(names ...string) bool

	// Fail says what is wrong with a field.
	Fail(name string, err error)
}
