package spinpet

import (
	"path/filepath"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// kinds of a reading, to compare with what the recordings' index says.
func kinds(events []market.Event) (list []market.Kind) {
	for i := range events {
		list = append(list, events[i].Kind())
	}
	return list
}

// TestWhatTheVMRecordingsMean states independently of the golden files what has to be read, from the way in which the
// recordings were made.
func TestWhatTheVMRecordingsMean(t *testing.T) {
	const (
		liquidate = KindForceLiquidate
		stone     = KindMilestoneDiscount
		trade     = KindBuySell
	)
	tests := []struct {
		file   string
		failed bool
		kinds  []market.Kind
		report program.Report
	}{
		{"01_direct_buy", false, []market.Kind{trade}, program.Report{}},
		{"02_cpi_buy", false, []market.Kind{trade}, program.Report{}},
		{"03_two_events_two_ixs", false, []market.Kind{liquidate, stone, trade, trade}, program.Report{}},
		{"04_failed_after_event", true, []market.Kind{trade}, program.Report{}},
		{"05_spoof_foreign_program", false, nil, program.Report{Foreign: 1}},
		{"06_spinpet_cpis_foreign_spoof", false, []market.Kind{trade}, program.Report{Foreign: 1}},
		{"07_truncated_event_lost_then_short_lines", false, []market.Kind{trade, trade}, program.Report{Truncated: true}},
		{"08_cpi_callee_fails", true, []market.Kind{trade}, program.Report{}},
		{"09_max_depth_nest", true, []market.Kind{trade}, program.Report{}},
		{"10_multi_field_log_data_and_newline", false, nil, program.Report{}},
	}
	price, err := market.ParseU128("279589934762348555452")
	if err != nil {
		t.Fatal(err)
	}

	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			tx := recording(t, filepath.Join("testdata", "svm", test.file+".json"))
			if tx.Failed != test.failed || tx.Slot != 1000 {
				t.Errorf("failed %v in slot %d", tx.Failed, tx.Slot)
			}
			events, report := newReader(ProgramID).Read(nil, &tx)
			if got := kinds(events); !slices.Equal(got, test.kinds) || report != test.report {
				t.Fatalf("got %v, %+v; want %v, %+v", got, report, test.kinds, test.report)
			}

			for i := range events {
				e := &events[i]
				if int(e.Ordinal) != i || e.Slot != 1000 || e.Signature != tx.Signature || e.Mint() != EarlyProgramID {
					t.Errorf("event %d stands at %+v, signature %s, mint %s", i, e.Position, e.Signature, e.Mint())
				}
				b, ok := e.Body.(*BuySell)
				if !ok {
					continue
				}

				if e.Owner != b.Payer || b.Payer.IsZero() {
					t.Errorf("owner %s, payer %s", e.Owner, b.Payer)
				}
				buy := b.IsBuy && b.TokenAmount == 35766666666666 && b.SolAmount == 1e9 && b.LatestPrice == price
				sell := !b.IsBuy && b.TokenAmount == 1e6 && b.SolAmount == 27900 && b.LatestPrice == price.Sub(market.U64(1000))

				// 06's own event is the sale; the purchase in its frame is the spoof. 03 ends with the sale.
				if wantSell := test.file[:2] == "06" || i == 3; wantSell != sell || wantSell == buy {
					t.Errorf("event %d: %+v", i, b)
				}
			}
		})
	}
}

