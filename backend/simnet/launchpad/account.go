package launchpad

import (
	"encoding/binary"

	"spinscope/backend/market"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
)

// TokenProgram and Token2022 own the accounts of mints: the newest generation's are Token-2022's.
var (
	TokenProgram = market.MustPubkey("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
	Token2022    = market.MustPubkey("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
)

// Account is what the cluster keeps at an address.
type Account struct {
	Owner market.Pubkey // the program that writes it
	Data  []byte
}

// Account is the account at an address now: a coin's mint, its curve, or its pool once that is open. False for any other.
func (w *World) Account(address market.Pubkey) (Account, bool) {
	for _, c := range w.coins {
		switch {
		case address == c.Mint:
			owner := TokenProgram
			if c.age.quotes {
				owner = Token2022
			}
			return Account{owner, mintData(supply, tokenDecimals)}, true
		case address == c.Curve:
			return Account{pump.ProgramID, pump.AppendCurve(nil, &pump.CurveAccount{
				VirtualTokenReserves: c.virtualToken, VirtualQuoteReserves: c.virtualQuote, RealTokenReserves: c.realToken,
				RealQuoteReserves: c.realQuote, TokenTotalSupply: supply, Complete: c.at != onCurve, Creator: c.Creator,
				IsMayhemMode: c.Mayhem, QuoteMint: c.quoteMint(),
			})}, true
		case address == c.Pool && c.at == onPool:
			return Account{pumpswap.ProgramID, pumpswap.AppendPool(nil, &pumpswap.PoolAccount{
				Index: pumpswap.CanonicalIndex, Creator: c.authority, BaseMint: c.Mint, QuoteMint: c.Quote,
			})}, true
		}
	}

	switch address {
	case market.WrappedSOL:
		return Account{TokenProgram, mintData(0, 9)}, true
	case market.USDC:
		return Account{TokenProgram, mintData(8_000_000_000_000_000, 6)}, true
	}

	return Account{}, false
}

// mintData is a mint without authorities, as the token programs lay it out.
func mintData(supply uint64, decimals uint8) []byte {
	const size, supplyAt, decimalsAt, initialised = 82, 36, 44, 45
	data := make([]byte, size)
	binary.LittleEndian.PutUint64(data[supplyAt:], supply)
	data[decimalsAt], data[initialised] = decimals, 1
	return data
}
