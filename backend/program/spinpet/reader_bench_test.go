package spinpet

import (
	"strings"
	"testing"

	"spinscope/backend/market"
)

// longLog is a message like those of the deployed program: 59 lines, one event at the end.
func longLog() []string {
	const token = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
	own := ProgramID.String()
	logs := []string{"Program " + own + " invoke [1]", "Program log: Instruction: Buy"}
	for range 6 {
		logs = append(logs, "Program "+token+" invoke [2]", "Program log: Instruction: Transfer",
			"Program "+token+" consumed 4645 of 835837 compute units", "Program "+token+" success")
	}
	for len(logs) < 56 {
		logs = append(logs, "Program log: "+strings.Repeat("x", 50))
	}
	return append(logs, LogLine(&BuySell{IsBuy: true, TokenAmount: 35766666666666, SolAmount: 1e9}),
		"Program "+own+" consumed 131865 of 200000 compute units", "Program "+own+" success")
}

func BenchmarkRead(b *testing.B) {
	tx := market.Transaction{Slot: 1, Logs: longLog()}
	if len(tx.Logs) != 59 {
		b.Fatalf("%d lines", len(tx.Logs))
	}
	reader := newReader(ProgramID)
	var events []market.Event
	b.ReportAllocs()
	for b.Loop() {
		events, _ = reader.Read(events[:0], &tx)
	}
	if len(events) != 1 {
		b.Fatalf("%d events", len(events))
	}
}

func BenchmarkDecode(b *testing.B) {
	data := Append(nil, &BuySell{IsBuy: true, TokenAmount: 35766666666666, SolAmount: 1e9})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data, false); err != nil {
			b.Fatal(err)
		}
	}
}
