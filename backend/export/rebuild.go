package export

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"spinscope/backend/market"
	"spinscope/backend/program/registry"
)

// latest is the first block time that no chain has.
const latest = 1 << 40

// event is the event that the row was written from.
func (r *row) event() (market.Event, error) {
	f := fields{row: r}
	kind, ok := r.get("event_type")
	if !ok {
		return market.Event{}, fmt.Errorf("no event_type: %w", ErrNotEvents)
	}

	e := market.Event{
		Position: market.Position{
			Slot: market.Slot(f.Number("slot", 64)), Index: uint32(f.Number("index", 32)), Ordinal: uint16(f.Number("ordinal", 16)), //nolint:gosec // checked
		},
		Signature: f.signature("signature"), BlockTime: int64(f.Number("block_time", 63)), //nolint:gosec // checked
	}
	if _, ok := r.get("provisional"); ok {
		e.Provisional = f.Flag("provisional")
	}

	if _, ok := r.get("price_decimals"); ok {
		e.Scale = uint8(f.Number("price_decimals", 8)) //nolint:gosec // checked
	}
	e.Body = f.body(kind)
	switch {
	case f.err != nil:
		return e, f.err
	case e.Body == nil:
		return e, fmt.Errorf("event_type %.40q is none of the program's", kind)
	case e.BlockTime <= 0 || e.BlockTime >= latest:
		return e, fmt.Errorf("block_time %d is no time of the chain", e.BlockTime)
	case e.Scale > market.PriceDecimals:
		return e, fmt.Errorf("price_decimals %d is above %d", e.Scale, market.PriceDecimals)
	}

	return e, nil
}

// fields reads a row's cells for a plug (program.Row); the first failure stays.
type fields struct {
	row *row
	err error
}

func (f *fields) Fail(name string, err error) {
	if f.err == nil {
		f.err = fmt.Errorf("%s: %w", name, err)
	}
}

// any reports whether the row has one of the cells. A layout that has several fields more than another is told by all of
// them, so that one that got lost is missing and not taken for the other layout.
func (f *fields) Any(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, ok := f.row.get(name)
		return ok
	})
}

var errMissing = errors.New("missing")

func (f *fields) need(name string) string {
	text, ok := f.row.get(name)
	if !ok {
		f.Fail(name, errMissing)
	}
	return text
}

func (f *fields) Number(name string, bits int) uint64 {
	text, ok := f.row.get(name)
	if !ok {
		f.Fail(name, errMissing)
		return 0
	}
	value, err := strconv.ParseUint(text, 10, bits)
	if err != nil {
		f.Fail(name, fmt.Errorf("%.40q is no whole number of %d bits", text, bits))
	}
	return value
}

func (f *fields) Big(name string) market.U128 {
	text, ok := f.row.get(name)
	if !ok {
		f.Fail(name, errMissing)
		return market.U128{}
	}
	value, err := market.ParseU128(text)
	if err != nil {
		f.Fail(name, fmt.Errorf("%.50q: %w", text, err))
	}
	return value
}

func (f *fields) Flag(name string) bool {
	text := f.need(name)
	if text != "true" && text != "false" && f.err == nil {
		f.Fail(name, fmt.Errorf("%.40q is neither true nor false", text))
	}
	return text == "true"
}

func (f *fields) Key(name string) market.Pubkey {
	text, ok := f.row.get(name)
	if !ok {
		f.Fail(name, errMissing)
		return market.Pubkey{}
	}
	key, err := market.ParsePubkey(text)
	if err != nil {
		f.Fail(name, err)
	}
	return key
}

func (f *fields) signature(name string) market.Signature {
	text, ok := f.row.get(name)
	if !ok {
		f.Fail(name, errMissing)
		return market.Signature{}
	}
	signature, err := market.ParseSignature(text)
	if err != nil {
		f.Fail(name, err)
	}
	return signature
}

// text may be missing: CSV does not tell an empty text from none.
func (f *fields) Text(name string) string {
	text, _ := f.row.get(name)
	if !utf8.ValidString(text) {
		f.Fail(name, errors.New("not UTF-8"))
	}
	return text
}

// body is what the row's program makes of it; nil for an unknown kind.
func (f *fields) body(name string) market.Body {
	id := registry.First
	if named, ok := f.row.get(programColumn); ok {
		if id, ok = market.ParseProgram(named); !ok || registry.Of(id) == nil {
			f.Fail(programColumn, fmt.Errorf("%.40q is not understood here: import it with the spinscope that exported it", named))
			return nil
		}
	}
	kind, ok := market.ParseKind(id, name)
	if !ok {
		return nil
	}
	return registry.Of(id).Rebuild(kind, f)
}
