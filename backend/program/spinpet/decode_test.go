package spinpet

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

func TestDiscriminators(t *testing.T) {
	known := map[market.Kind]uint64{
		KindTokenCreated: discTokenCreated, KindBuySell: discBuySell, KindLongShort: discLongShort,
		KindForceLiquidate: discForceLiquidate, KindFullClose: discFullClose,
		KindPartialClose: discPartialClose, KindMilestoneDiscount: discMilestoneDiscount,
	}
	if len(known) != len(market.KindsOf(Program)) {
		t.Fatalf("%d discriminators for %d kinds", len(known), len(market.KindsOf(Program)))
	}
	for kind, disc := range known {
		sum := sha256.Sum256([]byte("event:" + kind.String() + "Event"))
		if want := binary.BigEndian.Uint64(sum[:]); disc != want {
			t.Errorf("%s: discriminator %016x, want %016x", kind, disc, want)
		}
		if !ownDiscriminator(disc) || ownDiscriminator(disc^1) {
			t.Errorf("%s: ownDiscriminator is wrong", kind)
		}
	}
}

func TestDecodeIsTheInverseOfAppend(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	sizes := map[market.Kind][2]int{
		KindBuySell: {105, 105}, KindLongShort: {267, 267}, KindForceLiquidate: {104, 104},
		KindFullClose: {177, 177}, KindPartialClose: {324, 340}, KindMilestoneDiscount: {109, 109},
	}
	for _, kind := range market.KindsOf(Program) {
		for round := range 200 {
			variant := round%2 == 1
			early := kind == KindTokenCreated && variant
			body := randomBody(r, kind, variant)
			prefix := []byte("kept")
			data := Append(prefix, body)
			if !bytes.HasPrefix(data, prefix) {
				t.Fatalf("%s: Append changed what was there", kind)
			}

			data = data[len(prefix):]
			got, err := Decode(data, early)
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}

			if !reflect.DeepEqual(got, body) {
				t.Fatalf("%s: got %+v, want %+v", kind, got, body)
			}
			if want, fixed := sizes[kind]; fixed && len(data) != want[round%2] {
				t.Fatalf("%s has %d bytes, want %d", kind, len(data), want[round%2])
			}

			refuseOtherLengths(t, data, early)
		}
	}
}

// refuseOtherLengths cuts and lengthens an event; none of that may decode, except PartialClose's two lengths.
func refuseOtherLengths(t *testing.T, data []byte, early bool) {
	t.Helper()
	for _, length := range []int{0, 7, 8, 9, len(data) - 1, len(data) + 1, len(data) + 16, len(data) - 16, 2 * len(data)} {
		changed := make([]byte, length)
		copy(changed, data)
		body, err := Decode(changed, early)
		if err == nil {
			if body.Kind() == KindPartialClose && (length == 324 || length == 340) {
				continue
			}
			t.Fatalf("%s of %d bytes decoded, it has %d", body.Kind(), length, len(data))
		}
		if body != nil || !errors.Is(err, program.ErrUnknown) && !errors.Is(err, program.ErrLayout) {
			t.Fatalf("body %v, error %v", body, err)
		}
	}
}

