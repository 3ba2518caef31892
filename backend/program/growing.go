package program

import (
	"encoding/base64"
	"slices"

	"spinscope/backend/market"
)

// payloadField is the field of an exported event that has all of its bytes.
const payloadField = "payload"

// GrowingFormat is the Format of a program whose layouts grow, but for Owner. Events are kept as they were logged, with the
// tail that nobody knows yet; exports have the bytes in a field beside those that the event names.
type GrowingFormat struct {
	Program market.Program
	Read    func(data []byte) (market.Body, error)
	Named   []Column // of the fields that its bodies name
}

// ID implements Format.
func (g GrowingFormat) ID() market.Program { return g.Program }

// Append implements Format.
func (GrowingFormat) Append(dst []byte, body market.Body) (data []byte, variant bool) {
	if e, ok := body.(Growing); ok {
		dst = Append(dst, e)
	}
	return dst, false
}

// Restore implements Format.
func (g GrowingFormat) Restore(data []byte, variant bool) (market.Body, error) {
	if variant {
		return nil, ErrLayout
	}
	return g.Read(data)
}

// Places implements Format: there are none, as addresses are a small part of such events.
func (GrowingFormat) Places(market.Kind) (owner, mint int) { return 0, 0 }

// Columns implements Format.
func (g GrowingFormat) Columns() []Column {
	return append(slices.Clone(g.Named), Column{payloadField, ColumnText})
}

// Rebuild implements Format.
func (g GrowingFormat) Rebuild(kind market.Kind, row Row) market.Body {
	return RebuildPayload(kind, row, g.Read)
}

// RebuildPayload is the body that read makes of a row's bytes; nil when it makes none, which the row is told.
func RebuildPayload(kind market.Kind, row Row, read func(data []byte) (market.Body, error)) market.Body {
	data, err := base64.StdEncoding.DecodeString(row.Text(payloadField))
	if err != nil {
		row.Fail(payloadField, err)
		return nil
	}
	body, err := read(data)
	if err != nil {
		row.Fail(payloadField, err)
		return nil
	}
	if body.Kind() != kind {
		row.Fail(payloadField, ErrUnknown)
	}
	return body
}

// PayloadFormat is a Format whose exports have each event's bytes in a field of their own: what the named fields leave out,
// and tails that nobody knows yet, come back when the export is imported.
type PayloadFormat interface {
	Format

	// ExportsPayload marks the format; it is never called.
	ExportsPayload()
}

// ExportsPayload implements PayloadFormat.
func (GrowingFormat) ExportsPayload() {}

// EachPayload gives w an event's bytes, where exports of its format have them.
func EachPayload(w Sink, format Format, body market.Body) {
	if _, ok := format.(PayloadFormat); ok {
		data, _ := format.Append(nil, body)
		w.Text(payloadField, base64.StdEncoding.EncodeToString(data))
	}
}

// GrowingPlug is a Plug, but for Owner and NewPricer, of a program whose layouts grow, that tells its events by calling itself
// too, and is too busy to be read whole.
type GrowingPlug struct {
	GrowingFormat
	At       market.Pubkey
	Ordinals uint16 // where its family begins to count
	Knows    func(discriminator uint64) bool
}

// Address implements Plug.
func (g GrowingPlug) Address() market.Pubkey { return g.At }

// FirstOrdinal implements Plug.
func (g GrowingPlug) FirstOrdinal() uint16 { return g.Ordinals }

// Known implements Plug.
func (g GrowingPlug) Known(discriminator uint64) bool { return g.Knows(discriminator) }

// Decode implements Plug.
func (g GrowingPlug) Decode(data []byte) (market.Body, error) { return g.Read(data) }

// SelfCalls implements SelfCaller.
func (GrowingPlug) SelfCalls() {}

// ByCoin implements CoinPlug.
func (GrowingPlug) ByCoin() {}

// Memoryless is what a Pricer has to keep and to doubt when each event has the reserves that its price follows from: nothing,
// and nothing, as reserves may be reset without a trade.
type Memoryless struct{}

// Learn implements Pricer.
func (Memoryless) Learn(market.Pubkey, uint8) {}

// Continues implements Pricer.
func (Memoryless) Continues(market.Price, *market.Event) bool { return true }

// CoinColumns are columns of exported events that programs with one coin against one quote have in common.
func CoinColumns() []Column {
	return []Column{
		{"user", ColumnLabel},
		{"mint_account", ColumnLabel},
		{"curve_account", ColumnLabel},
		{"pool", ColumnLabel},
		{"creator", ColumnLabel},
		{"quote_mint", ColumnLabel},
		{"instruction", ColumnForeign},
		{"price_decimals", ColumnInteger},
		{"price_exact", ColumnPrice},
		{"is_buy", ColumnFlag},
		{"token_amount", ColumnAmount},
		{"sol_amount", ColumnAmount},
		{"quote_amount", ColumnAmount},
		{"fee_amount", ColumnAmount},
		{"creator_fee_amount", ColumnAmount},
	}
}

// EachPaid gives w what a trade of a coin came to: the quote always, and by its own name where it is SOL.
func EachPaid(w Sink, body market.Trader, quoteMint market.Pubkey) {
	base, quote, buy := body.Amounts()
	w.Flag("is_buy", buy)
	w.Number("token_amount", base)
	if quoteMint == market.WrappedSOL {
		w.Number("sol_amount", quote)
	}
	w.Number("quote_amount", quote)
	w.Key("quote_mint", quoteMint)
}
