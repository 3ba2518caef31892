package e2e

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"spinscope/backend/market"
)

// wallet sends signed transactions to a node and reads what became of them, by the node's JSON-RPC alone.
type wallet struct {
	t       *testing.T
	node    *rpc.Client
	key     solana.PrivateKey
	hash    *rpc.LatestBlockhashResult
	pending map[solana.Signature]pendingTransaction
	sent    map[solana.Signature]bool
	again   int // transactions that had to be sent again

	read   map[solana.Signature]answer
	blocks map[uint64][]solana.Signature
}

// pendingTransaction is one that no slot is known to hold.
type pendingTransaction struct {
	*solana.Transaction

	next time.Time
}

// answer is what the node says of a transaction.
type answer struct {
	signature string
	slot      uint64
	index     uint32 // in its block
	time      int64  // of the block, Unix seconds
	failed    bool
	cut       bool     // its log is
	logged    [][]byte // data in its log
	called    []market.SelfCall
}

// newWallet makes a key and has the node's faucet pay it.
func newWallet(t *testing.T, url string) *wallet {
	t.Helper()
	key, err := solana.NewRandomPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	w := &wallet{
		t: t, node: rpc.New(url), key: key, pending: map[solana.Signature]pendingTransaction{}, sent: map[solana.Signature]bool{},
		read: map[solana.Signature]answer{}, blocks: map[uint64][]solana.Signature{},
	}
	t.Cleanup(func() { _ = w.node.Close() })

	var paid solana.Signature
	await(t, "the node's faucet", func() (err error) {
		paid, err = w.node.RequestAirdrop(t.Context(), key.PublicKey(), 100*solana.LAMPORTS_PER_SOL, rpc.CommitmentConfirmed)
		return err
	})
	await(t, "what the faucet paid", func() error {
		levels, err := w.levels([]solana.Signature{paid})
		if err == nil && levels[paid] == "" {
			err = errNotYet
		}
		return err
	})
	return w
}

// sign makes a transaction of the instructions, which the wallet pays. Instructions name accounts only to read.
func sign(key solana.PrivateKey, blockhash solana.Hash, list []naming) (*solana.Transaction, error) {
	var all []solana.Instruction
	for _, one := range list {
		program, err := solana.PublicKeyFromBase58(one.Program)
		if err != nil {
			return nil, err
		}
		var accounts solana.AccountMetaSlice
		for _, account := range one.Accounts {
			at, err := solana.PublicKeyFromBase58(account)
			if err != nil {
				return nil, err
			}
			accounts = append(accounts, solana.Meta(at))
		}
		all = append(all, solana.NewInstruction(program, accounts, one.Data))
	}

	tx, err := solana.NewTransaction(all, blockhash, solana.TransactionPayer(key.PublicKey()))
	if err != nil {
		return nil, err
	}
	_, err = tx.Sign(func(wanted solana.PublicKey) *solana.PrivateKey {
		if wanted != key.PublicKey() {
			return nil
		}
		return &key
	})
	return tx, err
}

// submit sends a transaction and does not wait for it. One that is the same as another has a blockhash of its own.
func (w *wallet) submit(list []naming) (signature string) {
	w.t.Helper()
	var tx *solana.Transaction
	await(w.t, "a blockhash", func() error {
		if w.hash == nil {
			latest, err := w.node.GetLatestBlockhash(w.t.Context(), rpc.CommitmentConfirmed)
			if err != nil {
				return err
			}
			w.hash = latest.Value
		}

		var err error
		if tx, err = sign(w.key, w.hash.Blockhash, list); err != nil {
			w.t.Fatal(err)
		}
		if w.sent[tx.Signatures[0]] {
			w.hash = nil
			return errors.New("it is that of an equal transaction")
		}
		return nil
	})

	first := tx.Signatures[0]
	w.sent[first] = true
	w.pending[first] = w.send(pendingTransaction{Transaction: tx})
	return first.String()
}

// send sends a transaction, unchecked, as some of them are meant to fail. A node that is busy may refuse it or lose it.
func (w *wallet) send(tx pendingTransaction) pendingTransaction {
	const again = 500 * time.Millisecond
	tx.next = time.Now().Add(again)
	if _, err := w.node.SendTransactionWithOpts(w.t.Context(), tx.Transaction, rpc.TransactionOpts{SkipPreflight: true}); err != nil {
		w.t.Logf("sendTransaction: %v", err)
	}
	return tx
}

// confirm waits until a block that is confirmed holds each transaction that was sent. What is not there after a while is sent again.
func (w *wallet) confirm() {
	w.t.Helper()
	w.hash = nil
	await(w.t, "the transactions to be in blocks", func() error {
		levels, err := w.levels(keys(w.pending))
		if err != nil {
			return err
		}
		for signature, level := range levels {
			if level == rpc.ConfirmationStatusConfirmed || level == rpc.ConfirmationStatusFinalized {
				delete(w.pending, signature)
			}
		}
		if len(w.pending) == 0 {
			return nil
		}

		for signature, tx := range w.pending {
			if levels[signature] == "" && time.Now().After(tx.next) {
				w.pending[signature] = w.send(tx)
				w.again++
			}
		}
		return fmt.Errorf("%d are missing", len(w.pending))
	})
}

