package decode

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	bin "github.com/gagliardetto/binary"
	rpc "github.com/gagliardetto/solana-go"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/solana"
)

const token = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"

// notification is a message like those of the deployed program: 59 log lines, one event at the end.
func notification(tb testing.TB) []byte {
	tb.Helper()
	trade := firstBuy(tb, market.MustPubkey(token))
	own := spinpet.ProgramID.String()
	logs := []string{
		"Program ComputeBudget111111111111111111111111111111 invoke [1]", "Program ComputeBudget111111111111111111111111111111 success",
		"Program " + own + " invoke [1]", "Program log: Instruction: Buy",
	}
	for len(logs) < 52 {
		logs = append(logs, "Program "+token+" invoke [2]", "Program log: Instruction: TransferChecked",
			"Program "+token+" consumed 6174 of 835837 compute units", "Program "+token+" success")
	}
	for len(logs) < 56 {
		logs = append(logs, "Program log: liquidation pass, nothing in the way of this trade")
	}
	logs = append(logs, spinpet.LogLine(trade), "Program "+own+" consumed 131865 of 200000 compute units", "Program "+own+" success")
	return logsMessage(tb, logs, 59)
}

// firstBuy is the first trade on a curve of SpinPet.
func firstBuy(tb testing.TB, mint market.Pubkey) *spinpet.BuySell {
	tb.Helper()
	curve, err := spinpet.FreshCurve(28)
	if err != nil {
		tb.Fatal(err)
	}
	const tokens = 35_766_666_666_666
	next, lamports, err := curve.Buy(tokens)
	if err != nil {
		tb.Fatal(err)
	}
	return &spinpet.BuySell{
		Payer: market.Pubkey{1, 2, 3}, Mint: mint, IsBuy: true, TokenAmount: tokens, SolAmount: lamports, LatestPrice: next.Raw(),
	}
}

// logsMessage is a notification of a log, which must have so many lines.
func logsMessage(tb testing.TB, logs []string, lines int) []byte {
	tb.Helper()
	if len(logs) != lines {
		tb.Fatalf("%d lines", len(logs))
	}
	text, err := json.Marshal(logs)
	if err != nil {
		tb.Fatal(err)
	}
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","method":"logsNotification","params":{"result":{"context":{"slot":311909890},`+
		`"value":{"signature":"%s","err":null,"logs":%s}},"subscription":24040}}`, market.Signature{5, 6, 7, 63: 8}, text)
}

// ours is what the feed and the writer do: message, frames, event, price scale.
type ours struct {
	parser solana.FrameParser
	frame  solana.Frame
	reader *program.Reader
	scales *spinpet.Scales
	events []market.Event
}

func newOurs() *ours {
	return &ours{reader: program.NewReader(spinpet.New(spinpet.ProgramID)), scales: spinpet.NewScales(0)}
}

func (o *ours) decode(data []byte) (*market.Event, error) {
	if err := o.parser.Parse(data, &o.frame); err != nil {
		return nil, err
	}
	o.events, _ = o.reader.Read(o.events[:0], &o.frame.Transaction)
	if len(o.events) != 1 {
		return nil, fmt.Errorf("%d events", len(o.events))
	}
	o.scales.Price(&o.events[0])
	return &o.events[0], nil
}

// message and buySell are the types that the usual way fills by reflection.
type message struct {
	Method string `json:"method"`
	Params struct {
		Result struct {
			Context struct {
				Slot uint64 `json:"slot"`
			} `json:"context"`
			Value struct {
				Signature rpc.Signature `json:"signature"`
				Err       any           `json:"err"`
				Logs      []string      `json:"logs"`
			} `json:"value"`
		} `json:"result"`
		Subscription uint64 `json:"subscription"`
	} `json:"params"`
}

type buySell struct {
	Discriminator [8]byte
	Payer, Mint   [32]byte
	IsBuy         bool
	TokenAmount   uint64
	SolAmount     uint64
	LatestPrice   bin.Uint128
}

// usual is encoding/json and reflection, with solana-go's type for the signature. It believes every data line, and leaves
// the price raw.
func usual(data []byte) (event buySell, err error) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		return event, err
	}
	for _, line := range m.Params.Result.Value.Logs {
		text, ok := strings.CutPrefix(line, "Program data: ")
		if !ok {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return event, err
		}
		return event, bin.UnmarshalBorsh(&event, raw)
	}
	return event, fmt.Errorf("no event")
}

// TestBothWaysAgree keeps the benchmark honest.
func TestBothWaysAgree(t *testing.T) {
	data := notification(t)
	mine, err := newOurs().decode(data)
	if err != nil {
		t.Fatal(err)
	}

	theirs, err := usual(data)
	if err != nil {
		t.Fatal(err)
	}
	body, ok := mine.Body.(*spinpet.BuySell)
	if !ok || body.Payer != theirs.Payer || body.Mint != theirs.Mint || body.IsBuy != theirs.IsBuy || body.TokenAmount != theirs.TokenAmount ||
		body.SolAmount != theirs.SolAmount || body.LatestPrice != (market.U128{Hi: theirs.LatestPrice.Hi, Lo: theirs.LatestPrice.Lo}) {
		t.Fatalf("%+v and %+v", mine.Body, theirs)
	}

	if mine.Scale != 28 || mine.Price.IsZero() {
		t.Errorf("scale %d, price %v", mine.Scale, mine.Price)
	}
	o := newOurs()
	if allocs := testing.AllocsPerRun(200, func() {
		if _, err := o.decode(data); err != nil {
			t.Fatal(err)
		}
	}); allocs > 1 {
		t.Errorf("%v allocations a message", allocs)
	}
}

// BenchmarkNotification runs both ways in turns, each long enough that it pays for at least one collection of its own
// garbage. The figures are of each way's fastest turn: the others had to share the processor.
func BenchmarkNotification(b *testing.B) {
	data := notification(b)
	o := newOurs()
	const turnMine, turnTheirs = 40_000, 1000
	mine, theirs := time.Hour, time.Hour
	for b.Loop() {
		start := time.Now()
		for range turnMine {
			if _, err := o.decode(data); err != nil {
				b.Fatal(err)
			}
		}

		mine = min(mine, time.Since(start))
		start = time.Now()
		for range turnTheirs {
			if _, err := usual(data); err != nil {
				b.Fatal(err)
			}
		}

		theirs = min(theirs, time.Since(start))
	}

	perMine, perTheirs := float64(mine)/turnMine, float64(theirs)/turnTheirs
	b.ReportMetric(perMine, "ours-ns/msg")
	b.ReportMetric(perTheirs, "usual-ns/msg")
	b.ReportMetric(perTheirs/perMine, "times-faster")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkOurs(b *testing.B) {
	data, o := notification(b), newOurs()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.decode(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUsual(b *testing.B) {
	data := notification(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := usual(data); err != nil {
			b.Fatal(err)
		}
	}
}
