package spinpet

import (
	"encoding/base64"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

const (
	tokenProgram = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
	otherProgram = "TSWAPaqyCSx2KABk68Shruf4rp7CxcNi8hAsbdwmHbN"
)

var ownProgram = ProgramID.String()

// TestWhoWrites goes through the ways in which a line can be attributed wrongly. In every log "BUY" stands for an event's
// data line; want tells how many of them are the program's.
func TestWhoWrites(t *testing.T) {
	buy := LogLine(&BuySell{IsBuy: true, TokenAmount: 1000, SolAmount: 2000, LatestPrice: market.U64(5)})
	data := strings.TrimPrefix(buy, program.DataPrefix)
	// 104 bytes leave two bits unused in the last digit before the padding; base64 wants them 0.
	spareBits := strings.TrimSuffix(LogLine(&ForceLiquidate{}), "A=") + "B="
	tests := []struct {
		name   string
		want   int
		report program.Report
		logs   []string
	}{
		{"no lines", 0, program.Report{}, nil},
		{"plain", 1, program.Report{}, []string{"OWN invoke [1]", "BUY", "OWN success"}},
		{"no frame at all", 0, program.Report{Foreign: 1}, []string{"BUY"}},
		{"before the frame", 0, program.Report{Foreign: 1}, []string{"BUY", "OWN invoke [1]", "OWN success"}},
		{"after the frame", 1, program.Report{Foreign: 1}, []string{"OWN invoke [1]", "BUY", "OWN success", "BUY"}},
		{"after a failed frame", 0, program.Report{Foreign: 1}, []string{"OWN invoke [1]", "OWN failed: custom program error: 0x1", "BUY"}},
		{"ancestor", 1, program.Report{Foreign: 1}, []string{"OWN invoke [1]", "OTHER invoke [2]", "BUY", "OTHER success", "BUY", "OWN success"}},
		{"descendant", 1, program.Report{}, []string{"OTHER invoke [1]", "OWN invoke [2]", "BUY", "OWN success", "OTHER success"}},
		{"own inside own", 3, program.Report{}, []string{"OWN invoke [1]", "BUY", "OWN invoke [2]", "BUY", "OWN success", "BUY", "OWN success"}},
		{"two instructions", 2, program.Report{}, []string{"OWN invoke [1]", "BUY", "OWN success", "OWN invoke [1]", "BUY", "OWN success"}},
		{"frame end missing at the end", 1, program.Report{}, []string{"OWN invoke [1]", "BUY"}},
		{"next instruction after a missing end", 1, program.Report{Foreign: 1}, []string{"OWN invoke [1]", "BUY", "OTHER invoke [1]", "BUY"}},
		{"other lines", 1, program.Report{}, []string{
			"OWN invoke [1]", "", "Program", "Program ", "Program log: ", "Program return: OWNID AQ==",
			"Program consumption: 5 units remaining", "Upgraded program OWNID", "OWN consumed 5 of 10 compute units",
			"Unknown program OTHERID", "Program is not deployed", "BUY", "Program failed to complete: exceeded CUs", "OWN success",
		}},

		// A program writes what it likes behind "Program log: ", newlines included.
		{"logged frame", 0, program.Report{Foreign: 1}, []string{"OTHER invoke [1]", "Program log: OWN invoke [1]", "BUY", "OTHER success"}},
		{"logged frame after a newline", 0, program.Report{Foreign: 1}, []string{"OTHER invoke [1]", "Program log: a\nOWN invoke [2]\nBUY", "BUY"}},
		{"logged success", 0, program.Report{Foreign: 1}, []string{"OWN invoke [1]", "OTHER invoke [2]", "Program log: OTHER success", "BUY", "OTHER success"}},
		{"logged success after a newline", 0, program.Report{Foreign: 1}, []string{"OWN invoke [1]", "OTHER invoke [2]", "Program log: x\nOTHER success", "BUY"}},
		{"logged event", 0, program.Report{}, []string{"OWN invoke [1]", "Program log: BUY", "Program log: x\nBUY", "OWN success"}},
		{"logged marker", 1, program.Report{}, []string{"OWN invoke [1]", "Program log: Log truncated", "Program log: x\nLog truncated", "BUY"}},
		{"log as a name", 0, program.Report{Foreign: 1}, []string{"Program log: invoke [1]", "BUY", "Program log: success"}},
		{"empty log line", 1, program.Report{}, []string{"OWN invoke [1]", "Program log:", "Program data:", "BUY"}},

		// Frame lines match from the first byte to the last.
		{"space before", 0, program.Report{Foreign: 1}, []string{" OWN invoke [1]", "BUY"}},
		{"text behind invoke", 0, program.Report{Foreign: 1}, []string{"OWN invoke [1] ", "BUY"}},
		{"newline behind invoke", 0, program.Report{Foreign: 1}, []string{"OWN invoke [1]\n", "BUY"}},
		{"no depth", 0, program.Report{Foreign: 1}, []string{"OWN invoke []", "BUY"}},
		{"depth 0", 0, program.Report{Foreign: 1}, []string{"OWN invoke [0]", "BUY"}},
		{"depth 01", 0, program.Report{Foreign: 1}, []string{"OWN invoke [01]", "BUY"}},
		{"depth -1", 0, program.Report{Foreign: 1}, []string{"OWN invoke [-1]", "BUY"}},
		{"depth +1", 0, program.Report{Foreign: 1}, []string{"OWN invoke [+1]", "BUY"}},
		{"huge depth", 0, program.Report{Foreign: 1}, []string{"OWN invoke [18446744073709551617]", "BUY"}},
		{"text behind success", 1, program.Report{}, []string{"OWN invoke [1]", "OWN success!", "OWN successful", "BUY"}},
		{"short address inside", 1, program.Report{}, []string{"OWN invoke [1]", "Program " + strings.Repeat("1", 31) + " invoke [2]", "BUY"}},
		{"too deep", 64, program.Report{Truncated: true, Foreign: 2}, nested(66)},
		{"no address", 0, program.Report{Foreign: 1}, []string{"Program " + strings.Repeat("0", 40) + " invoke [1]", "BUY"}},

		// Lost lines: who writes is unknown until the next instruction starts.
		{"start at depth 2", 0, program.Report{Truncated: true, Foreign: 1}, []string{"OWN invoke [2]", "BUY", "OWN success"}},
		{"depth jumps", 0, program.Report{Truncated: true, Foreign: 2}, []string{"OTHER invoke [1]", "OWN invoke [3]", "BUY", "OWN success", "BUY"}},
		{"depth repeats", 1, program.Report{Truncated: true, Foreign: 1}, []string{"OTHER invoke [1]", "OWN invoke [2]", "BUY", "TOKEN invoke [2]", "TOKEN success", "BUY"}},
		{"another one ends", 0, program.Report{Truncated: true, Foreign: 1}, []string{"OWN invoke [1]", "OTHER success", "BUY"}},
		{"nobody runs, one ends", 0, program.Report{Truncated: true, Foreign: 1}, []string{"OWN success", "BUY"}},
		{"found again", 1, program.Report{Truncated: true, Foreign: 1}, []string{"OWN success", "BUY", "OWN invoke [1]", "BUY", "OWN success"}},

		// A cut log.
		{"after the marker", 1, program.Report{Truncated: true}, []string{"OWN invoke [1]", "BUY", "Log truncated", "BUY", "OWN success"}},
		{"new frame after the marker", 0, program.Report{Truncated: true}, []string{"Log truncated", "OWN invoke [1]", "BUY", "OWN success"}},
		{"no marker", 1, program.Report{}, []string{"OWN invoke [1]", "Log truncated ", "log truncated", "Log truncated\n", "BUY"}},

		// What the program's own data lines can hold.
		{"other discriminator", 0, program.Report{Foreign: 1}, []string{"OWN invoke [1]", "Program data: b3V0ZXItZGF0YQ=="}},
		{"short data", 0, program.Report{Foreign: 2}, []string{"OWN invoke [1]", "Program data: ", "Program data: AAAA"}},
		{"two fields", 0, program.Report{Malformed: 2}, []string{"OWN invoke [1]", "BUY BUYDATA", "BUY "}},
		{"cut", 0, program.Report{Malformed: 2}, []string{"OWN invoke [1]", "Program data: " + data[:len(data)-4], "Program data: " + data[:len(data)-1]}},
		{"newline in base64", 0, program.Report{Malformed: 3}, []string{
			"OWN invoke [1]", "BUY\n", "BUY\r\n", "Program data: " + data[:40] + "\n" + data[40:],
		}},
		{"newline in the discriminator", 0, program.Report{Foreign: 1}, []string{"OWN invoke [1]", "Program data: " + data[:4] + "\n" + data[4:]}},
		{"bits behind the end", 0, program.Report{Malformed: 1}, []string{"OWN invoke [1]", spareBits}},
		{"url alphabet", 0, program.Report{Malformed: 1}, []string{"OWN invoke [1]", "Program data: " + data[:20] + "--__" + data[24:]}},
		{"other discriminator by others", 0, program.Report{}, []string{"OTHER invoke [1]", "Program data: b3V0ZXItZGF0YQ==", "Program data: ", "Program data: ????????????"}},
	}
	words := strings.NewReplacer("OWNID", ownProgram, "OTHERID", otherProgram, "OWN", "Program "+ownProgram,
		"OTHER", "Program "+otherProgram, "TOKEN", "Program "+tokenProgram, "BUYDATA", data, "BUY", buy)
	reader := newReader(ProgramID)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tx := market.Transaction{Slot: 7, Logs: slices.Clone(test.logs)}
			for i := range tx.Logs {
				tx.Logs[i] = words.Replace(tx.Logs[i])
			}

			events, report := reader.Read(nil, &tx)
			if test.report.Malformed > 0 {
				test.report.Undecoded.Add(Program)
			}
			if len(events) != test.want || report != test.report {
				t.Errorf("got %d, %+v; want %d, %+v", len(events), report, test.want, test.report)
			}

			for i := range events {
				if int(events[i].Ordinal) != i {
					t.Errorf("event %d has ordinal %d", i, events[i].Ordinal)
				}
			}
		})
	}
}