// levels are how far the transactions got; those that the node does not know are left out.
func (w *wallet) levels(list []solana.Signature) (map[solana.Signature]rpc.ConfirmationStatusType, error) {
	levels := map[solana.Signature]rpc.ConfirmationStatusType{}
	for part := range slices.Chunk(list, 256) {
		statuses, err := w.node.GetSignatureStatuses(w.t.Context(), true, part...)
		if err != nil {
			return nil, err
		}
		for i, status := range statuses.Value {
			if status != nil {
				levels[part[i]] = status.ConfirmationStatus
			}
		}
	}
	return levels, nil
}

// finalize waits until everything that was sent is final.
func (w *wallet) finalize() {
	w.t.Helper()
	w.confirm()
	await(w.t, "the transactions to be final", func() error {
		levels, err := w.levels(keys(w.sent))
		for signature := range w.sent {
			if err == nil && levels[signature] != rpc.ConfirmationStatusFinalized {
				err = fmt.Errorf("%s is %q", signature, levels[signature])
			}
		}
		return err
	})
}

// answers is what the node says of every transaction that names an address, in the order of the chain.
func (w *wallet) answers(address string) (list []answer) {
	w.t.Helper()
	const page = 100
	limit := page
	options := &rpc.GetSignaturesForAddressOpts{Limit: &limit, Commitment: rpc.CommitmentFinalized}
	for {
		found, err := w.node.GetSignaturesForAddressWithOpts(w.t.Context(), solana.MustPublicKeyFromBase58(address), options)
		if err != nil {
			w.t.Fatalf("getSignaturesForAddress: %v", err)
		}
		for _, one := range found {
			list = append(list, w.answer(one.Signature))
			options.Before = one.Signature
		}
		if len(found) < page {
			break
		}
	}

	slices.SortFunc(list, byPlace)
	return list
}

func byPlace(a, b answer) int {
	return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.index, b.index))
}

// answer is what the node says of a transaction.
func (w *wallet) answer(signature solana.Signature) answer {
	w.t.Helper()
	if known, ok := w.read[signature]; ok {
		return known
	}
	version := rpc.MaxSupportedTransactionVersion0
	got, err := w.node.GetTransaction(w.t.Context(), signature,
		&rpc.GetTransactionOpts{Encoding: solana.EncodingBase64, Commitment: rpc.CommitmentFinalized, MaxSupportedTransactionVersion: &version})
	if err != nil {
		w.t.Fatalf("getTransaction %s: %v", signature, err)
	}

	a, err := readAnswer(signature, got)
	if err != nil {
		w.t.Fatalf("getTransaction %s: %v", signature, err)
	}
	index := slices.Index(w.block(a.slot), signature)
	if index < 0 {
		w.t.Fatalf("the block of %d does not hold %s", a.slot, signature)
	}
	a.index = uint32(index) //nolint:gosec // a place in a block
	w.read[signature] = a
	return a
}

// readAnswer takes out of an answer what is to be compared; the index in the block is not in it.
func readAnswer(signature solana.Signature, got *rpc.GetTransactionResult) (a answer, err error) {
	if got == nil || got.Meta == nil || got.Transaction == nil || got.BlockTime == nil {
		return a, errors.New("it is not whole")
	}
	tx, err := got.Transaction.GetTransaction()
	if err != nil {
		return a, err
	}

	a = answer{signature: signature.String(), slot: got.Slot, time: got.BlockTime.Time().Unix(), failed: got.Meta.Err != nil}
	for _, line := range got.Meta.LogMessages {
		if text, is := strings.CutPrefix(line, "Program data: "); is {
			data, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return a, fmt.Errorf("%q: %w", line, err)
			}
			a.logged = append(a.logged, data)
		}
		a.cut = a.cut || line == "Log truncated"
	}

	accounts := tx.Message.AccountKeys
	for _, of := range got.Meta.InnerInstructions {
		for _, one := range of.Instructions {
			event, is := strings.CutPrefix(string(one.Data), string(selfCallTag))
			if !is {
				continue
			}
			if int(one.ProgramIDIndex) >= len(accounts) {
				return a, fmt.Errorf("an inner instruction of account %d, of %d", one.ProgramIDIndex, len(accounts))
			}
			a.called = append(a.called, market.SelfCall{Program: market.Pubkey(accounts[one.ProgramIDIndex]), Event: []byte(event)})
		}
	}
	return a, nil
}

