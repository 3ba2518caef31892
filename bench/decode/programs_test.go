package decode

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/registry"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/solana"
)

// lines are those of a log in this file: as many as most trades on pump have.
const lines = 57

// way is a reader of every program that is known, as the product has it, and the pricer of the one that the messages are of.
type way struct {
	message []byte
	parser  solana.FrameParser
	frame   solana.Frame
	reader  *program.Reader
	pricer  program.Pricer
	place   market.Place // of events that name a pool
	events  []market.Event
}

// priced reads the message to its one event with a price.
func (w *way) priced() (*market.Event, error) {
	if err := w.parser.Parse(w.message, &w.frame); err != nil {
		return nil, err
	}
	w.events, _ = w.reader.Read(w.events[:0], &w.frame.Transaction)
	if len(w.events) != 1 {
		return nil, fmt.Errorf("%d events", len(w.events))
	}
	event := &w.events[0]
	if located, ok := event.Body.(market.Located); ok {
		located.Locate(w.place)
	}
	w.pricer.Price(event)
	if event.Price.IsZero() {
		return nil, fmt.Errorf("%s without a price", event.Kind())
	}
	return event, nil
}

// trade is a message with one trade of a program, whose instruction logs what comes before and after the event.
func trade(tb testing.TB, own market.Pubkey, event []byte, callsItself bool) []byte {
	tb.Helper()
	const associated, tokenProgram, system = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL", "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb", "11111111111111111111111111111111"
	invoke := func(id string, depth int) string { return fmt.Sprintf("Program %s invoke [%d]", id, depth) }
	success := func(id string) string { return "Program " + id + " success" }
	consumed := func(id string, units int) string {
		return fmt.Sprintf("Program %s consumed %d of 199048 compute units", id, units)
	}
	id := own.String()

	// The buyer's account of the coin is made, then the trade moves the coin and what it is paid in.
	logs := []string{invoke("ComputeBudget111111111111111111111111111111", 1), success("ComputeBudget111111111111111111111111111111"), invoke(associated, 1), "Program log: Create"}
	for _, step := range []string{"GetAccountDataSize", "InitializeImmutableOwner", "InitializeAccount3"} {
		logs = append(logs, invoke(tokenProgram, 2), "Program log: Instruction: "+step, consumed(tokenProgram, 1523), success(tokenProgram))
	}

	logs = append(logs, consumed(associated, 20078), success(associated), invoke(id, 1), "Program log: Instruction: Buy",
		invoke(tokenProgram, 2), "Program log: Instruction: TransferChecked", consumed(tokenProgram, 2562), success(tokenProgram))

	tail := []string{"Program data: " + base64.StdEncoding.EncodeToString(event)}
	if callsItself {
		tail = append(tail, invoke(id, 2), consumed(id, 2125), success(id))
	}
	tail = append(tail, consumed(id, 71543), success(id))
	for len(logs)+len(tail)+2 <= lines {
		logs = append(logs, invoke(system, 2), success(system))
	}

	if len(logs)+len(tail) < lines {
		logs = append(logs, "Program log: transfers done")
	}
	return logsMessage(tb, append(logs, tail...), lines)
}

