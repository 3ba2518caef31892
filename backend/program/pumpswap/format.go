package pumpswap

import (
	"encoding/binary"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// In our own records and files an event that names a pool has, behind its discriminator, what the pool is:
//
//	32  coin
//	 1  what it is paid in: place among market.Quotes; otherQuote when it is none of them. Plus reversedPool
//	 1  decimals of the coin
//	33  with otherQuote: the mint and its decimals
//
// The rest is as the program logs it. Never change it, nor the order of market.Quotes.
const (
	otherQuote   = 0x7f
	reversedPool = 0x80

	placeAt   = program.DiscriminatorSize
	shortHead = 32 + 1 + 1
)

// Append implements program.Format.
func (plug) Append(dst []byte, body market.Body) (data []byte, variant bool) {
	start := len(dst)
	dst = Append(dst, body)
	at := placeOf(body)
	if at == nil {
		return dst, false
	}

	var buf [shortHead + 33]byte
	head := appendPlace(buf[:0], &at.place)
	end := len(dst)
	dst = append(dst, head...) // as long as what is moved
	copy(dst[start+placeAt+len(head):], dst[start+placeAt:end])
	copy(dst[start+placeAt:], head)
	return dst, false
}

// placeOf is where a body happened; nil for one that names its coin itself.
func placeOf(body market.Body) *located {
	switch e := body.(type) {
	case *Buy:
		return &e.located
	case *Sell:
		return &e.located
	case *Deposit:
		return &e.located
	case *Withdraw:
		return &e.located
	}
	return nil
}

func appendPlace(dst []byte, p *market.Place) []byte {
	quote := p.Pair.Quote()
	known := rank(quote)
	code := byte(otherQuote)
	if known >= 0 && p.Pair.QuoteDecimals() == int(market.Quotes()[known].Decimals) {
		code = byte(known)
	}
	flags := code
	if p.Reversed {
		flags |= reversedPool
	}

	dst = append(append(dst, p.Coin[:]...), flags, byte(p.Pair.BaseDecimals())) //nolint:gosec // at most MaxDecimals
	if code == otherQuote {
		dst = append(append(dst, quote[:]...), byte(p.Pair.QuoteDecimals())) //nolint:gosec // as above
	}
	return dst
}

// Restore implements program.Format.
func (plug) Restore(data []byte, variant bool) (market.Body, error) {
	if variant {
		return nil, program.ErrLayout
	}
	if len(data) < placeAt || !namesPool(data) {
		return Decode(data)
	}

	place, rest, err := readPlace(data[placeAt:])
	if err != nil {
		return nil, err
	}

	whole := make([]byte, 0, len(data))
	body, err := Decode(append(append(whole, data[:placeAt]...), rest...))
	if err != nil {
		return nil, err
	}
	placeOf(body).Locate(place)
	return body, nil
}

// readPlace is the inverse of appendPlace. It returns program.ErrLayout.
func readPlace(data []byte) (p market.Place, rest []byte, err error) {
	if len(data) < shortHead {
		return p, nil, program.ErrLayout
	}
	copy(p.Coin[:], data)
	flags, decimals, rest := data[32], data[33], data[shortHead:]
	p.Reversed = flags&reversedPool != 0

	var quote market.Quote
	code := flags &^ reversedPool
	switch quotes := market.Quotes(); {
	case int(code) < len(quotes):
		quote = quotes[code]
	case code == otherQuote && len(rest) >= 33:
		copy(quote.Mint[:], rest)
		quote.Decimals, rest = rest[32], rest[33:]
	default:
		return p, nil, program.ErrLayout
	}

	if p.Pair, err = market.NewPair(Program, quote.Mint, decimals, quote.Decimals); err != nil {
		return p, nil, program.ErrLayout
	}
	return p, rest, nil
}

// Places implements program.Format: the coin is where Append puts it, the user behind it where the quote is a known one.
func (plug) Places(kind market.Kind) (owner, mint int) {
	const user = 152 // of a swap, as it is logged
	switch kind {
	case KindBuy, KindSell:
		return user + shortHead, placeAt
	case KindDeposit, KindWithdraw:
		return 0, placeAt
	}
	return 0, 0
}

// Rebuild implements program.Format.
func (p plug) Rebuild(kind market.Kind, row program.Row) market.Body {
	return program.RebuildPayload(kind, row, func(data []byte) (market.Body, error) { return p.Restore(data, false) })
}

// namesPool reports whether the event that data begins with names a pool and no coin.
func namesPool(data []byte) bool {
	switch binary.BigEndian.Uint64(data) {
	case discBuy, discSell, discDeposit, discWithdraw:
		return true
	}
	return false
}