// block lists the transactions of a slot.
func (w *wallet) block(slot uint64) []solana.Signature {
	w.t.Helper()
	if known, ok := w.blocks[slot]; ok {
		return known
	}
	version, none := rpc.MaxSupportedTransactionVersion0, false
	block, err := w.node.GetBlockWithOpts(w.t.Context(), slot, &rpc.GetBlockOpts{
		TransactionDetails: rpc.TransactionDetailsSignatures, Rewards: &none, Commitment: rpc.CommitmentFinalized, MaxSupportedTransactionVersion: &version,
	})
	if err != nil {
		w.t.Fatalf("getBlock %d: %v", slot, err)
	}
	w.blocks[slot] = block.Signatures
	return block.Signatures
}

func keys[K comparable, V any](of map[K]V) (list []K) {
	for key := range of {
		list = append(list, key)
	}
	return list
}

// TestWalletsTransactions expects a transaction of the wallet to be what every wallet makes: signed by its payer, who alone may be
// changed, with every account once, and small enough for a packet. It comes out of its bytes as it went in.
func TestWalletsTransactions(t *testing.T) {
	t.Parallel()
	key, err := solana.NewRandomPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	list := []naming{
		{instruction{ours, emit([]byte("one"))}, []string{ours, foreign}},
		{instruction{foreign, join(say("router"), invoke(ours, emit([]byte("two"))))}, []string{foreign, ours, deep}},
	}
	tx, err := sign(key, solana.Hash{7}, list)
	if err != nil {
		t.Fatal(err)
	}

	wire, err := tx.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	again, err := solana.TransactionFromBytes(wire)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.VerifySignatures(); err != nil {
		t.Error(err)
	}

	m := &again.Message
	if payer := m.AccountKeys[0]; payer != key.PublicKey() || m.RecentBlockhash != (solana.Hash{7}) {
		t.Errorf("paid by %s, after %s", payer, m.RecentBlockhash)
	}
	if m.Header.NumRequiredSignatures != 1 || m.Header.NumReadonlySignedAccounts != 0 || m.Header.NumReadonlyUnsignedAccounts != 3 || len(m.AccountKeys) != 4 {
		t.Errorf("accounts %s with %+v", m.AccountKeys, m.Header)
	}
	for i, want := range list {
		got := m.Instructions[i]
		if program := m.AccountKeys[got.ProgramIDIndex].String(); program != want.Program || string(got.Data) != string(want.Data) || len(got.Accounts) != len(want.Accounts) {
			t.Errorf("instruction %d is %+v of %s, want %+v", i, got, program, want)
		}
	}

	again.Message.Instructions[0].Data[0]++
	if again.VerifySignatures() == nil {
		t.Error("what was changed after it was signed is good")
	}
	if _, err := sign(key, solana.Hash{}, []naming{{instruction{Program: "no address"}, nil}}); err == nil {
		t.Error("an instruction of no program is signed")
	}
}

// TestNodesAnswers reads an answer in a node's own words: data that was logged and events that programs told themselves, in order,
// and of nothing else.
func TestNodesAnswers(t *testing.T) {
	t.Parallel()
	key, err := solana.NewRandomPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	tx, err := sign(key, solana.Hash{7}, []naming{{instruction{foreign, nil}, []string{ours}}})
	if err != nil {
		t.Fatal(err)
	}
	wire := tx.MustToBase64()
	at := slices.IndexFunc(tx.Message.AccountKeys, func(one solana.PublicKey) bool { return one.String() == ours })
	inner := func(data string) string {
		return fmt.Sprintf(`{"programIdIndex":%d,"accounts":[],"data":%q,"stackHeight":2}`, at, solana.Base58(data).String())
	}

	text := fmt.Sprintf(`{"slot":12,"blockTime":1700000000,"version":"legacy","transaction":[%q,"base64"],"meta":{"err":null,"fee":5000,
		"logMessages":["Program x invoke [1]","Program data: b25l","Program log: Program data: dHdv","Log truncated"],
		"innerInstructions":[{"index":0,"instructions":[%s,%s]},{"index":1,"instructions":[%s]}]}}`,
		wire, inner("nothing"), inner(string(selfCallTag)+"one"), inner(string(selfCallTag)+"two"))
	var got rpc.GetTransactionResult
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}

	a, err := readAnswer(tx.Signatures[0], &got)
	if err != nil {
		t.Fatal(err)
	}
	want := answer{
		signature: tx.Signatures[0].String(), slot: 12, time: 1_700_000_000, cut: true, logged: [][]byte{[]byte("one")},
		called: []market.SelfCall{{Program: address(ours), Event: []byte("one")}, {Program: address(ours), Event: []byte("two")}},
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("\n got %+v\nwant %+v", a, want)
	}

	got.Meta.Err = map[string]any{"InstructionError": []any{0, "ProgramFailedToComplete"}}
	if a, err := readAnswer(tx.Signatures[0], &got); err != nil || !a.failed {
		t.Errorf("a failed one is %+v: %v", a, err)
	}
	got.Meta.LogMessages = []string{"Program data: no base64!"}
	if _, err := readAnswer(tx.Signatures[0], &got); err == nil {
		t.Error("data that is none is read")
	}
	got.BlockTime = nil
	if _, err := readAnswer(tx.Signatures[0], &got); err == nil {
		t.Error("an answer without a time is read")
	}
}
