package solana

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	solanago "github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/base58"
	"github.com/valyala/fastjson"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
)

var tag = []byte{0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d}

// TestRecordedSelfCalls cuts the log of every recorded transaction of pump and PumpSwap, and expects its self-calls to be
// the events of the whole log, in their order: each stands twice on the chain.
func TestRecordedSelfCalls(t *testing.T) {
	const folder = "../../../shared/fixtures/programs"
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("SKIPPED: the recordings are not here: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "0*.json"))
	if err != nil {
		t.Fatal(err)
	}

	compared, events := 0, 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		result := fastjson.MustParseBytes(data)
		if inner := result.Get("result"); inner != nil {
			result = inner
		}

		meta := result.Get("meta")
		if meta == nil || meta.Get("innerInstructions") == nil {
			continue
		}

		calls := selfCalls(result.Get("transaction"), meta)
		if calls == nil {
			t.Errorf("%s: its inner instructions cannot be read", filepath.Base(file))
			continue
		}

		tx := market.Transaction{Inner: calls}
		for _, line := range meta.GetArray("logMessages") {
			tx.Logs = append(tx.Logs, string(line.GetStringBytes()))
		}

		reader := program.NewReader(pump.New(), pumpswap.New())
		logged, report := reader.Read(nil, &tx)
		if len(logged) == 0 || report.Truncated {
			continue
		}

		lines := len(tx.Logs)
		for _, cut := range []int{0, lines / 3, lines / 2, lines - 1} {
			short := tx
			short.Logs = append(slices.Clone(tx.Logs[:cut]), program.TruncatedLine)
			read, report := reader.Read(nil, &short)
			if report.Truncated || !reflect.DeepEqual(read, logged) {
				t.Errorf("%s: of a log cut at line %d of %d, %d events are left of %d, truncated %v",
					filepath.Base(file), cut, lines, len(read), len(logged), report.Truncated)
			}
		}

		compared++
		events += len(logged)
	}

	if compared < 5 || events < 7 {
		t.Errorf("only %d transactions with %d events were compared", compared, events)
	}
}

// made is a transaction for the tests: which program calls which, and what was meant to be found.
type made struct {
	keys   []market.Pubkey
	tops   []int
	groups []string // innerInstructions
	want   []market.SelfCall
}

// newMade makes calls of random depth, among them events that programs tell themselves, and the same bytes told to them by
// others. height: nodes tell how deep a call is.
func newMade(r *rand.Rand, height bool) made {
	m := made{}
	for range 3 + r.IntN(20) {
		var key market.Pubkey
		for i := range key {
			key[i] = byte(r.Uint32())
		}
		m.keys = append(m.keys, key)
	}

	for top := range 1 + r.IntN(4) {
		m.tops = append(m.tops, r.IntN(len(m.keys)))
		stack := []int{m.tops[top]}
		var list []string
		for range r.IntN(12) {
			stack = stack[:1+r.IntN(len(stack))]
			callee := r.IntN(len(m.keys))
			event := make([]byte, 8+r.IntN(400))
			for i := range event {
				event[i] = byte(r.Uint32())
			}

			data := event
			switch r.IntN(4) {
			case 0:
				data = data[:r.IntN(8)]
			case 1: // an event, told by whoever calls
				data = slices.Concat(tag, event)
			case 2: // an event told by the program itself
				callee, data = stack[len(stack)-1], slices.Concat(tag, event)
			}

			stack = append(stack, callee)
			if bytes.HasPrefix(data, tag) && (!height || stack[len(stack)-2] == callee) {
				m.want = append(m.want, market.SelfCall{Program: m.keys[callee], Event: event})
			}
			written := "null"
			if height {
				written = fmt.Sprint(len(stack))
			}

			list = append(list, fmt.Sprintf(`{"accounts":[0],"data":"%s","programIdIndex":%d,"stackHeight":%s}`, base58.Encode(data), callee, written))
		}

		if len(list) > 0 {
			m.groups = append(m.groups, fmt.Sprintf(`{"index":%d,"instructions":[%s]}`, top, strings.Join(list, ",")))
		}
	}

	return m
}

