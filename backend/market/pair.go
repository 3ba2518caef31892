package market

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"unique"
)

// MaxDecimals is the most decimals that a coin or what it is paid in may have; prices of more do not fit.
const MaxDecimals = 18

// ErrDecimals is returned for a coin, or what it is paid in, with more than MaxDecimals decimals.
var ErrDecimals = fmt.Errorf("more than %d decimals", MaxDecimals)

// Pair is a coin's market: the program that it trades on, what it is paid in, and in which units both are counted. Amounts
// and volumes are base units of the one and of the other; what shows them in whole units asks the coin's pair. The zero Pair
// is what there was before there were others: the program of number 0, SOL, TokenDecimals and LamportsDecimals.
//
// Pairs are comparable, and as small as a pointer: very many coins share very few.
type Pair struct{ handle unique.Handle[pairing] }

type pairing struct {
	program     Program
	quote       Pubkey // zero: SOL
	base, units uint8  // decimals
}

var zeroPairing = pairing{base: TokenDecimals, units: LamportsDecimals}

// NewPair is the market of a coin with so many decimals that is paid in a mint with so many. The zero address and WrappedSOL
// are SOL. It returns ErrDecimals.
func NewPair(program Program, quote Pubkey, baseDecimals, quoteDecimals uint8) (Pair, error) {
	if max(baseDecimals, quoteDecimals) > MaxDecimals {
		return Pair{}, ErrDecimals
	}
	if quote == WrappedSOL {
		quote = Pubkey{}
	}
	p := pairing{program, quote, baseDecimals, quoteDecimals}
	if p == zeroPairing {
		return Pair{}, nil
	}
	return Pair{unique.Make(p)}, nil
}

// MustPair is NewPair for constants; it panics on decimals that there are not.
func MustPair(program Program, quote Pubkey, baseDecimals, quoteDecimals uint8) Pair {
	pair, err := NewPair(program, quote, baseDecimals, quoteDecimals)
	if err != nil {
		panic(err)
	}
	return pair
}

func (p Pair) value() pairing {
	if p == (Pair{}) {
		return zeroPairing
	}
	return p.handle.Value()
}

// Program is the program that the coin trades on.
func (p Pair) Program() Program { return p.value().program }

// Quote is the mint that the coin is paid in; WrappedSOL for SOL.
func (p Pair) Quote() Pubkey {
	if quote := p.value().quote; !quote.IsZero() {
		return quote
	}
	return WrappedSOL
}

// BaseDecimals are the coin's: an amount of it counts 10^-BaseDecimals whole coins. 0 to MaxDecimals.
func (p Pair) BaseDecimals() int { return int(p.value().base) }

// QuoteDecimals are those of what the coin is paid in. 0 to MaxDecimals.
func (p Pair) QuoteDecimals() int { return int(p.value().units) }

// Weight is an amount of what the coin is paid in, by which coins of different pairs are ranked: in 10^-9 whole units, whatever
// they are worth. What does not fit is the largest number.
func (p Pair) Weight(quote U128) U128 {
	decimals := p.QuoteDecimals()
	for ; decimals > LamportsDecimals; decimals-- {
		quote, _ = quote.divMod64(10)
	}
	for ; decimals < LamportsDecimals; decimals++ {
		larger, overflow := quote.Mul64(10)
		if overflow {
			return U128{Hi: math.MaxUint64, Lo: math.MaxUint64}
		}
		quote = larger
	}
	return quote
}

// CompareQuotes orders pairs by what coins are paid in, whose amounts are not to be compared: SOL first, then what is commonly
// paid with (Quotes), then the others by address. 0: the same.
func (p Pair) CompareQuotes(other Pair) int {
	x, y := p.Quote(), other.Quote()
	if x == y {
		return 0
	}
	return cmp.Or(cmp.Compare(quoteRank(x), quoteRank(y)), slices.Compare(x[:], y[:]))
}

func quoteRank(quote Pubkey) int {
	if i := slices.IndexFunc(quotes[:], func(known Quote) bool { return known.Mint == quote }); i >= 0 {
		return i
	}
	return len(quotes)
}

// QuoteSymbol is how what the coin is paid in is called: the name of a mint that everybody knows, else the ends of its
// address. What a mint calls itself is not asked: anybody may make one that says it is SOL.
func (p Pair) QuoteSymbol() string {
	quote := p.Quote()
	if known, ok := KnownQuote(quote); ok {
		return known.Symbol
	}
	return quote.Short()
}

// String names all of it.
func (p Pair) String() string {
	v := p.value()
	return fmt.Sprintf("%s in %s, %d and %d decimals", v.program, p.QuoteSymbol(), v.base, v.units)
}

// Units is an amount that counts 10^-from in units of 10^-to: the next larger one where it lies between two, and the largest
// number where there is none.
func Units(amount uint64, from, to int) uint64 {
	for ; from > to; from-- {
		amount = amount/10 + min(amount%10, 1)
	}
	for ; from < to; from++ {
		if amount > math.MaxUint64/10 {
			return math.MaxUint64
		}
		amount *= 10
	}
	return amount
}

// WrappedSOL is the mint of SOL as a token, and USDC that of the stable coin.
var (
	WrappedSOL = MustPubkey("So11111111111111111111111111111111111111112")
	USDC       = MustPubkey("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")
)

// Quote is a mint that coins are commonly paid in.
type Quote struct {
	Mint     Pubkey
	Symbol   string
	Decimals uint8
}

// quotes are the known ones, the first that a pool has being what its prices are counted in.
var quotes = [...]Quote{
	{WrappedSOL, "SOL", LamportsDecimals},
	{USDC, "USDC", 6},
	{MustPubkey("Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"), "USDT", 6},
	{MustPubkey("USD1ttGY1N17NEEHLmELoaybftRBUSErhqYiQzvEmuB"), "USD1", 6},
}

// Quotes are the mints that coins are commonly paid in, the first that a pool has being what its prices are counted in.
func Quotes() []Quote { return quotes[:] }

// KnownQuote is the one of Quotes with that mint; false when there is none.
func KnownQuote(mint Pubkey) (Quote, bool) {
	for i := range quotes {
		if quotes[i].Mint == mint {
			return quotes[i], true
		}
	}
	return Quote{}, false
}
