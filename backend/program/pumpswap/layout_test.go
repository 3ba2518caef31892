package pumpswap

import (
	"maps"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/programtest"
)

var layouts = []programtest.Layout{
	{New: func() program.Growing { return new(Buy) }, Sizes: []int{312, 360, 393, 405, 421, 437, 462, 478, 486}},
	{New: func() program.Growing { return new(Sell) }, Sizes: []int{312, 360, 376, 392, 417, 433, 441}},
	{New: func() program.Growing { return new(CreatePool) }, Sizes: []int{301, 333, 334, 344}},
	{New: func() program.Growing { return new(Deposit) }, Sizes: []int{256}},
	{New: func() program.Growing { return new(Withdraw) }, Sizes: []int{256}},
	{New: func() program.Growing { return new(InitBoost) }, Sizes: []int{136}},
	{New: func() program.Growing { return new(BoostBuyAndBurn) }, Sizes: []int{208}},
}

func TestLayouts(t *testing.T) { programtest.Layouts(t, layouts, Decode) }

// TestRecordedEvents decodes every recorded event of the program and expects what the recordings' own decoder finds.
func TestRecordedEvents(t *testing.T) {
	names := map[string]string{
		"base": "BaseAmount", "user_base": "UserBaseReserves", "user_quote": "UserQuoteReserves", "pool_base": "PoolBaseReserves",
		"pool_quote": "PoolQuoteReserves", "quote": "QuoteAmount", "lp_bps": "LPFeeBasisPoints", "protocol_bps": "ProtocolFeeBasisPoints",
		"quote_lp": "QuoteAmountLPFee", "protocol_recipient_account": "ProtocolRecipientToken", "creator_bps": "CoinCreatorFeeBasisPoints",
		"creator_fee": "CoinCreatorFee", "total_unclaimed": "TotalUnclaimedTokens", "total_claimed": "TotalClaimedTokens",
		"last_update": "LastUpdateTimestamp", "cashback_bps": "CashbackFeeBasisPoints", "buyback_bps": "BuybackFeeBasisPoints",
		"holder_bps": "HolderRewardsBasisPoints", "holder": "HolderRewards",
	}
	renamed := map[market.Kind]map[string]string{
		KindCreatePool: {
			"base_decimals": "BaseMintDecimals", "quote_decimals": "QuoteMintDecimals", "pool_base": "PoolBaseAmount", "pool_quote": "PoolQuoteAmount",
			"lp_out": "LPTokenAmountOut", "bump": "PoolBump", "is_mayhem": "IsMayhemMode", "creator_fee_bps": "CreatorFeeBasisPoints", "can_edit": "CanEditCreatorFee",
		},
		KindDeposit: {
			"lp_out": "LPTokenAmount", "max_base": "BaseLimit", "max_quote": "QuoteLimit", "base_in": "BaseAmount", "quote_in": "QuoteAmount",
			"lp_supply": "LPMintSupply", "user_lp_account": "UserPoolAccount",
		},
		KindWithdraw: {
			"lp_in": "LPTokenAmount", "min_base": "BaseLimit", "min_quote": "QuoteLimit", "base_out": "BaseAmount", "quote_out": "QuoteAmount",
			"lp_supply": "LPMintSupply", "user_lp_account": "UserPoolAccount",
		},
	}
	recorded := programtest.Events(t, ProgramID.String())
	kinds := map[market.Kind]int{}
	for _, one := range recorded {
		body, err := Decode(one.Data)
		if err != nil {
			t.Errorf("%s: %s: %v", one.Source, one.Event, err)
			continue
		}

		kinds[body.Kind()]++
		if got := body.Kind().String() + "Event"; got != one.Event {
			t.Errorf("%s: %s is taken for %s", one.Source, one.Event, got)
		}
		for _, difference := range programtest.Differences(body, one.Fields, wordsOf(names, renamed[body.Kind()])) {
			t.Errorf("%s: %s: %s", one.Source, one.Event, difference)
		}

		if again := Append(nil, body); string(again) != string(one.Data) {
			t.Errorf("%s: %s of %d bytes was written back as %d", one.Source, one.Event, len(one.Data), len(again))
		}
	}

	for _, layout := range layouts {
		if kind := layout.New().Kind(); kinds[kind] == 0 {
			t.Errorf("no %s was recorded: the test looks at less than it says", kind)
		}
	}
}

// wordsOf is general with the special words in their place.
func wordsOf(general, special map[string]string) map[string]string {
	words := maps.Clone(general)
	maps.Copy(words, special)
	return words
}

func FuzzDecode(f *testing.F) {
	for _, layout := range layouts {
		f.Add(Append(nil, layout.New()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		body, err := Decode(data)
		if err != nil {
			return
		}
		if again := Append(nil, body); string(again) != string(data) {
			t.Fatalf("%x was written back as %x", data, again)
		}
	})
}
