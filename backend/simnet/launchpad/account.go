package launchpad

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/token"
)

// Account is the account at an address now: a coin's mint, what it calls itself, its curve, or its pools once they are open. The
// mints of the newest generation are Token-2022's, and hold their names themselves. False for any other address.
func (w *World) Account(address market.Pubkey) (program.Account, bool) {
	for _, c := range w.coins {
		switch {
		case address == c.Mint && c.age.quotes:
			return program.Account{Owner: token.Program2022, Data: token.AppendMint2022(nil, c.Mint, c.kept(), c.calls())}, true
		case address == c.Mint:
			return program.Account{Owner: token.Program, Data: token.AppendMint(nil, c.kept())}, true
		case address == c.metadata && !c.age.quotes:
			return program.Account{Owner: token.MetadataProgram, Data: token.AppendMetadata(nil, c.Mint, c.calls())}, true
		case address == c.Curve:
			return program.Account{Owner: pump.ProgramID, Data: pump.AppendCurve(nil, &pump.CurveAccount{
				VirtualTokenReserves: c.virtualToken, VirtualQuoteReserves: c.virtualQuote, RealTokenReserves: c.realToken,
				RealQuoteReserves: c.realQuote, TokenTotalSupply: supply, Complete: c.at != onCurve, Creator: c.Creator,
				IsMayhemMode: c.Mayhem, QuoteMint: c.quoteMint(),
			})}, true
		case address == c.Pool && c.at == onPool:
			return program.Account{Owner: pumpswap.ProgramID, Data: pumpswap.AppendPool(nil, &pumpswap.PoolAccount{
				Index: pumpswap.CanonicalIndex, Creator: c.authority, BaseMint: c.Mint, QuoteMint: c.Quote,
			})}, true
		case address == c.OtherPool && c.at == onPool:
			return program.Account{Owner: pumpswap.ProgramID, Data: pumpswap.AppendPool(nil, &pumpswap.PoolAccount{
				Index: 1, Creator: c.Creator, BaseMint: c.Quote, QuoteMint: c.Mint,
			})}, true
		}
	}

	switch address {
	case market.WrappedSOL:
		return program.Account{Owner: token.Program, Data: token.AppendMint(nil, token.Mint{Decimals: 9})}, true
	case market.USDC:
		return program.Account{Owner: token.Program, Data: token.AppendMint(nil, token.Mint{Supply: 8_000_000_000_000_000, Decimals: 6})}, true
	}

	return program.Account{}, false
}

// kept is what the account of the coin's mint says.
func (*coin) kept() token.Mint { return token.Mint{Supply: supply, Decimals: tokenDecimals} }

// calls is what the coin calls itself.
func (c *coin) calls() token.Metadata {
	return token.Metadata{Name: c.Name, Symbol: c.Symbol, URI: c.URI}
}