// encode writes the transaction as a node does; static is how many of the accounts stand in it, the others came from
// lookup tables.
func (m *made) encode(version, static int) []byte {
	var b []byte
	if version == 1 {
		b = append(b, 0x81, 1, 0, 0, 0b111, 0, 0, 0)
		b = append(b, make([]byte, 32)...)
		b = append(b, byte(len(m.tops)), byte(static))
		for _, key := range m.keys[:static] {
			b = append(b, key[:]...)
		}

		b = append(b, make([]byte, 3*4)...)
		for _, top := range m.tops {
			b = binary.LittleEndian.AppendUint16(append(b, byte(top), 1), 3)
		}

		b = append(b, make([]byte, len(m.tops)*(1+3))...)
		return append(b, make([]byte, 64)...)
	}

	b = append(append(b, 1), make([]byte, 64)...)
	if version == 0 {
		b = append(b, 0x80)
	}
	b = append(b, 1, 0, 0, byte(static))
	for _, key := range m.keys[:static] {
		b = append(b, key[:]...)
	}

	b = append(b, make([]byte, 32)...)
	b = append(b, byte(len(m.tops)))
	for _, top := range m.tops {
		data := make([]byte, 300)
		b = append(b, byte(top), 1, 0, 0xac, 0x02) // one account, 300 bytes
		b = append(b, data...)
	}

	if version == 0 {
		b = append(b, 0)
	}
	return b
}

func (m *made) answer(version, static int) (transaction, meta *fastjson.Value) {
	split := static + (len(m.keys)-static)/2
	quoted := func(keys []market.Pubkey) string { text, _ := json.Marshal(keys); return string(text) }
	transaction = fastjson.MustParse(fmt.Sprintf(`["%s","base64"]`, base64.StdEncoding.EncodeToString(m.encode(version, static))))
	meta = fastjson.MustParse(fmt.Sprintf(`{"innerInstructions":[%s],"loadedAddresses":{"writable":%s,"readonly":%s}}`,
		strings.Join(m.groups, ","), quoted(m.keys[static:split]), quoted(m.keys[split:])))
	return transaction, meta
}

// TestSelfCallsOfEveryVersion cuts self-calls out of transactions of each version, with lookup tables and without, and
// takes none of what others say in a program's name.
func TestSelfCallsOfEveryVersion(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 2))
	found := 0
	for n := range 600 {
		version := n%3 - 1 // -1: the oldest form
		m := newMade(r, n%5 > 0)
		static := len(m.keys)
		if version == 0 {
			static = 1 + r.IntN(len(m.keys))
			for i := range m.tops { // a program of a top-level instruction is never looked up
				m.tops[i] = r.IntN(static)
			}
			m.groups = nil
			m.want = []market.SelfCall{}
			m.groups = append(m.groups, fmt.Sprintf(`{"index":0,"instructions":[{"data":"%s","programIdIndex":%d,"stackHeight":2}]}`,
				base58.Encode(slices.Concat(tag, []byte("12345678"))), m.tops[0]))
			m.want = append(m.want, market.SelfCall{Program: m.keys[m.tops[0]], Event: []byte("12345678")})
		}

		got := selfCalls(m.answer(version, static))
		if got == nil || !slices.EqualFunc(got, m.want, func(a, b market.SelfCall) bool { return a.Program == b.Program && bytes.Equal(a.Event, b.Event) }) {
			t.Fatalf("version %d, %d of %d accounts: %d self-calls, want %d", version, static, len(m.keys), len(got), len(m.want))
		}
		found += len(got)
		if version < 1 {
			m.besideSolanaGo(t, version, static)
		}
	}

	if found < 500 {
		t.Errorf("only %d self-calls were found", found)
	}
}

// besideSolanaGo compares the message with what solana-go reads.
func (m *made) besideSolanaGo(t *testing.T, version, static int) {
	t.Helper()
	data := m.encode(version, static)
	theirs, err := solanago.TransactionFromBytes(data)
	if err != nil {
		t.Fatal(err)
	}

	var ours message
	r := bytesReader{data: data}
	r.message(&ours)
	if r.short || len(ours.accounts) != len(theirs.Message.AccountKeys) || len(ours.programs) != len(theirs.Message.Instructions) {
		t.Fatalf("%d accounts and %d instructions; solana-go has %d and %d", len(ours.accounts), len(ours.programs), len(theirs.Message.AccountKeys), len(theirs.Message.Instructions))
	}

	for i, key := range theirs.Message.AccountKeys {
		if ours.accounts[i] != market.Pubkey(key) {
			t.Fatalf("account %d is %s, solana-go has %s", i, ours.accounts[i], key)
		}
	}

	for i, instruction := range theirs.Message.Instructions {
		if ours.programs[i] != int(instruction.ProgramIDIndex) {
			t.Fatalf("instruction %d is of account %d, solana-go has %d", i, ours.programs[i], instruction.ProgramIDIndex)
		}
	}
}

