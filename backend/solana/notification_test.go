package solana

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/market"
)

const fixtures = "../../../shared/fixtures"

func TestParseFrames(t *testing.T) {
	tx := ledgerTx{signature: testSignature(5), slot: 42, logs: []string{"a \"quoted\" line", "", "emoji 🌀\nnewline"}}
	failed := tx
	failed.failed = true
	var parser FrameParser
	var frame Frame
	for name, test := range map[string]struct {
		data  string
		check func() bool
	}{
		"logs": {string(logsFrame(tx)), func() bool {
			got := frame.Transaction
			return frame.Kind == FrameLogs && frame.Subscription == 7 && frame.Slot == 42 && got.Slot == 42 && got.Signature == tx.signature && !got.Failed && slices.Equal(got.Logs, tx.logs)
		}},
		"failed":  {string(logsFrame(failed)), func() bool { return frame.Kind == FrameLogs && frame.Transaction.Failed }},
		"slot":    {string(slotFrame(9)), func() bool { return frame.Kind == FrameSlot && frame.Slot == 9 && frame.Subscription == 0 }},
		"granted": {`{"jsonrpc":"2.0","result":0,"id":2}`, func() bool { return frame.Kind == FrameAnswer && frame.ID == 2 && frame.Subscription == 0 }},
		"undone":  {`{"jsonrpc":"2.0","result":true,"id":3}`, func() bool { return frame.Kind == FrameAnswer && frame.ID == 3 }},
		"refused": {`{"jsonrpc":"2.0","error":{"code":-32601,"message":"no"},"id":1}`, func() bool {
			return frame.Kind == FrameRefusal && frame.ID == 1 && frame.Code == -32601 && frame.Message == "no"
		}},
		"nameless": {`{"jsonrpc":"2.0","error":{"code":-32700},"id":null}`, func() bool { return frame.Kind == FrameRefusal && frame.ID == 0 }},
		"other":    {`{"jsonrpc":"2.0","method":"rootNotification","params":{"result":4,"subscription":1}}`, func() bool { return frame.Kind == FrameOther }},
	} {
		if err := parser.Parse([]byte(test.data), &frame); err != nil || !test.check() {
			t.Errorf("%s: %+v, %v", name, frame, err)
		}
	}

	for _, bad := range []string{
		``, `{`, `7`, `[]`, `"x"`, `{}`, `{"id":1}`, `{"method":null}`, `{"method":"slotNotification","params":{"result":{"slot":-1},"subscription":1}}`,
		`{"method":"logsNotification","params":{"result":{"context":{"slot":1},"value":{"signature":"x","err":null,"logs":[]}},"subscription":1}}`,
		`{"method":"logsNotification","params":{"result":{"context":{"slot":1},"value":{"signature":"` + testSignature(1).String() + `","err":null,"logs":[1]}},"subscription":1}}`,
		`{"method":"logsNotification","params":{"result":{"context":{"slot":1},"value":{"signature":"` + testSignature(1).String() + `","err":null}},"subscription":1}}`,
	} {
		if err := parser.Parse([]byte(bad), &frame); err == nil {
			t.Errorf("%s was taken: %+v", bad, frame)
		}
	}
}

// TestFrameOwnsItsText parses over the same buffer twice.
func TestFrameOwnsItsText(t *testing.T) {
	var parser FrameParser
	var frame Frame
	data := logsFrame(ledgerTx{signature: testSignature(1), logs: []string{"first"}})
	if err := parser.Parse(data, &frame); err != nil {
		t.Fatal(err)
	}
	kept := frame.Transaction
	frame.Transaction.Logs = nil
	copy(data, logsFrame(ledgerTx{signature: testSignature(2), logs: []string{"other"}}))
	if err := parser.Parse(data, &frame); err != nil || kept.Logs[0] != "first" || frame.Transaction.Logs[0] != "other" {
		t.Errorf("kept %q, %v", kept.Logs, err)
	}
}

// TestFrameTextIsUsedAgain parses longer and shorter messages into one frame without taking the logs.
func TestFrameTextIsUsedAgain(t *testing.T) {
	var parser FrameParser
	var frame Frame
	for n := range 40 {
		logs := make([]string, (n*7)%11)
		for i := range logs {
			logs[i] = strings.Repeat(string(rune('a'+i)), (n*i)%50)
		}
		tx := ledgerTx{signature: testSignature(uint64(n)), logs: logs}
		if err := parser.Parse(logsFrame(tx), &frame); err != nil || !slices.Equal(frame.Transaction.Logs, logs) {
			t.Fatalf("message %d: %q, %v; want %q", n, frame.Transaction.Logs, err, logs)
		}
	}
}

