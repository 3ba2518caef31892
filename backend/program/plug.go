package program

import (
	"errors"

	"spinscope/backend/market"
)

var (
	// ErrUnknown is returned by Plug.Decode when the data starts with none of the program's discriminators.
	ErrUnknown = errors.New("no event of the program")
	// ErrLayout is returned by Plug.Decode when the discriminator is known and the rest does not fit its layout.
	ErrLayout = errors.New("event does not fit its layout")
)

// DiscriminatorSize is how many bytes say which event follows.
const DiscriminatorSize = 8

// Where the families of programs begin to count their events. The numbers are stored, never change them.
const (
	SpinPetOrdinals uint16 = 0
	PumpOrdinals    uint16 = 0x4000 // pump and PumpSwap, between which a coin moves
)

// Plug is one program at one address: what its events look like, on the chain and in our own records and files. What they
// mean to the market their bodies say themselves (market.Body). Its methods may be called from several goroutines at a time.
type Plug interface {
	Format

	// Address is the program's address.
	Address() market.Pubkey

	// FirstOrdinal is where the events of the program's family begin to count in each transaction.
	FirstOrdinal() uint16

	// Known reports whether the discriminator, eight bytes read as a big-endian number, starts an event of the program.
	Known(discriminator uint64) bool

	// Decode reads one event, discriminator included. The body shares no memory with data. It returns ErrUnknown or
	// ErrLayout.
	Decode(data []byte) (market.Body, error)

	// NewPricer makes what finds the prices of a stretch of events. decimals are those that the configuration fixes for
	// prices on chain, 0 when it does not.
	NewPricer(decimals int) Pricer
}

// CoinPlug is a Plug whose program is too busy to be read whole: of its events those of coins that somebody follows are kept.
type CoinPlug interface {
	Plug

	// ByCoin marks the plug; it is never called.
	ByCoin()
}

// Curved is a Format whose coins trade on a curve that a price alone is a point of.
type Curved interface {
	// Between is what moving the price from one to the other trades, whichever direction: base units of the token, rounded
	// down, and of the quote, rounded to the nearest. Fees are no part of it. It fails where the curve has no such point.
	Between(from, to market.Price) (tokens, quote uint64, err error)

	// Trade is what buying or selling so many base units of the token moves of the quote, from a price on. Fees are no part of
	// it. It fails when the curve cannot give that much.
	Trade(at market.Price, tokens uint64, buy bool) (quote uint64, err error)
}

// Format is how a program's events lie in records and files, whatever the program's address.
type Format interface {
	// ID is the program's number, in its kinds and in records.
	ID() market.Program

	// Owner is whom the event belongs to as far as it says itself.
	Owner(body market.Body) market.Pubkey

	// Append appends a body to dst as the program logs it, discriminator first. variant reports whether it has a layout
	// that the bytes alone do not tell from another; a record keeps that beside them.
	Append(dst []byte, body market.Body) (data []byte, variant bool)

	// Restore is the inverse of Append. It returns ErrUnknown or ErrLayout.
	Restore(data []byte, variant bool) (market.Body, error)

	// Places are where the owner and the mint stand in the bytes of a kind, mostly, so that a record may leave them out; 0
	// where there is no such place. They are part of the format of records, never change them.
	Places(kind market.Kind) (owner, mint int)

	// Columns are those of exported events, in their order: of every field that a body names (Fielded), and of price_decimals
	// and price_exact, the event's scale and price. Columns of several programs that have one name are one, of one type.
	Columns() []Column

	// Rebuild is the body of a row that was exported; nil for a kind that the program has not. What is wrong with a field
	// the row is told.
	Rebuild(kind market.Kind, row Row) market.Body
}