func TestRealLiquidatingSell(t *testing.T) {
	needShared(t)
	tx := recording(t, filepath.Join(shared, "spinpet-JBMm-sell-liquidation-truncated.json"))
	if len(tx.Logs) != 158 {
		t.Fatalf("%d lines", len(tx.Logs))
	}

	events, report := newReader(ProgramID).Read(nil, &tx)
	if !report.Truncated || report.Malformed+report.Foreign != 0 || tx.Slot != 25865 {
		t.Errorf("slot %d, %+v", tx.Slot, report)
	}
	want := []market.Kind{KindForceLiquidate, KindForceLiquidate, KindForceLiquidate}
	if !slices.Equal(kinds(events), want) {
		t.Fatalf("got %v", kinds(events))
	}

	// The log names the three orders: the first one in clear, as the list's head.
	first := events[0].Body.(*ForceLiquidate)
	if first.Order.String() != "SNvGXuvSUmbWkGs744Qw58kzrnjRZYBJuwoFePKSBBw" {
		t.Errorf("first order %s", first.Order)
	}

	second := events[1].Body.(*ForceLiquidate)
	if second.Order.String() != "6rJ5HwFqptoJ4hG5buN8gnk3kXrJk14tMeFVJUU3jL3U" {
		t.Errorf("second order %s", second.Order)
	}
	third := events[2].Body.(*ForceLiquidate)
	if third.Order.String() != "G62jo68StskhDByum3pxVUjF6CeBvmoCWLsDUjifTPVu" || third.Mint != first.Mint {
		t.Errorf("third order %s", third.Order)
	}
}

func TestEarlyTokenCreated(t *testing.T) {
	needShared(t)
	tests := []struct{ file, name, symbol, uri, mint, curve string }{
		{
			"03_49433_tvU5G57U.json", "Hello", "HLO", "https://example.com/hello-token.json",
			"81WZbeJwfo9mTBRZsBqaUBWa2jeRKH2LQi54uwXdZYoa", "3CdVRJuTzgGsT3a1S5WyMeaN9PZzqhsbGWM3zsYJ463V",
		},
		{
			"04_49434_51VfmV8Q.json", "AAA", "AAA", "https://example.com/aaa-token.json",
			"GRRoF4X8V5VdRwRdEPksiA7kVVeKXWKuK2a6NyJJJyi5", "7xDe43WjAf8Di1NBz2WrU9QmpMHAkxotV8KL7o92NXgm",
		},
	}
	for _, test := range tests {
		tx := recording(t, filepath.Join(shared, "spinpet-serverlog", test.file))
		events, report := newReader(EarlyProgramID).Read(nil, &tx)
		if len(events) != 1 || report != (program.Report{}) {
			t.Fatalf("%s: %d events, %+v", test.file, len(events), report)
		}

		b, ok := events[0].Body.(*TokenCreated)
		if !ok || b.Name != test.name || b.Symbol != test.symbol || b.URI != test.uri || !b.Early ||
			b.Mint.String() != test.mint || b.Curve.String() != test.curve || events[0].Owner != b.Payer {
			t.Errorf("%s: %+v", test.file, events[0].Body)
		}

		if events, report := newReader(ProgramID).Read(nil, &tx); len(events) != 0 || report.Foreign != 1 {
			t.Errorf("%s: the deployed program's reader sees %d events, %+v", test.file, len(events), report)
		}
	}
}

func TestForeignProgramsWithOurDiscriminators(t *testing.T) {
	needShared(t)
	tx := recording(t, filepath.Join(shared, "tensorswap-buysell-collision.json"))
	if events, report := newReader(ProgramID).Read(nil, &tx); len(events) != 0 || report != (program.Report{Foreign: 1}) {
		t.Errorf("%d events, %+v", len(events), report)
	}
	// Even if that program were ours, the length refuses it.
	theirs := newReader(market.MustPubkey("TSWAPaqyCSx2KABk68Shruf4rp7CxcNi8hAsbdwmHbN"))
	if events, report := theirs.Read(nil, &tx); len(events) != 0 || report.Malformed != 1 || report.Foreign != 0 || report.Truncated || !report.Undecoded.Has(Program) {
		t.Errorf("as their own: %d events, %+v", len(events), report)
	}
	// A bot at depth 1 calls another market at depth 2.
	tx = recording(t, filepath.Join(shared, "pump-cpi-sell-logsNotification.json"))
	theirs = newReader(market.MustPubkey("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"))
	if events, report := theirs.Read(nil, &tx); len(events) != 0 || report != (program.Report{Foreign: 1}) {
		t.Errorf("pump: %d events, %+v", len(events), report)
	}
}
