package pump

import (
	"encoding/binary"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// discCurve begins the account of a bonding curve: sha256("account:BondingCurve")[:8] read as a big-endian number.
const discCurve uint64 = 0x17b7f83760d8ac60

// CurveAccount is what the program keeps of a coin's curve, at the address Curve: reserves in base units, as they are now.
type CurveAccount struct {
	VirtualTokenReserves, VirtualQuoteReserves uint64
	RealTokenReserves, RealQuoteReserves       uint64
	TokenTotalSupply                           uint64
	Complete                                   bool          // the coin trades no more on the curve
	Creator                                    market.Pubkey // from 2025-05
	IsMayhemMode                               bool          // from 2025-11
	IsCashbackCoin                             bool          // from 2026-02
	QuoteMint                                  market.Pubkey // zero: SOL; from 2026-05
}

// Quote is the mint that the coin is paid in.
func (a *CurveAccount) Quote() market.Pubkey { return Quote(a.QuoteMint) }

func (a *CurveAccount) layout(c *program.Codec) {
	c.U64s(&a.VirtualTokenReserves, &a.VirtualQuoteReserves, &a.RealTokenReserves, &a.RealQuoteReserves, &a.TokenTotalSupply)
	c.Bool(&a.Complete)
	if c.Ends() {
		return
	}

	c.Key(&a.Creator)
	if c.Ends() {
		return
	}

	c.Bool(&a.IsMayhemMode)
	if c.Ends() {
		return
	}

	c.Bool(&a.IsCashbackCoin)
	if c.Ends() {
		return
	}
	c.Key(&a.QuoteMint)
}

// DecodeCurve reads the account of a curve, of any age. What stands behind the known fields is passed over: the program makes
// accounts larger than what it puts into them. It returns program.ErrUnknown for data of another account, and
// program.ErrLayout.
func DecodeCurve(data []byte) (CurveAccount, error) {
	var a CurveAccount
	if len(data) < program.DiscriminatorSize || binary.BigEndian.Uint64(data) != discCurve {
		return a, program.ErrUnknown
	}
	c := program.ReadCodec(data[program.DiscriminatorSize:])
	a.layout(&c)
	if _, _, err := c.Done(); err != nil {
		return CurveAccount{}, err
	}
	return a, nil
}

// AppendCurve appends the account's data in its longest layout to dst. It is the inverse of DecodeCurve.
func AppendCurve(dst []byte, a *CurveAccount) []byte {
	const parts = 4
	c := program.WriteCodec(binary.BigEndian.AppendUint64(dst, discCurve), parts)
	a.layout(&c)
	return c.Written()
}
