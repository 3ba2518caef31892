package usd

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

var (
	// Address is where a cluster keeps the price: that of the push oracle for the feed, shard 0.
	Address = market.MustPubkey("7UVimffxr9ow1uXYxsr4LHAcV58mLzhmwaeKvJ1pjLiE")
	// Owner is the program that writes it, Pyth's receiver.
	Owner = market.MustPubkey("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ")

	// feed is that of SOL in US dollars.
	feed, _ = hex.DecodeString("ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d")
	// discriminator is sha256("account:PriceUpdateV2")[:8].
	discriminator = []byte{34, 241, 35, 99, 157, 126, 244, 205}
)

// Where the fields of a PriceUpdateV2 stand that was verified in full. One that was verified in part has a byte more before the
// feed, and is refused.
const (
	levelAt    = 8 + 32 // after the discriminator and who may write
	feedAt     = levelAt + 1
	priceAt    = feedAt + 32
	confAt     = priceAt + 8
	exponentAt = confAt + 8
	timeAt     = exponentAt + 4
	slotAt     = timeAt + 8 + 3*8 // after the time before, and the average with its confidence
	length     = slotAt + 8       // a byte more is kept, for one that was verified in part

	levelFull = 1

	minExponent = -18
)

var (
	_ = [1]struct{}{}[priceAt-73] // the layout, checked at compile time
	_ = [1]struct{}{}[timeAt-93]
)

// Price is what one SOL costs: Units × 10^Exponent US dollars.
type Price struct {
	Units      int64  // above 0
	Confidence uint64 // the price is known up to so many units
	Exponent   int    // -18..0
	Published  int64  // Unix seconds
}

// errAccount is returned by ReadAccount for an account that is not what it should be.
var errAccount = errors.New("not a price of SOL in US dollars")

// ReadAccount reads the price that an account holds.
func ReadAccount(account *program.Account) (p Price, err error) {
	data := account.Data
	switch {
	case account.Owner != Owner:
		return p, fmt.Errorf("%w: nothing of Pyth's is kept at %s", errAccount, Address)
	case len(data) < length || !bytes.Equal(data[:len(discriminator)], discriminator):
		return p, fmt.Errorf("%w: another layout", errAccount)
	case data[levelAt] != levelFull:
		return p, fmt.Errorf("%w: not verified in full", errAccount)
	case !bytes.Equal(data[feedAt:priceAt], feed):
		return p, fmt.Errorf("%w: another feed", errAccount)
	}

	p = Price{
		Units:      int64(binary.LittleEndian.Uint64(data[priceAt:])), //nolint:gosec // as the layout has it
		Confidence: binary.LittleEndian.Uint64(data[confAt:]),
		Exponent:   int(int32(binary.LittleEndian.Uint32(data[exponentAt:]))), //nolint:gosec // the same
		Published:  int64(binary.LittleEndian.Uint64(data[timeAt:])),          //nolint:gosec // the same
	}
	if p.Units <= 0 || p.Exponent < minExponent || p.Exponent > 0 || p.Published <= 0 {
		return Price{}, fmt.Errorf("%w: %d × 10^%d at %d", errAccount, p.Units, p.Exponent, p.Published)
	}
	return p, nil
}

// AppendAccount appends the data of an account that holds the price, as posted in a slot; for a simulated cluster.
func AppendAccount(dst []byte, p Price, slot market.Slot) []byte {
	start := len(dst)
	dst = append(dst, discriminator...)
	dst = append(dst, make([]byte, levelAt-len(discriminator))...)
	dst = append(dst, levelFull)
	dst = append(dst, feed...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(p.Units)) //nolint:gosec // as the layout has it
	dst = binary.LittleEndian.AppendUint64(dst, p.Confidence)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(int32(p.Exponent)))     //nolint:gosec // -18..0
	dst = binary.LittleEndian.AppendUint64(dst, uint64(p.Published))           //nolint:gosec // as the layout has it
	dst = binary.LittleEndian.AppendUint64(dst, uint64(max(0, p.Published-1))) //nolint:gosec // the same
	dst = binary.LittleEndian.AppendUint64(dst, uint64(p.Units))               //nolint:gosec // the same
	dst = binary.LittleEndian.AppendUint64(dst, p.Confidence)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(slot))
	return append(dst, make([]byte, start+length+1-len(dst))...)
}

// Float is the nearest float64 to the price, in US dollars.
func (p Price) Float() float64 { return float64(p.Units) / math.Pow10(-p.Exponent) }

// String is the price with every digit: 181.4523.
func (p Price) String() string { return decimal(uint64(p.Units), -p.Exponent) } //nolint:gosec // above 0

// ConfidenceFloat is the nearest float64 to how well the price is known, in US dollars.
func (p Price) ConfidenceFloat() float64 { return float64(p.Confidence) / math.Pow10(-p.Exponent) }

// decimal writes units of 10^-places without zeros at the end.
func decimal(units uint64, places int) string {
	text := fmt.Sprintf("%0*d", places+1, units)
	whole, fraction := text[:len(text)-places], strings.TrimRight(text[len(text)-places:], "0")
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}
