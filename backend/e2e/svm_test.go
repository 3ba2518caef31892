package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	wire "encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spinscope/backend/market"
)

// The program's address, and two that are none of ours.
const (
	ours    = "JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ"
	foreign = "CktRuQ2mttgRGkXJtyksdKHjUdc2C4TgDzyB98oEzy8"
	deep    = "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi" // another: a program may not call back its caller
)

// svmCluster is the genuine Solana VM with a program that does what it is told, and the ledger of what it was told.
type svmCluster struct {
	*cluster
	spin  spinMarket
	truth *ledger
	slots map[uint64]uint32
	sent  int
}

// spinMarket makes events of SpinPet: mints, and trades of them near their last price.
type spinMarket struct {
	random *rand.Rand
	mints  []market.Pubkey
	price  []*big.Int // SOL per token × 10^28, by mint
}

func newSpinMarket() spinMarket { return spinMarket{random: rand.New(rand.NewPCG(1, 2))} }

// instruction is one call of the program at an address.
type instruction struct {
	Program string `json:"program"`
	Data    []byte `json:"data"`
}

// naming is a call that names its own accounts, programs first, and not every program of the cluster.
type naming struct {
	instruction
	Accounts []string `json:"accounts"`
}

// selfCallTag begins an instruction by which an Anchor program tells itself an event.
var selfCallTag = []byte{0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d}

// step is one thing that the program is told to do, see svm/program.c.
func step(what byte, data []byte) []byte {
	return append(wire.LittleEndian.AppendUint16([]byte{what}, uint16(len(data))), data...) //nolint:gosec // short
}

func emit(data []byte) []byte     { return step('d', data) }
func tell(event []byte) []byte    { return step('e', append(slices.Clone(selfCallTag), event...)) }
func say(text string) []byte      { return step('l', []byte(text)) }
func fail(code uint16) []byte     { return wire.LittleEndian.AppendUint16([]byte{'f'}, code) }
func join(steps ...[]byte) []byte { return bytes.Join(steps, nil) }

// again repeats the last text.
func again(times uint16) []byte { return wire.LittleEndian.AppendUint16([]byte{'r'}, times) }

// invoke calls the program at another address.
func invoke(program string, steps ...[]byte) []byte {
	key := address(program)
	return step('c', append(key[:], join(steps...)...))
}

func address(text string) market.Pubkey {
	key, err := market.ParsePubkey(text)
	if err != nil {
		panic(err)
	}
	return key
}

// payload begins an event.
func payload(name string) []byte {
	sum := sha256.Sum256([]byte("event:" + name + "Event"))
	return sum[:8:8]
}

func u128(b []byte, n *big.Int) []byte {
	var big [16]byte
	n.FillBytes(big[:])
	for i := range 16 {
		b = append(b, big[15-i])
	}
	return b
}

// need skips the test where one of the tools is missing, and says what was not tried for that.
func need(t *testing.T, untried string, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not installed, so nothing was tried on %s", tool, untried)
		}
	}
}

const (
	genuineVM = "the genuine Solana VM"
	svmSource = "backend/e2e/svm" // in the repository
)

// makeIn runs a command in the directory of the VM, with so much time as installing it may take.
func makeIn(t *testing.T, name string, args ...string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()

	command := exec.CommandContext(ctx, name, args...) //nolint:gosec // fixed arguments
	command.Dir = filepath.Join(root, svmSource)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w\n%s", name, args, err, out)
	}
	return nil
}

// buildProgram compiles the program that does what it is told, and returns the file that the Solana runtime loads. It needs clang.
func buildProgram(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	object, program := filepath.Join(dir, "program.o"), filepath.Join(dir, "program.so")
	err := makeIn(t, "clang", "-target", "bpf", "-mcpu=v2", "-O2", "-fno-builtin", "-fPIC", "-Wall", "-Werror", "-c", "program.c", "-o", object)
	if err != nil {
		t.Fatal(err)
	}

	compiled, err := os.ReadFile(object)
	if err != nil {
		t.Fatal(err)
	}
	linked, err := linkProgram(compiled)
	if err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(program, linked, 0o600); err != nil {
		t.Fatal(err)
	}
	return program
}

// startSVM compiles the program, installs the VM and starts the cluster with it at the addresses; without the tools for that the test is skipped.
func startSVM(t *testing.T, programs ...string) *svmCluster {
	t.Helper()
	need(t, genuineVM, "node", "npm", "clang")
	if _, err := os.Stat(filepath.Join(root, svmSource, "node_modules", "litesvm")); errors.Is(err, os.ErrNotExist) {
		if err := makeIn(t, "npm", "install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"); err != nil {
			t.Skipf("SKIPPED: litesvm cannot be installed, so nothing was tried on the genuine Solana VM: %v", err)
		}
	}

	out := &capture{}
	argv := append([]string{"node", filepath.Join(root, svmSource, "cluster.mjs"), "100", buildProgram(t)}, programs...)
	c := &svmCluster{
		cluster: &cluster{process: launch(t, "svm", environment(t), out, argv...)},
		spin:    newSpinMarket(), truth: &ledger{trades: map[string][]record{}}, slots: map[uint64]uint32{},
	}
	c.awaitAddresses(out)

	return c
}

