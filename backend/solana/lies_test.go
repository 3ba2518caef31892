package solana

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gagliardetto/solana-go/base58"
	"github.com/valyala/fastjson"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
)

// TestLiesAtEveryDoor: another program tells a trade of pump in whatever way there is: in its own log, in a text that looks like
// pump's log, by calling pump, itself or a third program with what pump tells itself. Wherever such a transaction comes in, as a
// notification, as an answer to getTransaction, and with a log that is cut so that the calls are read in its place, nothing of it is
// an event. What pump itself tells in the same ways is, so that the test says something.
func TestLiesAtEveryDoor(t *testing.T) {
	liar, third, event := market.Pubkey{66}, market.Pubkey{67}, program.Append(nil, &pump.Trade{
		Mint: market.Pubkey{1}, TokenAmount: 5, SolAmount: 7, IsBuy: true, VirtualSolReserves: 11, VirtualTokenReserves: 13,
	})
	line := program.DataPrefix + base64.StdEncoding.EncodeToString(event)
	in := func(who market.Pubkey, depth int, lines ...string) []string {
		return slices.Concat([]string{fmt.Sprintf("Program %s invoke [%d]", who, depth)}, lines, []string{fmt.Sprintf("Program %s success", who)})
	}
	// A call: who is called at which height with what pump tells itself, or with nothing of interest.
	type call struct {
		who    market.Pubkey
		height int
		tells  bool
	}

	for name, c := range map[string]struct {
		top   market.Pubkey
		logs  []string
		calls []call
		true  bool
	}{
		"pump itself": {
			top: pump.ProgramID, logs: in(pump.ProgramID, 1, slices.Concat([]string{line}, in(pump.ProgramID, 2))...),
			calls: []call{{pump.ProgramID, 2, true}}, true: true,
		},
		"pump, through another": {
			top: liar, logs: in(liar, 1, in(pump.ProgramID, 2, slices.Concat([]string{line}, in(pump.ProgramID, 3))...)...),
			calls: []call{{pump.ProgramID, 2, false}, {pump.ProgramID, 3, true}}, true: true,
		},
		"another's log": {top: liar, logs: in(liar, 1, line)},
		"its log, after it called pump": {
			top: liar, logs: in(liar, 1, slices.Concat(in(pump.ProgramID, 2), []string{line})...),
			calls: []call{{pump.ProgramID, 2, false}},
		},
		"a text like pump's log": {top: liar, logs: in(liar, 1, "Program log: Program "+pump.ProgramID.String()+" invoke [2]", line,
			"Program log: x\nProgram "+pump.ProgramID.String()+" invoke [2]\n"+line)},
		"it calls itself": {top: liar, logs: in(liar, 1, slices.Concat([]string{line}, in(liar, 2))...), calls: []call{{liar, 2, true}}},
		"it calls pump":   {top: liar, logs: in(liar, 1, in(pump.ProgramID, 2)...), calls: []call{{pump.ProgramID, 2, true}}},
		"it calls pump after pump called itself": {
			top: liar, logs: in(liar, 1, slices.Concat(in(pump.ProgramID, 2, in(pump.ProgramID, 3)...), in(pump.ProgramID, 2))...),
			calls: []call{{pump.ProgramID, 2, false}, {pump.ProgramID, 3, false}, {pump.ProgramID, 2, true}},
		},
		"a third one calls pump, below pump": {
			top: pump.ProgramID, logs: in(pump.ProgramID, 1, in(third, 2, in(pump.ProgramID, 3)...)...),
			calls: []call{{third, 2, false}, {pump.ProgramID, 3, true}},
		},
		"a third one that pump calls": {top: pump.ProgramID, logs: in(pump.ProgramID, 1, in(third, 2, line)...), calls: []call{{third, 2, true}}},
	} {
		m := made{keys: []market.Pubkey{pump.ProgramID, liar, third}}
		m.tops = []int{slices.Index(m.keys, c.top)}
		var list []string
		for _, one := range c.calls {
			data := []byte("something else than that")
			if one.tells {
				data = slices.Concat(tag, event)
			}
			list = append(list, fmt.Sprintf(`{"accounts":[0],"data":"%s","programIdIndex":%d,"stackHeight":%d}`, base58.Encode(data), slices.Index(m.keys, one.who), one.height))
		}
		if len(list) > 0 {
			m.groups = []string{fmt.Sprintf(`{"index":0,"instructions":[%s]}`, strings.Join(list, ","))}
		}
		transaction, meta := m.answer(0, len(m.keys))

		cut := append(slices.Clone(c.logs[:len(c.logs)/2]), program.TruncatedLine)
		cut = slices.DeleteFunc(cut, func(text string) bool { return text == line }) // the calls alone are left
		for door, tx := range map[string]market.Transaction{
			"a notification":              notified(t, c.logs),
			"getTransaction":              asked(t, transaction, meta, c.logs),
			"getTransaction of a cut log": asked(t, transaction, meta, cut),
		} {
			if tx.Inner == nil && door != "a notification" {
				t.Fatalf("%s, by %s: its calls are not read", name, door)
			}
			want := 0
			if c.true {
				want = 1
			}
			if events, report := program.NewReader(pump.New()).Read(nil, &tx); len(events) != want || report.Malformed > 0 {
				t.Errorf("%s, by %s: %d events, want %d; %+v", name, door, len(events), want, report)
			}
		}
	}
}

// notified is a transaction as logsSubscribe tells of it.
func notified(t *testing.T, logs []string) market.Transaction {
	t.Helper()
	text, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "method": "logsNotification", "params": map[string]any{
		"subscription": 1, "result": map[string]any{"context": map[string]any{"slot": 7}, "value": map[string]any{
			"signature": market.Signature{1}.String(), "err": nil, "logs": logs,
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var p FrameParser
	var frame Frame
	if err := p.Parse(text, &frame); err != nil || frame.Kind != FrameLogs || len(frame.Transaction.Logs) != len(logs) {
		t.Fatalf("%v, kind %d", err, frame.Kind)
	}
	return frame.Transaction
}

// asked is a transaction as getTransaction answers with it.
func asked(t *testing.T, transaction, meta *fastjson.Value, logs []string) market.Transaction {
	t.Helper()
	text, err := json.Marshal(logs)
	if err != nil {
		t.Fatal(err)
	}
	answer := fastjson.MustParse(fmt.Sprintf(`{"slot":7,"blockTime":8,"transaction":%s,"meta":%s}`, transaction, meta))
	answer.Get("meta").Set("err", fastjson.MustParse("null"))
	answer.Get("meta").Set("logMessages", fastjson.MustParseBytes(text))
	var one found
	if err := transactionCall(market.Signature{1}, Confirmed, &one).decode(answer); err != nil {
		t.Fatal(err)
	}
	return one.tx
}
