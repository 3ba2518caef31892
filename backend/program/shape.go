package program

import (
	"reflect"
	"strconv"

	"spinscope/backend/market"
)

// Shape describes how answers have the events of a kind: a struct with JSON names, and doc and enum in its tags, that embeds
// EventHead. It is for the page's types and for the API's document; events are written by what their bodies name (Fielded).
type Shape struct {
	Kind market.Kind
	Type reflect.Type
}

// ShapeOf is the shape of a kind that S describes.
func ShapeOf[S any](kind market.Kind) Shape { return Shape{Kind: kind, Type: reflect.TypeFor[S]()} }

// Shaped is a Format that describes its events. The structs stand in a file shapes.go of its package, where the generator of
// the page's types finds them.
type Shaped interface {
	Format

	// Shapes has every kind once, in the order of their numbers.
	Shapes() []Shape
}

// EventHead is what every event carries.
type EventHead struct {
	Signature   string `json:"signature"   doc:"Base58 transaction signature; with ordinal it identifies the event"`
	Slot        uint64 `json:"slot"`
	Ordinal     uint16 `json:"ordinal"     doc:"Place among the transaction's events"`
	Timestamp   string `json:"timestamp"   doc:"Block time, ISO-8601 in UTC" format:"date-time"`
	PriceExact  string `json:"price_exact,omitempty" doc:"The price after it: whole units of what the token is paid in per whole token, every digit"`
	Provisional bool   `json:"provisional,omitempty" doc:"The block time is an estimate"`
	Seq         uint64 `json:"seq,omitempty" doc:"The commit it came with, on pushes"`
}

// maxSafe is the largest integer up to which a JavaScript number holds every one exactly.
const maxSafe = 1 << 53

// Amount is an unsigned 64-bit integer of the chain: a JSON number up to 2^53, a decimal string above, where a float64
// would lose digits.
type Amount uint64

// AppendJSON appends the amount to dst.
func (a Amount) AppendJSON(dst []byte) []byte {
	if a <= maxSafe {
		return strconv.AppendUint(dst, uint64(a), 10)
	}
	dst = append(dst, '"')
	dst = strconv.AppendUint(dst, uint64(a), 10)
	return append(dst, '"')
}

// MarshalJSON implements json.Marshaler.
func (a Amount) MarshalJSON() ([]byte, error) { return a.AppendJSON(nil), nil }

// UnmarshalJSON implements json.Unmarshaler; it takes both forms.
func (a *Amount) UnmarshalJSON(text []byte) error {
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		text = text[1 : len(text)-1]
	}
	value, err := strconv.ParseUint(string(text), 10, 64)
	*a = Amount(value)
	return err
}
