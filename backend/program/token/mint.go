package token

import (
	"encoding/binary"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// The programs that own the accounts of mints.
var (
	Program     = market.MustPubkey("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
	Program2022 = market.MustPubkey("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
)

// Where what stands in the account of a mint. The extensions of Token-2022 begin behind the layout of somebody's tokens, which
// is the larger one, and the byte after that says which of the two it is.
const (
	supplyAt      = 36 // u64
	decimalsAt    = 44 // u8
	initialisedAt = 45 // u8
	mintSize      = 82
	kindAt        = 165
	kindMint      = 1
)

// Mint is what the account of a mint says.
type Mint struct {
	Supply   uint64 // base units, as of now: less what was burned
	Decimals uint8
}

// ReadMint reads the account of a mint. For an address that is none it returns an error that wraps program.ErrNoMint, and says
// for a person what is there instead.
func ReadMint(address market.Pubkey, account *program.Account) (Mint, error) {
	switch {
	case account.Owner.IsZero(): // the address of the program that owns wallets is zero, too
		return Mint{}, fmt.Errorf("%s is %w: there is nothing at this address, or a wallet", address, program.ErrNoMint)
	case account.Owner != Program && account.Owner != Program2022:
		return Mint{}, fmt.Errorf("%s is %w: it is an account of the program %s", address, program.ErrNoMint, account.Owner)
	case len(account.Data) != mintSize && (len(account.Data) <= kindAt || account.Data[kindAt] != kindMint):
		return Mint{}, fmt.Errorf("%s is %w: it holds somebody's tokens", address, program.ErrNoMint)
	case account.Data[initialisedAt] != 1:
		return Mint{}, fmt.Errorf("%s is %w: its mint was never set up", address, program.ErrNoMint)
	}
	return Mint{binary.LittleEndian.Uint64(account.Data[supplyAt:]), account.Data[decimalsAt]}, nil
}

// AppendMint appends the account of a mint without authorities to dst. It is the inverse of ReadMint.
func AppendMint(dst []byte, m Mint) []byte {
	from := len(dst)
	dst = append(dst, make([]byte, mintSize)...)
	data := dst[from:]
	binary.LittleEndian.PutUint64(data[supplyAt:], m.Supply)
	data[decimalsAt], data[initialisedAt] = m.Decimals, 1
	return dst
}