// outcome is what came of a transaction.
type outcome struct {
	Signature string   `json:"signature"`
	Slot      uint64   `json:"slot"`
	BlockTime int64    `json:"blockTime"`
	Failed    bool     `json:"failed"`
	Logs      []string `json:"logs"`
}

// send executes a transaction of instructions and namings. expected are the events that a reader of its log must find, in order.
func (c *svmCluster) send(expected []record, instructions ...any) outcome {
	c.t.Helper()
	var o outcome
	c.call("svm_send", instructions, &o)
	c.sent++
	index := c.slots[o.Slot]
	c.slots[o.Slot]++
	for i, r := range expected {
		r.signature, r.slot, r.index, r.ordinal, r.time = o.Signature, o.Slot, index, i, o.BlockTime
		c.truth.records = append(c.truth.records, r)
		if r.PriceRaw != "" {
			c.truth.trades[r.Mint] = append(c.truth.trades[r.Mint], r)
		}
	}
	return o
}

// create makes a mint's event.
func (m *spinMarket) create() ([]byte, record) {
	var mint market.Pubkey
	for i := range mint {
		mint[i] = byte(m.random.Uint32())
	}

	m.mints = append(m.mints, mint)
	price, _ := new(big.Int).SetString("279589934762348555452", 10)
	m.price = append(m.price, price)
	key := address(foreign)
	b := payload("TokenCreated")
	b = append(append(b, key[:]...), mint[:]...)
	for range 6 { // curve, pools, recipients, parameters
		b = append(b, key[:]...)
	}

	b = append(b, 0xe8, 3, 0xd0, 7, 0)
	for _, text := range []string{"Genuine", "GEN", "https://example.invalid/"} {
		b = append(wire.LittleEndian.AppendUint32(b, uint32(len(text))), text...) //nolint:gosec // short
	}

	return b, record{Kind: "TokenCreated", Mint: mint.String()}
}

// trade makes a spot trade's event at a price near the last one.
func (m *spinMarket) trade(n int) ([]byte, record) {
	price := m.price[n]
	price.Mul(price, big.NewInt(900+m.random.Int64N(220)))
	price.Quo(price, big.NewInt(1000))
	tokens := 1_000_000_000 + m.random.Uint64N(1_000_000_000_000)
	sol := new(big.Int).Mul(price, new(big.Int).SetUint64(tokens)) // × 10^28 × 10^6 / 10^9
	sol.Quo(sol, new(big.Int).Exp(big.NewInt(10), big.NewInt(25), nil))

	r := record{
		Kind: "BuySell", Mint: m.mints[n].String(), PriceRaw: price.String(), Decimals: 28, TokenAmount: tokens,
		SolAmount: sol.Uint64(), Buy: m.random.IntN(2) == 0,
	}
	payer := address(foreign)
	b := payload("BuySell")
	b = append(append(b, payer[:]...), m.mints[n][:]...)

	side := byte(0)
	if r.Buy {
		side = 1
	}
	b = wire.LittleEndian.AppendUint64(append(b, side), r.TokenAmount)
	b = wire.LittleEndian.AppendUint64(b, r.SolAmount)
	return u128(b, price), r
}

// next makes a trade, or two in a transaction; some come through another program. It returns their events, as records and as they
// are logged, and the instructions.
func (m *spinMarket) next() (records []record, logged [][]byte, list []instruction) {
	mint := m.random.IntN(len(m.mints))
	data, r := m.trade(mint)
	records, logged = []record{r}, [][]byte{data}
	steps := join(say("Instruction: Buy"), emit(data))
	switch m.random.IntN(4) {
	case 0:
		list = []instruction{{foreign, invoke(ours, steps)}}
	case 1:
		more, second := m.trade(mint)
		records, logged = append(records, second), append(logged, more)
		list = []instruction{{ours, steps}, {foreign, join(say("router"), invoke(ours, emit(more)))}}
	default:
		list = []instruction{{ours, steps}}
	}
	return records, logged, list
}

// bulk sends trades.
func (c *svmCluster) bulk(n int) {
	c.t.Helper()
	for range n {
		expected, _, list := c.spin.next()
		c.send(expected, anything(list)...)
	}
}

func anything[T any](list []T) (all []any) {
	for _, one := range list {
		all = append(all, one)
	}
	return all
}

