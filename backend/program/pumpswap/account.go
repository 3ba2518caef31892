package pumpswap

import (
	"encoding/binary"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// discPool begins the account of a pool: sha256("account:Pool")[:8] read as a big-endian number.
const discPool uint64 = 0xf19a6d0411b16dbc

// PoolAccount is what stands fast of a pool in the account that the program keeps of it, at PoolAddress.
type PoolAccount struct {
	Bump                uint8
	Index               uint16
	Creator             market.Pubkey
	BaseMint, QuoteMint market.Pubkey
	LPMint              market.Pubkey
	BaseVault           market.Pubkey // token accounts that hold the reserves
	QuoteVault          market.Pubkey
	LPSupply            uint64
}

func (a *PoolAccount) layout(c *program.Codec) {
	c.U8(&a.Bump)
	c.U16(&a.Index)
	c.Keys(&a.Creator, &a.BaseMint, &a.QuoteMint, &a.LPMint, &a.BaseVault, &a.QuoteVault)
	c.U64(&a.LPSupply)
}

// DecodePool reads the account of a pool; what newer ones have behind it is passed over. It returns program.ErrUnknown for
// data of another account, and program.ErrLayout.
func DecodePool(data []byte) (PoolAccount, error) {
	var a PoolAccount
	if len(data) < program.DiscriminatorSize || binary.BigEndian.Uint64(data) != discPool {
		return a, program.ErrUnknown
	}
	c := program.ReadCodec(data[program.DiscriminatorSize:])
	a.layout(&c)
	if _, _, err := c.Done(); err != nil {
		return PoolAccount{}, err
	}
	return a, nil
}

// AppendPool appends the account's data to dst. It is the inverse of DecodePool.
func AppendPool(dst []byte, a *PoolAccount) []byte {
	c := program.WriteCodec(binary.BigEndian.AppendUint64(dst, discPool), 0)
	a.layout(&c)
	return c.Written()
}
