package programtest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// ToyProgram is a program with one event that exists in tests alone, to show what a plug is: registry.Add(Toy{}) adds it.
const ToyProgram market.Program = 201

const (
	kindSwap = market.Kind(ToyProgram)<<8 + 1
	discSwap = uint64(0x746f792073776170)
	swapSize = program.DiscriminatorSize + 32 + 32 + 8 + 8 + 8 + 1
)

func init() { market.DeclareProgram(ToyProgram, "toy", "Swap") }

// Swap is the event: a trade after which the pool has the two reserves.
type Swap struct {
	Mint, User    market.Pubkey
	Base, Reserve uint64 // of the coin, whose unit is a thousandth
	QuoteReserve  uint64 // of what it is paid in, whose unit is a hundredth
	Buys          bool
}

// Kind implements market.Body.
func (*Swap) Kind() market.Kind { return kindSwap }

// MintAccount implements market.Body.
func (b *Swap) MintAccount() market.Pubkey { return b.Mint }

// Amounts implements market.Trader.
func (b *Swap) Amounts() (base, quote uint64, buy bool) {
	return b.Base, b.Base * b.QuoteReserve / b.Reserve, b.Buys
}

// PriceAt implements market.Priced.
func (b *Swap) PriceAt(scale uint8) market.Price {
	price, _ := market.RatioPrice(market.U64(b.QuoteReserve), market.U64(b.Reserve), scale, 3)
	return price
}

// ToyPair is the market of the program's coins.
var ToyPair = market.MustPair(ToyProgram, market.Pubkey{0x70, 0x71}, 3, 2)

// ChangeToken implements market.TokenBody.
func (*Swap) ChangeToken(t *market.Token) { t.Pair = ToyPair }

// EachField implements program.Fielded.
func (b *Swap) EachField(w program.Sink) {
	w.Key("mint_account", b.Mint)
	w.Key("user", b.User)
	w.Number("base_amount", b.Base)
	w.Number("base_reserve", b.Reserve)
	w.Number("quote_reserve", b.QuoteReserve)
	w.Flag("is_buy", b.Buys)
}

// Toy is the plug.
type Toy struct{}

// ToyAddress is where the program lies.
var ToyAddress = market.Pubkey{0x70, 0x79}

// ID implements program.Format.
func (Toy) ID() market.Program { return ToyProgram }

// Address implements program.Plug.
func (Toy) Address() market.Pubkey { return ToyAddress }

// FirstOrdinal implements program.Plug.
func (Toy) FirstOrdinal() uint16 { return 0x7000 }

// Known implements program.Plug.
func (Toy) Known(discriminator uint64) bool { return discriminator == discSwap }

// Decode implements program.Plug.
func (Toy) Decode(data []byte) (market.Body, error) {
	if len(data) < program.DiscriminatorSize || binary.BigEndian.Uint64(data) != discSwap {
		return nil, program.ErrUnknown
	}
	if len(data) != swapSize || data[swapSize-1] > 1 {
		return nil, fmt.Errorf("%s of %d bytes: %w", kindSwap, len(data), program.ErrLayout)
	}
	c := program.ReadCodec(data[program.DiscriminatorSize:])
	b := new(Swap)
	b.layout(&c)
	return b, nil
}

func (b *Swap) layout(c *program.Codec) {
	c.Keys(&b.Mint, &b.User)
	c.U64s(&b.Base, &b.Reserve, &b.QuoteReserve)
	c.Bool(&b.Buys)
}

// Owner implements program.Format.
func (Toy) Owner(body market.Body) market.Pubkey { return body.(*Swap).User } //nolint:forcetypeassert // it has no other

// Append implements program.Format.
func (Toy) Append(dst []byte, body market.Body) (data []byte, variant bool) {
	c := program.WriteCodec(binary.BigEndian.AppendUint64(dst, discSwap), 0)
	body.(*Swap).layout(&c) //nolint:forcetypeassert // it has no other
	return c.Written(), false
}

// Restore implements program.Format.
func (t Toy) Restore(data []byte, _ bool) (market.Body, error) { return t.Decode(data) }

// Places implements program.Format.
func (Toy) Places(market.Kind) (owner, mint int) {
	return program.DiscriminatorSize + 32, program.DiscriminatorSize
}

// Columns implements program.Format.
func (Toy) Columns() []program.Column {
	return []program.Column{
		{Name: "mint_account", Type: program.ColumnLabel},
		{Name: "user", Type: program.ColumnLabel},
		{Name: "base_amount", Type: program.ColumnAmount},
		{Name: "base_reserve", Type: program.ColumnAmount},
		{Name: "quote_reserve", Type: program.ColumnAmount},
		{Name: "is_buy", Type: program.ColumnFlag},
	}
}

// Rebuild implements program.Format.
func (Toy) Rebuild(kind market.Kind, row program.Row) market.Body {
	if kind != kindSwap {
		return nil
	}
	return &Swap{
		Mint: row.Key("mint_account"), User: row.Key("user"), Base: row.Number("base_amount", 64),
		Reserve: row.Number("base_reserve", 64), QuoteReserve: row.Number("quote_reserve", 64), Buys: row.Flag("is_buy"),
	}
}

// NewPricer implements program.Plug.
func (Toy) NewPricer(int) program.Pricer { return toyPricer{} }

type toyPricer struct{}

func (toyPricer) Price(e *market.Event) program.PriceReport {
	const quoteDecimals = 2
	e.Scale = quoteDecimals
	e.Price = e.BodyPrice()
	return program.PriceReport{Overflow: e.Price.IsZero()}
}

func (toyPricer) Learn(market.Pubkey, uint8)                 {}
func (toyPricer) Continues(market.Price, *market.Event) bool { return true }

// ToyLogs is the log of a transaction in which the program emits the events.
func ToyLogs(events ...*Swap) []string {
	logs := []string{"Program " + ToyAddress.String() + " invoke [1]"}
	for _, e := range events {
		data, _ := Toy{}.Append(nil, e)
		logs = append(logs, program.DataPrefix+base64.StdEncoding.EncodeToString(data))
	}
	return append(logs, "Program "+ToyAddress.String()+" success")
}