// nested has the program call itself, with an event at each level.
func nested(levels int) (logs []string) {
	for depth := range levels {
		logs = append(logs, "OWN invoke ["+itoa(depth+1)+"]", "BUY")
	}
	return logs
}

func TestReadSetsPlaceTimeAndOwner(t *testing.T) {
	payer, user := market.Pubkey{1}, market.Pubkey{2}
	bodies := []struct {
		body  market.Body
		owner market.Pubkey
	}{
		{&TokenCreated{Payer: payer}, payer},
		{&BuySell{Payer: payer}, payer},
		{&LongShort{Payer: payer, Terms: market.Terms{OrderType: 1, User: user}}, user},
		{&ForceLiquidate{Payer: payer}, payer},
		{&FullClose{Close: Close{Payer: payer}}, payer},
		{&PartialClose{Close: Close{Payer: payer}, Terms: market.Terms{OrderType: 2, User: user}}, user},
		{&MilestoneDiscount{Payer: payer}, payer},
	}
	tx := market.Transaction{
		Signature: market.Signature{9}, Slot: 5, Index: 6, BlockTime: 7, Provisional: true,
		ReceivedAt: time.UnixMilli(1234), Logs: []string{"Program " + ownProgram + " invoke [1]"},
	}
	for _, b := range bodies {
		tx.Logs = append(tx.Logs, LogLine(b.body))
	}

	kept := market.Event{BlockTime: -1}
	events, report := newReader(ProgramID).Read([]market.Event{kept}, &tx)
	if len(events) != 8 || !reflect.DeepEqual(events[0], kept) || report != (program.Report{}) {
		t.Fatalf("%d events, %+v", len(events), report)
	}

	for i, b := range bodies {
		want := market.Event{
			Position:  market.Position{Slot: 5, Index: 6, Ordinal: uint16(i)},
			Signature: tx.Signature, BlockTime: 7, ReceivedAt: 1234, Provisional: true, Owner: b.owner, Body: b.body,
		}
		if !reflect.DeepEqual(events[i+1], want) {
			t.Errorf("got %+v, want %+v", events[i+1], want)
		}
	}

	tx.ReceivedAt = time.Time{}
	if events, _ = newReader(ProgramID).Read(nil, &tx); events[0].ReceivedAt != 0 {
		t.Errorf("received at %d, unknown", events[0].ReceivedAt)
	}
}

