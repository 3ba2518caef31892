package ingest_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/registry"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
	"spinscope/backend/telemetry"
)

// TestEventsThatNoLongerFit feeds trades of pump that are longer than their layout, and then cut ones: the longer ones are
// counted by kind and said once; ten minutes of chain time with nothing but cut ones are trouble, and the next one that can be
// read ends it.
func TestEventsThatNoLongerFit(t *testing.T) {
	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test's

	var said bytes.Buffer
	in := ingest.New(ingest.Config{
		Programs: registry.At(spinpet.ProgramID, true), Logger: slog.New(slog.NewTextHandler(&said, nil)), Coins: followed{},
	}, s, ingest.Resume{})
	if err := in.Recover(); err != nil {
		t.Fatal(err)
	}

	const first = int64(1_790_000_000)
	serial := byte(0)
	tell := func(after int64, id market.Pubkey, events ...[]byte) {
		t.Helper()
		serial++
		tx := market.Transaction{Slot: market.Slot(100 + int(serial)), BlockTime: first + after, Signature: market.Signature{serial}} //nolint:gosec // small
		tx.Logs = append(tx.Logs, fmt.Sprintf("Program %s invoke [1]", id))
		for _, event := range events {
			tx.Logs = append(tx.Logs, program.DataPrefix+base64.StdEncoding.EncodeToString(event))
		}
		tx.Logs = append(tx.Logs, fmt.Sprintf("Program %s success", id))
		if err := in.Apply(t.Context(), market.Batch{Transactions: []market.Transaction{tx}}); err != nil {
			t.Fatal(err)
		}
	}
	trouble := func(want ...market.Program) {
		t.Helper()
		if got := in.Unreadable(); !slices.Equal(got, want) {
			t.Errorf("after %d transactions %v cannot be read, want %v", serial, got, want)
		}
	}

	known := program.Append(nil, &pump.Trade{Mint: market.Pubkey{1}, TokenAmount: 1, Tail: program.Tail{Parts: 9}})
	longer, cut := append(slices.Clone(known), 1, 2, 3), known[:60]
	tell(0, pump.ProgramID, known, longer)
	tell(1, pump.ProgramID, longer)
	trouble()

	tell(10, pump.ProgramID, cut)
	tell(10+599, pump.ProgramID, cut)
	trouble() // not yet
	tell(10+599, pump.ProgramID, known, cut)
	tell(10+600, pump.ProgramID, cut)
	trouble() // one could be read meanwhile
	tell(10+1199, pump.ProgramID, cut, cut)
	trouble()
	tell(10+1200, pump.ProgramID, cut)
	trouble(pump.Program)
	tell(10+1300, pump.ProgramID, cut)
	trouble(pump.Program)

	metrics := map[string]float64{}
	for _, m := range telemetry.Gather([]telemetry.Collector{in.Collect}).Values {
		metrics[fmt.Sprint(m.Name, m.Labels)] = m.Value
	}

	for name, want := range map[string]float64{
		fmt.Sprintf("spinscope_events_longer_total[{program pump} {event %s}]", (*pump.Trade)(nil).Kind()): 2,
		"spinscope_program_unreadable[{program pump}]":                                                     1,
		"spinscope_program_unreadable[{program spinpet}]":                                                  0,
	} {
		if got, there := metrics[name]; got != want || !there {
			t.Errorf("%s is %v (%v), want %v", name, got, there, want)
		}
	}

	if log := said.String(); strings.Count(log, "longer than their known layout") != 1 || strings.Count(log, "level=ERROR") != 1 {
		t.Errorf("the log: %s", log)
	}

	tell(10+1400, pump.ProgramID, longer)
	trouble()
	if !strings.Contains(said.String(), "can be read again") {
		t.Errorf("the log: %s", said.String())
	}
}
