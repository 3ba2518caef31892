package spinpet

import "spinscope/backend/market"

var (
	// ProgramID is the deployed program.
	ProgramID = market.MustPubkey("JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ")
	// EarlyProgramID is the build of July 2025. Its TokenCreated has six fields.
	EarlyProgramID = market.MustPubkey("2uA6nkQRmnPTPWuw73pStTQRWnX15BkzV6zSsEG1nKyC")
)

// The first eight bytes of an event, sha256("event:<Name>Event")[:8] read as a big-endian number.
const (
	discBuySell           uint64 = 0x62d0783c5d2013b4
	discForceLiquidate    uint64 = 0xeac4b769281ace30
	discFullClose         uint64 = 0x16f471f59aa86d8b
	discLongShort         uint64 = 0x1b4514743afa5fdc
	discMilestoneDiscount uint64 = 0x82e80b2522b98880
	discPartialClose      uint64 = 0x855e03de1844459b
	discTokenCreated      uint64 = 0x607a718a32e39539
)

// Sizes of the events in bytes, discriminator included. TokenCreated's are those with three empty strings.
const (
	sizeBuySell           = 105
	sizeForceLiquidate    = 104
	sizeFullClose         = 177
	sizeLongShort         = 267
	sizeMilestoneDiscount = 109
	sizePartialClose      = 324
	sizePartialCloseLong  = 340
	leastTokenCreated     = 281
	leastTokenCreatedOld  = 116
)

// ownDiscriminator reports whether disc starts one of the seven events.
func ownDiscriminator(disc uint64) bool {
	switch disc {
	case discBuySell, discForceLiquidate, discFullClose, discLongShort, discMilestoneDiscount, discPartialClose, discTokenCreated:
		return true
	}
	return false
}