// cases sends what readers of logs get wrong. It returns the signature of the transaction whose log is cut.
func (c *svmCluster) cases() (cut string) {
	c.t.Helper()
	wants := func(o outcome, failed bool, text string) {
		c.t.Helper()
		if log := strings.Join(o.Logs, "\n"); o.Failed != failed || !strings.Contains(log, text) {
			c.t.Fatalf("the VM does not do what the test is about: failed %v, want %v, and %q in\n%.3000s", o.Failed, failed, text, log)
		}
	}
	a, first := c.spin.trade(0)
	b, second := c.spin.trade(0)
	spoof, _ := c.spin.trade(1)
	line := "Program data: " + base64.StdEncoding.EncodeToString(spoof)
	both := []record{first, second}

	wants(c.send(both, instruction{foreign, join(emit([]byte("nothing of ours")), invoke(ours, emit(a), invoke(deep, emit(spoof)), invoke(ours, emit(b))))}),
		false, "Program "+ours+" invoke [3]")
	// Ours fail after the event, directly and behind a caller.
	wants(c.send(nil, instruction{ours, join(emit(spoof), fail(6000))}), true, "custom program error: 0x1770")
	wants(c.send(nil, instruction{foreign, join(invoke(ours, emit(spoof), fail(6001)), emit(spoof))}), true, "Program "+ours+" failed")

	// Another program prints the event, as data and as text, also beneath ours and between its events.
	wants(c.send(nil, instruction{foreign, join(emit(spoof), say(line))}), false, line)
	a, first = c.spin.trade(0)
	b, second = c.spin.trade(0)
	wants(c.send([]record{first, second}, instruction{ours, join(emit(a), invoke(foreign, emit(spoof), say(line)), emit(b))}), false, line)

	// A text that counterfeits frames, with line breaks.
	wants(c.send(nil, instruction{foreign, say("x\nProgram " + ours + " invoke [1]\n" + line + "\nProgram " + ours + " success")}), false, "invoke [1]\nProgram data: ")
	wants(c.send(nil, instruction{foreign, say("Program " + ours + " invoke [1]")}, instruction{foreign, emit(spoof)}), false, "Program log: Program "+ours)

	// Data of ours that is no event: another discriminator, and one byte too many.
	wants(c.send(nil, instruction{ours, join(emit([]byte("12345678 and more")), emit(append(spoof[:len(spoof):len(spoof)], 0)))}), false, "Program data: ")
	// A log that is cut: what came before counts, short lines after it do not.
	a, first = c.spin.trade(0)
	o := c.send([]record{first}, instruction{ours, join(emit(a), say(strings.Repeat("y", 100)), again(120), emit(spoof))}, instruction{ours, say("short")})
	wants(o, false, "Log truncated")
	return o.Signature
}

// TestGenuineVM reads transactions that the real Solana VM executed: real log text of direct calls and of calls through
// other programs, failures, counterfeits and a cut log, first as history, then live, with the connection lost between.
func TestGenuineVM(t *testing.T) {
	t.Parallel()
	c := startSVM(t, ours, foreign, deep)
	for range 3 {
		created, mint := c.spin.create()
		data, r := c.spin.trade(len(c.spin.mints) - 1)
		c.send([]record{mint, r}, instruction{ours, join(say("Instruction: Create"), emit(created), emit(data))})
	}

	cut := []string{c.cases()}
	c.bulk(60)
	s := startServer(t, t.TempDir(), c.flags()...)
	caughtUp(t, s)
	cut = append(cut, c.cases())
	c.bulk(60)

	var null any
	if err := c.ask("svm_cut", 0, &null); err != nil && !errors.Is(err, io.EOF) {
		t.Log(err) // answered with null
	}
	c.bulk(60)
	caughtUp(t, s)
	c.bulk(30)
	await(t, "everything", func() error {
		if total := s.status().Total; total != uint64(len(c.truth.records)) {
			return fmt.Errorf("%d events, want %d", total, len(c.truth.records))
		}
		return nil
	})

	l := &truth{ledger: c.truth, cutAt: map[string]int64{}}
	for i := range c.truth.records {
		r := &c.truth.records[i]
		for _, signature := range cut {
			if r.signature == signature {
				l.cutAt[signature] = int64(r.slot) //nolint:gosec // a slot is far below
			}
		}
	}

	l.compare(t, s)
	t.Logf("%d transactions on the genuine VM, %d events, %d mints, %d cut logs", c.sent, len(c.truth.records), len(c.spin.mints), len(cut))
	s.end()
}

// TestPayloadsAreTheProgramsOwn keeps the test's own encoding honest: discriminators as in docs/events.md.
func TestPayloadsAreTheProgramsOwn(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"BuySell": "62d0783c5d2013b4", "TokenCreated": "607a718a32e39539"} {
		if got := hex.EncodeToString(payload(name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
