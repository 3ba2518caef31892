package program_test

import (
	"encoding/base64"
	"math/rand/v2"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/programtest"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/spinpet"
)

// TestCutLogs reads transactions of a program that tells its events twice and one that does not. Of a cut log the events of
// the first are whole, once each, whatever the log still holds; of the second those before the cut, and a gap is told of
// if it may have written more.
func TestCutLogs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	reader := program.NewReader(spinpet.New(spinpet.ProgramID), pump.New())
	own := &spinpet.MilestoneDiscount{Mint: market.Pubkey{1}}
	for range 2000 {
		tx := market.Transaction{Inner: []market.SelfCall{}}
		for range r.IntN(8) {
			id, line := spinpet.ProgramID.String(), spinpet.LogLine(own)
			if r.IntN(2) == 0 {
				trade := new(pump.Trade)
				programtest.Fill(r, trade)
				data := program.Append(nil, trade)
				id, line = pump.ProgramID.String(), program.DataPrefix+base64.StdEncoding.EncodeToString(data)
				tx.Inner = append(tx.Inner, market.SelfCall{Program: pump.ProgramID, Event: data})
			}

			if r.IntN(4) == 0 { // others tell themselves things, too
				tx.Inner = append(tx.Inner, market.SelfCall{Program: market.Pubkey{9}, Event: []byte("another's event")})
			}
			tx.Logs = append(tx.Logs, "Program "+id+" invoke [1]", line, "Program "+id+" success")
		}

		whole, report := reader.Read(nil, &tx)
		if report.Truncated {
			t.Fatalf("%q is truncated", tx.Logs)
		}

		cut := tx
		at := r.IntN(len(tx.Logs) + 1)
		cut.Logs = append(slices.Clone(tx.Logs[:at]), "Log truncated")
		before := tx
		before.Logs = tx.Logs[:at]
		kept, _ := reader.Read(nil, &before)
		var want []uint16
		for _, e := range kept {
			if e.Ordinal < program.PumpOrdinals {
				want = append(want, e.Ordinal)
			}
		}

		for _, e := range whole {
			if e.Ordinal >= program.PumpOrdinals {
				want = append(want, e.Ordinal)
			}
		}

		got, report := reader.Read(nil, &cut)
		var ordinals []uint16
		for _, e := range got {
			ordinals = append(ordinals, e.Ordinal)
		}

		if !slices.Equal(ordinals, want) || !report.Truncated {
			t.Fatalf("cut at %d of %d lines: %v, want %v; truncated %v", at, len(tx.Logs), ordinals, want, report.Truncated)
		}
		cut.Addresses = []market.Pubkey{{7}}
		if _, report := reader.Read(nil, &cut); report.Truncated {
			t.Fatal("a gap is told of, of a program that the transaction does not name")
		}

		cut.Addresses = []market.Pubkey{{7}, spinpet.ProgramID}
		if _, report := reader.Read(nil, &cut); !report.Truncated {
			t.Fatal("no gap is told of, of a program that the transaction names")
		}
		cut.Inner = nil
		if _, report := reader.Read(nil, &cut); !report.Truncated {
			t.Fatal("no gap is told of where nobody looked for self-calls")
		}
	}
}
