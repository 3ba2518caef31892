package program_test

import (
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/spinpet"
)

// TestSelfCallsTellWhatTheLogTells cuts the logs of recorded transactions at every line. With the self-calls a reader finds
// the same events, at the same ordinals, as in the whole log; without them it finds fewer and says so.
func TestSelfCallsTellWhatTheLogTells(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/fixtures/programs/*pump*.getTransaction.json")
	if len(files) == 0 {
		t.Skip("SKIPPED: the recordings are not here")
	}
	reader := program.NewReader(pump.New(), pumpswap.New())
	beside := program.NewReader(spinpet.New(spinpet.ProgramID), pump.New(), pumpswap.New())
	found := 0
	for _, file := range files {
		tx := recordedTransaction(t, file)
		inner := tx.Inner
		tx.Inner = nil
		want, report := reader.Read(nil, &tx)
		if report != (program.Report{Foreign: report.Foreign}) {
			t.Fatalf("%s: %+v", file, report)
		}

		found += len(want)

		whole := tx.Logs
		for cut := range whole {
			tx.Logs, tx.Inner = append(slices.Clone(whole[:cut]), "Log truncated"), nil
			if got, report := reader.Read(nil, &tx); !report.Truncated || len(got) > len(want) {
				t.Fatalf("%s cut at %d: %d events, %+v", file, cut, len(got), report)
			}

			tx.Inner = inner
			before := []market.Event{{Signature: market.Signature{1}, Body: &pump.Trade{}}} // of another transaction
			got, report := reader.Read(before, &tx)
			if report.Truncated || len(got) != 1+len(want) || !reflect.DeepEqual(got[1:], want) || got[0].Signature != before[0].Signature {
				t.Fatalf("%s cut at %d: %d events, want %d; %+v", file, cut, len(got), len(want), report)
			}

			if got, report := beside.Read(nil, &tx); !report.Truncated || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s cut at %d: beside a program that only logs: %d events, %+v", file, cut, len(got), report)
			}
		}
	}

	if found < 5 {
		t.Errorf("only %d events were recorded: the test looks at less than it says", found)
	}
}

// recordedTransaction is an answer of getTransaction, with the self-calls cut out as a source does it.
func recordedTransaction(t *testing.T, file string) market.Transaction {
	t.Helper()
	text, err := os.ReadFile(file) //nolint:gosec // a recording
	if err != nil {
		t.Fatal(err)
	}

	var answer struct {
		Result struct {
			Slot market.Slot
			Meta struct {
				LogMessages       []string
				LoadedAddresses   struct{ Writable, Readonly []account }
				InnerInstructions []struct {
					Instructions []struct {
						ProgramIDIndex int           `json:"programIdIndex"`
						ProgramID      market.Pubkey `json:"programId"` // in place of the index, in a parsed answer
						Data           string
					}
				}
			}
			Transaction struct {
				Message struct{ AccountKeys []account }
			}
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s: %v", file, err)
	}

	meta := &answer.Result.Meta
	keys := slices.Concat(answer.Result.Transaction.Message.AccountKeys, meta.LoadedAddresses.Writable, meta.LoadedAddresses.Readonly)
	tx := market.Transaction{Slot: answer.Result.Slot, Logs: meta.LogMessages, Inner: []market.SelfCall{}}
	for _, outer := range meta.InnerInstructions {
		for _, call := range outer.Instructions {
			if event, ok := program.SelfCall(base58(call.Data)); ok {
				id := call.ProgramID
				if id.IsZero() {
					id = keys[call.ProgramIDIndex].Pubkey
				}
				tx.Inner = append(tx.Inner, market.SelfCall{Program: id, Event: event})
			}
		}
	}

	return tx
}

// account is a key of a transaction: text, or in a parsed answer an object.
type account struct{ market.Pubkey }

func (a *account) UnmarshalJSON(text []byte) error {
	var parsed struct{ Pubkey market.Pubkey }
	if json.Unmarshal(text, &parsed) == nil {
		a.Pubkey = parsed.Pubkey
		return nil
	}
	return json.Unmarshal(text, &a.Pubkey)
}

// base58 decodes data of any length.
func base58(text string) []byte {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	value := new(big.Int)
	for _, c := range text {
		value.Mul(value, big.NewInt(58)).Add(value, big.NewInt(int64(strings.IndexRune(alphabet, c))))
	}
	zeros := len(text) - len(strings.TrimLeft(text, "1"))
	return append(make([]byte, zeros), value.Bytes()...)
}