// TestRecordedNotifications reads real messages as clusters sent them.
func TestRecordedNotifications(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(fixtures, "*", "*.json"))
	more, _ := filepath.Glob(filepath.Join(fixtures, "*.json"))
	if len(files) == 0 {
		t.Skip("RECORDINGS NOT FOUND: ../shared/fixtures is absent, real notifications are not tested")
	}

	read := 0
	var parser FrameParser
	for _, file := range append(files, more...) {
		data, err := os.ReadFile(file) //nolint:gosec // test data
		if err != nil {
			t.Fatal(err)
		}
		var record struct {
			Raw string `json:"raw"`
		}
		if json.Unmarshal(data, &record) != nil || record.Raw == "" {
			continue
		}

		var message struct {
			Method string
			Params struct {
				Result struct {
					Context struct{ Slot market.Slot }
					Value   struct {
						Signature string
						Err       any
						Logs      []string
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(record.Raw), &message); err != nil || message.Method != "logsNotification" {
			continue
		}

		var frame Frame
		if err := parser.Parse([]byte(record.Raw), &frame); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}

		want, got := message.Params.Result, frame.Transaction
		if got.Slot != want.Context.Slot || got.Signature.String() != want.Value.Signature || got.Failed != (want.Value.Err != nil) || !slices.Equal(got.Logs, want.Value.Logs) {
			t.Errorf("%s: %+v", file, got)
		}
		read++
	}

	if read == 0 {
		t.Error("no recording was a notification")
	}
	t.Logf("%d recordings", read)
}

func FuzzFrame(f *testing.F) {
	f.Add(logsFrame(ledgerTx{signature: testSignature(1), slot: 3, logs: []string{"a", "b"}}))
	f.Add(slotFrame(8))
	f.Add([]byte(`{"jsonrpc":"2.0","result":5,"id":1}`))
	f.Add([]byte(`{"jsonrpc":"2.0","error":{"code":1,"message":"x"},"id":1}`))
	f.Add([]byte(`{"method":"logsNotification","params":{"result":{"context":{"slot":1},"value":null},"subscription":1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var parser FrameParser
		var frame Frame
		if err := parser.Parse(data, &frame); err != nil {
			return
		}

		size := 0
		for _, line := range frame.Transaction.Logs {
			size += len(line)
		}

		spaced := append([]byte(" "), data...) // which the quick way leaves to the general one
		var same Frame
		if err := parser.Parse(spaced, &same); err != nil || same.Kind != frame.Kind || same.Slot != frame.Slot || same.Subscription != frame.Subscription ||
			same.Transaction.Signature != frame.Transaction.Signature || same.Transaction.Failed != frame.Transaction.Failed || !slices.Equal(same.Transaction.Logs, frame.Transaction.Logs) {
			t.Fatalf("%+v, and in the general way %+v, %v", frame, same, err)
		}

		if size > 3*len(data) { // a \u escape of six bytes becomes at most three
			t.Errorf("%d bytes of logs from %d", size, len(data))
		}
		if frame.Kind == FrameLogs { // what was read can be written and read again
			var again Frame
			tx := ledgerTx{signature: frame.Transaction.Signature, slot: frame.Slot, failed: frame.Transaction.Failed, logs: frame.Transaction.Logs}
			if err := parser.Parse(logsFrame(tx), &again); err != nil || again.Transaction.Signature != frame.Transaction.Signature || len(again.Transaction.Logs) != len(tx.logs) {
				t.Errorf("again: %+v, %v", again, err)
			}
		}
	})
}

func BenchmarkParseFrame(b *testing.B) {
	logs := make([]string, 59)
	for i := range logs {
		logs[i] = "Program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA consumed 4645 of 107609 compute units"
	}
	data := logsFrame(ledgerTx{signature: testSignature(1), slot: 300_000_000, logs: logs})
	var parser FrameParser
	var frame Frame
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := parser.Parse(data, &frame); err != nil {
			b.Fatal(err)
		}
	}
}