// TestSelfCallsThatCannotBeRead: what a node does not give, or not whole, is not taken for nothing.
func TestSelfCallsThatCannotBeRead(t *testing.T) {
	event := base58.Encode(slices.Concat(tag, []byte("12345678")))
	whole := fmt.Sprintf(`{"innerInstructions":[{"index":0,"instructions":[{"data":"%s","programIdIndex":1,"stackHeight":2}]}]}`, event)
	for name, c := range map[string][2]string{
		"none kept":             {`["","base64"]`, `{"innerInstructions":null}`},
		"none given":            {`["","base64"]`, `{}`},
		"another form":          {`["","base64"]`, `{"innerInstructions":"x"}`},
		"no transaction":        {`null`, whole},
		"no accounts":           {`["","base64"]`, whole},
		"another encoding":      {`["AA==","base58"]`, whole},
		"no base64":             {`["!","base64"]`, whole},
		"an unknown account":    {`["` + base64.StdEncoding.EncodeToString((&made{keys: make([]market.Pubkey, 1), tops: []int{0}}).encode(0, 1)) + `","base64"]`, whole},
		"data that is no data":  {`["","base64"]`, `{"innerInstructions":[{"index":0,"instructions":[{"data":"0OIl0OIl0OIl0OIl0OIl0OIl"}]}]}`},
		"data without an end":   {`["","base64"]`, `{"innerInstructions":[{"index":0,"instructions":[{"data":"` + strings.Repeat("2", longestCall+1) + `"}]}]}`},
		"a version still to be": {`["` + base64.StdEncoding.EncodeToString(append(make([]byte, 1), 0x85)) + `","base64"]`, whole},
	} {
		if got := selfCalls(fastjson.MustParse(c[0]), fastjson.MustParse(c[1])); got != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}

	if got := selfCalls(nil, fastjson.MustParse(`{"innerInstructions":[]}`)); got == nil || len(got) > 0 {
		t.Errorf("a transaction without inner instructions: %+v", got)
	}
}

// TestANodeWithoutInnerInstructions: an empty list beside a log with calls is no list, whatever programs wrote to the log.
func TestANodeWithoutInnerInstructions(t *testing.T) {
	const id, other = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
	for name, c := range map[string]struct {
		inner string
		logs  []string
		kept  bool
	}{
		"a call that is not told":        {`[]`, []string{"Program " + id + " invoke [1]", "Program " + other + " invoke [2]", "Log truncated"}, false},
		"no list":                        {`null`, []string{"Program " + id + " invoke [1]", "Log truncated"}, false},
		"nothing was called":             {`[]`, []string{"Program " + id + " invoke [1]", "Log truncated"}, true},
		"a program writes that it calls": {`[]`, []string{"Program " + id + " invoke [1]", "Program log: Program " + other + " invoke [2]", "Log truncated"}, true},
		"the call is told":               {`[{"index":0,"instructions":[{"data":"1","programIdIndex":1,"stackHeight":2}]}]`, []string{"Program " + other + " invoke [2]"}, true},
	} {
		logs, err := json.Marshal(c.logs)
		if err != nil {
			t.Fatal(err)
		}
		var one found
		answer := fmt.Sprintf(`{"slot":7,"blockTime":8,"transaction":["","base64"],"meta":{"err":null,"logMessages":%s,"innerInstructions":%s}}`, logs, c.inner)
		if err := transactionCall(market.Signature{1}, Confirmed, &one).decode(fastjson.MustParse(answer)); err != nil {
			t.Fatal(err)
		}

		if kept := one.tx.Inner != nil; kept != c.kept || len(one.tx.Logs) != len(c.logs) {
			t.Errorf("%s: kept is %v", name, kept)
		}
	}
}

func FuzzMessage(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for version := -1; version < 2; version++ {
		m := newMade(r, true)
		f.Add(m.encode(version, len(m.keys)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var m message
		reader := bytesReader{data: data}
		reader.message(&m)
		if len(m.accounts) > len(data)/32+1 {
			t.Fatalf("%d accounts in %d bytes", len(m.accounts), len(data))
		}
	})
}