func TestOrdinalsEndWithTheirType(t *testing.T) {
	tx := market.Transaction{Logs: []string{"Program " + ownProgram + " invoke [1]"}}
	line := LogLine(&ForceLiquidate{})
	for range 1<<16 + 3 {
		tx.Logs = append(tx.Logs, line)
	}
	events, report := newReader(ProgramID).Read(nil, &tx)
	if len(events) != 1<<16 || report.Malformed != 3 || events[len(events)-1].Ordinal != 1<<16-1 {
		t.Errorf("%d events, %+v", len(events), report)
	}
}

func TestReadAllocatesBodiesOnly(t *testing.T) {
	tx := market.Transaction{Logs: longLog()}
	reader := newReader(ProgramID)
	events := make([]market.Event, 0, 4)
	if got := testing.AllocsPerRun(100, func() { events, _ = reader.Read(events[:0], &tx) }); got > 1 || len(events) != 1 {
		t.Errorf("%v allocations for %d event", got, len(events))
	}
}

// naive reads a log by whole-entry expressions and a stack that is copied freely: slow and simple.
func naive(id string, logs []string) (bodies []market.Body, report program.Report) {
	var (
		invoke = regexp.MustCompile(`\AProgram ([^ ]{32,44}) invoke \[([1-9][0-9]{0,2})\]\z`)
		end    = regexp.MustCompile(`\AProgram ([^ ]{32,44}) (?:success\z|failed)`)
		stack  []string
		lost   bool
	)
	for _, line := range logs {
		if line == "Log truncated" {
			report.Truncated = true
			return bodies, report
		}
		if m := invoke.FindStringSubmatch(line); m != nil {
			if m[2] == "1" {
				stack, lost = nil, false
			}
			stack = append(slices.Clone(stack), m[1])
			if depth := strings.Repeat("x", len(stack)); lost || m[2] != itoa(len(depth)) || len(stack) > 64 {
				lost, report.Truncated = true, true
			}
			continue
		}

		if m := end.FindStringSubmatch(line); m != nil && !lost {
			if len(stack) == 0 || stack[len(stack)-1] != m[1] {
				lost, report.Truncated = true, true
				continue
			}
			stack = stack[:len(stack)-1]
			continue
		}

		text, ok := strings.CutPrefix(line, "Program data: ")
		if !ok {
			continue
		}

		mine := !lost && len(stack) > 0 && stack[len(stack)-1] == id
		first := ""
		if len(text) >= 12 {
			head, err := base64.StdEncoding.DecodeString(text[:12])
			if err == nil && len(head) >= 8 {
				first = string(head[:8])
			}
		}

		if !slices.ContainsFunc(samples, func(b []byte) bool { return string(b[:8]) == first }) {
			if mine {
				report.Foreign++
			}
			continue
		}
		if !mine {
			report.Foreign++
			continue
		}

		data, err := base64.StdEncoding.Strict().DecodeString(text)
		var body market.Body
		if err == nil && !strings.ContainsAny(text, "\r\n") {
			body, _ = Decode(data, false)
		}

		if body == nil {
			report.Malformed++
			continue
		}
		bodies = append(bodies, body)
	}

	return bodies, report
}