// ways are a trade of each program in its newest layout.
func ways(tb testing.TB) map[string]*way {
	tb.Helper()
	mint := market.MustPubkey("So11111111111111111111111111111111111111113")
	onSpinPet := firstBuy(tb, mint)
	user, tokens, lamports := onSpinPet.Payer, onSpinPet.TokenAmount, onSpinPet.SolAmount
	onPump := &pump.Trade{
		Mint: mint, SolAmount: lamports, TokenAmount: tokens, IsBuy: true, User: user, Timestamp: 1_790_000_000,
		VirtualSolReserves: 32_123_456_789, VirtualTokenReserves: 1_002_345_678_901_234, RealSolReserves: 2_123_456_789, RealTokenReserves: 722_345_678_901_234,
		FeeRecipient: user, FeeBasisPoints: 95, Fee: 12345, Creator: user, CreatorFeeBasisPoints: 30, CreatorFee: 4567, TrackVolume: true, IxName: "buy",
		QuoteMint: market.WrappedSOL, QuoteAmount: lamports, VirtualQuoteReserves: 32_123_456_789, RealQuoteReserves: 2_123_456_789,
	}
	onPump.Parts = 255

	onPool := &pumpswap.Buy{IxName: "buy"}
	onPool.BaseAmount, onPool.QuoteAmount, onPool.QuoteAmountLPFee, onPool.UserQuoteAmount = tokens, lamports, lamports, lamports
	onPool.PoolBaseReserves, onPool.PoolQuoteReserves = 202_345_678_901_234, 88_123_456_789
	onPool.User, onPool.Pool, onPool.CoinCreator, onPool.Parts = user, mint, user, 255
	pair, err := market.NewPair(pumpswap.Program, market.WrappedSOL, 6, 9)
	if err != nil {
		tb.Fatal(err)
	}

	all := map[string]*way{
		"spinpet": {message: trade(tb, spinpet.ProgramID, spinpet.Append(nil, onSpinPet), false), pricer: spinpet.New(spinpet.ProgramID).NewPricer(0)},
		"pump":    {message: trade(tb, pump.ProgramID, pump.Append(nil, onPump), true), pricer: pump.New().NewPricer(0)},
		"pumpswap": {
			message: trade(tb, pumpswap.ProgramID, pumpswap.Append(nil, onPool), true), pricer: pumpswap.New().NewPricer(0),
			place: market.Place{Coin: mint, Pair: pair},
		},
	}
	for name, w := range all {
		w.reader = program.NewReader(registry.At(spinpet.ProgramID, true)...)
		if _, err := w.priced(); err != nil {
			tb.Fatalf("%s: %v", name, err)
		}
	}

	return all
}

// TestEveryProgramAllocatesTheBodyOnly expects a message of any program to cost one allocation at most.
func TestEveryProgramAllocatesTheBodyOnly(t *testing.T) {
	for name, w := range ways(t) {
		if allocations := testing.AllocsPerRun(200, func() {
			if _, err := w.priced(); err != nil {
				t.Fatal(err)
			}
		}); allocations > 1 {
			t.Errorf("%s: %v allocations a message", name, allocations)
		}
	}
}

// BenchmarkPrograms reads messages of as many lines of every program in turns in one run, to the event with its price. A turn
// is measured in processor time of the whole process, so that what else the machine does does not count and the collection of
// its garbage does; the figures are medians, the ratios those of neighbouring turns. The heap is as large as that of a server
// that reads a cluster: in one of a few megabytes the collector would never rest, and a body of pump has 480 bytes.
func BenchmarkPrograms(b *testing.B) {
	const turn = 100_000 // leaves garbage for a collection
	heap := make([]byte, 32<<20)
	defer runtime.KeepAlive(heap)

	all := ways(b)
	names, took, ratio := []string{"spinpet", "pump", "pumpswap"}, map[string][]float64{}, map[string][]float64{}
	for b.Loop() {
		for _, name := range names {
			w, start := all[name], processorTime(b)
			for range turn {
				if _, err := w.priced(); err != nil {
					b.Fatal(err)
				}
			}
			took[name] = append(took[name], float64(processorTime(b)-start)/turn)
		}

		for _, name := range names[1:] {
			ratio[name] = append(ratio[name], last(took[name])/last(took[names[0]]))
		}
	}

	for _, name := range names {
		b.ReportMetric(median(took[name]), name+"-ns/msg")
		b.ReportMetric(float64(len(all[name].message)), name+"-B/msg")
	}

	for _, name := range names[1:] {
		b.ReportMetric(median(ratio[name]), name+"-ratio")
	}
	b.ReportMetric(0, "ns/op")
}

func last(list []float64) float64 { return list[len(list)-1] }

func median(list []float64) float64 { return slices.Sorted(slices.Values(list))[len(list)/2] }

// processorTime is what this process has used so far, of all processors.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &now); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(now.Nano())
}