// TestOffsets checks the fields' places against docs/events.md, independently of the order in which code reads them.
func TestOffsets(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	u64 := func(data []byte, at int) uint64 { return binary.LittleEndian.Uint64(data[at:]) }
	key := func(data []byte, at int) market.Pubkey { return market.Pubkey(data[at : at+32]) }
	u128 := func(data []byte, at int) market.U128 { return market.U128{Lo: u64(data, at), Hi: u64(data, at+8)} }
	check := func(name string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}

	buy := randomBody(r, KindBuySell, true).(*BuySell)
	data := Append(nil, buy)
	check("payer@8", key(data, 8), buy.Payer)
	check("mint_account@40", key(data, 40), buy.Mint)
	check("is_buy@72", data[72], uint8(1))
	check("token_amount@73", u64(data, 73), buy.TokenAmount)
	check("sol_amount@81", u64(data, 81), buy.SolAmount)
	check("latest_price@89", u128(data, 89), buy.LatestPrice)

	open := randomBody(r, KindLongShort, false).(*LongShort)
	data = Append(nil, open)
	check("order_pda@72", key(data, 72), open.Order)
	check("latest_price@104", u128(data, 104), open.LatestPrice)
	check("order_type@120", data[120], open.Terms.OrderType)
	check("mint@121", key(data, 121), open.Terms.Mint)
	check("user@153", key(data, 153), open.Terms.User)
	check("lock_lp_start_price@185", u128(data, 185), open.Terms.LockLpStartPrice)
	check("lock_lp_end_price@201", u128(data, 201), open.Terms.LockLpEndPrice)
	check("lock_lp_sol_amount@217", u64(data, 217), open.Terms.LockLpSolAmount)
	check("lock_lp_token_amount@225", u64(data, 225), open.Terms.LockLpTokenAmount)
	check("start_time@233", binary.LittleEndian.Uint32(data[233:]), open.Terms.StartTime)
	check("end_time@237", binary.LittleEndian.Uint32(data[237:]), open.Terms.EndTime)
	check("margin_sol_amount@241", u64(data, 241), open.Terms.MarginSolAmount)
	check("borrow_amount@249", u64(data, 249), open.Terms.BorrowAmount)
	check("position_asset_amount@257", u64(data, 257), open.Terms.PositionAssetAmount)
	check("borrow_fee@265", binary.LittleEndian.Uint16(data[265:]), open.Terms.BorrowFee)

	for _, long := range []bool{false, true} {
		part := randomBody(r, KindPartialClose, long).(*PartialClose)
		data = Append(nil, part)
		check("user_sol_account@40", key(data, 40), part.UserSolAccount)
		check("mint_account@72", key(data, 72), part.Mint)
		check("final_token_amount@105", u64(data, 105), part.FinalTokenAmount)
		check("final_sol_amount@113", u64(data, 113), part.FinalSolAmount)
		check("user_close_profit@121", u64(data, 121), part.UserCloseProfit)
		check("latest_price@129", u128(data, 129), part.LatestPrice)
		check("order_pda@145", key(data, 145), part.Order)
		check("order_type@177", data[177], part.Terms.OrderType)
		check("user@210", key(data, 210), part.Terms.User)
		check("end_time@294", binary.LittleEndian.Uint32(data[294:]), part.Terms.EndTime)

		shift := 0
		if long {
			shift = 8
			check("margin_init_sol_amount@298", u64(data, 298), part.Terms.MarginInitSolAmount)
			check("realized_sol_amount@332", u64(data, 332), part.Terms.RealizedSolAmount)
		}

		check("margin_sol_amount", u64(data, 298+shift), part.Terms.MarginSolAmount)
		check("borrow_amount", u64(data, 306+shift), part.Terms.BorrowAmount)
		check("position_asset_amount", u64(data, 314+shift), part.Terms.PositionAssetAmount)
		check("borrow_fee", binary.LittleEndian.Uint16(data[322+shift:]), part.Terms.BorrowFee)
	}

	token := randomBody(r, KindTokenCreated, false).(*TokenCreated)
	data = Append(nil, token)
	check("curve_account@72", key(data, 72), token.Curve)
	check("params_account@232", key(data, 232), token.Params)
	check("swap_fee@264", binary.LittleEndian.Uint16(data[264:]), token.SwapFee)
	check("fee_discount_flag@268", data[268], token.FeeDiscountFlag)
	check("name@269", string(data[273:273+len(token.Name)]), token.Name)

	stone := randomBody(r, KindMilestoneDiscount, false).(*MilestoneDiscount)
	data = Append(nil, stone)
	check("swap_fee@104", binary.LittleEndian.Uint16(data[104:]), stone.SwapFee)
	check("fee_discount_flag@108", data[108], stone.FeeDiscountFlag)
}

func TestDecodeRefuses(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	sample := func(kind market.Kind, variant bool, change func([]byte)) []byte {
		data := Append(nil, randomBody(r, kind, variant))
		change(data)
		return data
	}
	token := Append(nil, &TokenCreated{Name: "name", Symbol: "SYM", URI: "uri"})
	early := Append(nil, &TokenCreated{Early: true, Name: "name", Symbol: "SYM", URI: "uri"})
	set := func(data []byte, at int, value byte) []byte {
		changed := bytes.Clone(data)
		changed[at] = value
		return changed
	}
	tests := []struct {
		name  string
		data  []byte
		early bool
		want  error
	}{
		{"nothing", nil, false, program.ErrUnknown},
		{"part of a discriminator", token[:7], false, program.ErrUnknown},
		{"another discriminator", set(token, 0, 1), false, program.ErrUnknown},
		{"is_buy 2", sample(KindBuySell, true, func(b []byte) { b[72] = 2 }), false, program.ErrLayout},
		{"is_close_long 255", sample(KindFullClose, true, func(b []byte) { b[104] = 255 }), false, program.ErrLayout},
		{"is_close_long 2 in part", sample(KindPartialClose, true, func(b []byte) { b[104] = 2 }), false, program.ErrLayout},
		{"order_type 0", sample(KindLongShort, true, func(b []byte) { b[120] = 0 }), false, program.ErrLayout},
		{"order_type 3 in part", sample(KindPartialClose, false, func(b []byte) { b[177] = 3 }), false, program.ErrLayout},
		{"name not UTF-8", set(token, 273, 0xff), false, program.ErrLayout},
		{"name longer than the data", set(token, 272, 0xff), false, program.ErrLayout},
		{"name too long by one", set(token, 269, 5), false, program.ErrLayout},
		{"uri too short by one", set(token, 284, 2), false, program.ErrLayout},
		{"early layout under the deployed program", early, false, program.ErrLayout},
		{"deployed layout under the early program", token, true, program.ErrLayout},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			body, err := Decode(test.data, test.early)
			if !errors.Is(err, test.want) || body != nil {
				t.Errorf("got %v, %v; want %v", body, err, test.want)
			}
		})
	}

	if body, err := Decode(token, false); err != nil || body.(*TokenCreated).URI != "uri" {
		t.Errorf("the unchanged event is refused: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, kind := range market.KindsOf(Program) {
		f.Add(Append(nil, randomBody(r, kind, false)), false)
		f.Add(Append(nil, randomBody(r, kind, true)), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, early bool) {
		body, err := Decode(data, early)
		if err != nil {
			if body != nil || !errors.Is(err, program.ErrUnknown) && !errors.Is(err, program.ErrLayout) {
				t.Fatalf("body %v, error %v", body, err)
			}
			return
		}
		if again := Append(nil, body); !bytes.Equal(again, data) {
			t.Fatalf("%x became %x", data, again)
		}
	})
}