func itoa(n int) string {
	text := ""
	for ; n > 0; n /= 10 {
		text = string(rune('0'+n%10)) + text
	}
	return text
}

// samples has one event of each kind.
var samples = func() (list [][]byte) {
	r := rand.New(rand.NewPCG(11, 12))
	for kind := KindTokenCreated; kind <= KindMilestoneDiscount; kind++ {
		list = append(list, Append(nil, randomBody(r, kind, false)))
	}
	return list
}()

// same compares the reader with the naive one.
func same(t *testing.T, reader *program.Reader, logs []string) int {
	t.Helper()
	want, wantReport := naive(ownProgram, logs)
	events, report := reader.Read(nil, &market.Transaction{Logs: logs})
	if report != wantReport || len(events) != len(want) {
		t.Fatalf("got %d events, %+v; want %d, %+v from\n%q", len(events), report, len(want), wantReport, logs)
	}
	for i := range events {
		if !reflect.DeepEqual(events[i].Body, want[i]) || int(events[i].Ordinal) != i {
			t.Fatalf("event %d is %+v, want %+v", i, events[i], want[i])
		}
	}
	return len(events)
}

func TestReadEqualsTheNaiveReader(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	programs := []string{ownProgram, ownProgram, otherProgram, tokenProgram}
	reader := newReader(ProgramID)
	found := 0
	for range 5000 {
		var logs, stack []string
		for range r.IntN(30) {
			switch n := r.IntN(20); {
			case n < 5:
				id := programs[r.IntN(len(programs))]
				stack = append(stack, id)
				logs = append(logs, "Program "+id+" invoke ["+itoa(len(stack))+"]")
			case n < 9 && len(stack) > 0:
				verb := []string{" success", " failed: custom program error: 0x1"}[r.IntN(2)]
				logs = append(logs, "Program "+stack[len(stack)-1]+verb)
				stack = stack[:len(stack)-1]
			case n < 16:
				logs = append(logs, program.DataPrefix+base64.StdEncoding.EncodeToString(samples[r.IntN(len(samples))]))
			case n < 18:
				logs = append(logs, "Program log: x\nProgram "+ownProgram+" invoke [1]")
			case n == 18 && r.IntN(5) == 0:
				logs = append(logs, "Log truncated")
			case len(logs) > 0: // lose or repeat a line
				i := r.IntN(len(logs))
				if r.IntN(2) == 0 {
					logs = slices.Delete(logs, i, i+1)
				} else {
					logs = append(logs, logs[i])
				}
			}
		}

		found += same(t, reader, logs)
	}

	if found < 1000 {
		t.Errorf("only %d events: the test tests little", found)
	}
}

func FuzzRead(f *testing.F) {
	for _, logs := range [][]string{
		longLog(),
		{"Program " + ownProgram + " invoke [1]", "Program " + otherProgram + " invoke [2]", LogLine(&ForceLiquidate{})},
		{"Program log: a\nProgram " + ownProgram + " invoke [1]", "Log truncated", "Program " + ownProgram + " success"},
	} {
		f.Add(strings.Join(logs, "\x00"))
	}
	for _, data := range samples {
		f.Add("Program " + ownProgram + " invoke [1]\x00" + program.DataPrefix + base64.StdEncoding.EncodeToString(data) + "\x00Program " + ownProgram + " success")
	}
	reader := newReader(ProgramID)
	f.Fuzz(func(t *testing.T, text string) {
		same(t, reader, strings.Split(text, "\x00"))
	})
}
