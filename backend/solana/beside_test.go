package solana

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/base58"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/valyala/fastjson"

	"spinscope/backend/market"
)

// beside is one thing done by us and by solana-go.
type beside struct {
	name         string
	ours, theirs func() error
}

// logsNotification is what solana-go's WebSocket client, which the product does not use, reads it into.
type logsNotification struct {
	Params struct {
		Result struct {
			rpc.RPCContext
			Value struct {
				Signature solana.Signature `json:"signature"`
				Err       any              `json:"err"`
				Logs      []string         `json:"logs"`
			} `json:"value"`
		} `json:"result"`
		Subscription uint64 `json:"subscription"`
	} `json:"params"`
}

// besideSolanaGo are the hot paths that stay our own.
func besideSolanaGo() []beside {
	r := rand.New(rand.NewPCG(6, 6))
	random := func(bytes []byte) {
		for i := range bytes {
			bytes[i] = byte(r.Uint32())
		}
	}
	var signatures []market.Signature
	var texts []string
	for range 1500 {
		var signature market.Signature
		random(signature[:])
		signatures = append(signatures, signature)
		texts = append(texts, signature.String())
	}

	var logs, keys, balances []string
	for range 14 {
		var key market.Pubkey
		random(key[:])
		keys = append(keys, key.String())
		logs = append(logs, "Program "+key.String()+" invoke [1]", "Program log: Instruction: TransferChecked",
			"Program "+key.String()+" consumed 6174 of 835837 compute units", "Program "+key.String()+" success")
	}

	for _, key := range keys[:8] {
		balances = append(balances, fmt.Sprintf(`{"accountIndex":3,"mint":"%s","owner":"%s","programId":"%s","uiTokenAmount":`+
			`{"amount":"1073000000","decimals":6,"uiAmount":1073.0,"uiAmountString":"1073"}}`, key, key, key))
	}

	body := make([]byte, 900)
	random(body)
	quoted := func(list []string) string { text, _ := json.Marshal(list); return string(text) }

	page := make([]string, 1000)
	for i := range page {
		page[i] = fmt.Sprintf(`{"blockTime":1764000000,"confirmationStatus":"finalized","err":null,"memo":null,"signature":"%s","slot":%d}`, texts[i], 311909890-i)
	}

	transaction := fmt.Sprintf(`{"blockTime":1764000000,"meta":{"computeUnitsConsumed":131865,"err":null,"fee":5000,"innerInstructions":[],`+
		`"loadedAddresses":{"readonly":[],"writable":[]},"logMessages":%s,"postBalances":[1,2,3,4,5,6,7,8,9,10,11,12,13,14],"postTokenBalances":[%s],`+
		`"preBalances":[1,2,3,4,5,6,7,8,9,10,11,12,13,14],"preTokenBalances":[%s],"rewards":[],"status":{"Ok":null}},"slot":311909890,"transaction":["%s","base64"],"version":0}`,
		quoted(logs), strings.Join(balances, ","), strings.Join(balances, ","), base64.StdEncoding.EncodeToString(body))
	block := fmt.Sprintf(`{"blockHeight":1,"blockTime":1764000000,"blockhash":"%s","parentSlot":5,"previousBlockhash":"%s","signatures":%s}`, keys[0], keys[1], quoted(texts))
	notification := fmt.Sprintf(`{"jsonrpc":"2.0","method":"logsNotification","params":{"result":{"context":{"slot":311909890},`+
		`"value":{"signature":"%s","err":null,"logs":%s}},"subscription":24040}}`, texts[0], quoted(logs))

	// Both read an answer from its bytes: ours as rpcClient does, theirs into the type that solana-go's client fills.
	var json1 fastjson.Parser
	own := func(text string, one *call) func() error {
		return func() error {
			value, err := json1.Parse(text)
			if err != nil {
				return err
			}
			return one.decode(value)
		}
	}
	into := func(text string, out func() any) func() error {
		return func() error { return json.Unmarshal([]byte(text), out()) }
	}
	event := base58.Encode(body[:413]) // with its tag
	var infos []signatureInfo
	var one found
	var parser FrameParser
	var frame Frame

	return []beside{
		{
			"base58, a signature read", func() error { _, err := market.ParseSignature(texts[0]); return err },
			func() error { _, err := solana.SignatureFromBase58(texts[0]); return err },
		},
		{
			"base58, an address written", func() error { _ = market.Pubkey(signatures[0][:32]).String(); return nil },
			func() error { _ = solana.PublicKey(signatures[0][:32]).String(); return nil },
		},
		{
			"base58, an event of pump read", func() error { _, err := market.DecodeBase58(nil, event); return err },
			func() error { _, err := base58.Decode(event); return err },
		},
		{
			"logsNotification of 56 lines", func() error { return parser.Parse([]byte(notification), &frame) },
			into(notification, func() any { return new(logsNotification) }),
		},
		{
			"asking for a transaction", func() error { _ = transactionCall(signatures[0], Confirmed, &one); return nil },
			func() error { _ = raw(askTransaction(signatures[0]), nil); return nil },
		},
		{
			"getTransaction", own(transaction, transactionCall(signatures[0], Confirmed, &one)),
			into(transaction, func() any { return new(rpc.GetTransactionResult) }),
		},
		{
			"getBlock, 1,500 signatures", own(block, blockCall(5, Confirmed, func([]byte) {})),
			into(block, func() any { return new(rpc.GetBlockResult) }),
		},
		{
			"getSignaturesForAddress, 1,000", own("["+strings.Join(page, ",")+"]", signaturesCall(market.Pubkey{}, market.Signature{}, 1000, 0, Confirmed, &infos)),
			into("["+strings.Join(page, ",")+"]", func() any { return &[]*rpc.TransactionSignature{} }),
		},
	}
}

func askTransaction(signature market.Signature) ask {
	return func(ctx context.Context, node *rpc.Client) error {
		_, err := node.GetTransaction(ctx, solana.Signature(signature), &rpc.GetTransactionOpts{
			Encoding: solana.EncodingBase64, Commitment: rpc.CommitmentConfirmed, MaxSupportedTransactionVersion: &rpc.MaxSupportedTransactionVersion1,
		})
		return err
	}
}

// TestQuestionsAreSolanaGos expects of the question that is written by hand that it is the client's.
func TestQuestionsAreSolanaGos(t *testing.T) {
	signature := market.Signature{1, 2, 3, 63: 4}
	got, want := transactionCall(signature, Confirmed, new(found)), raw(askTransaction(signature), nil)
	if got.method != want.method || got.params != want.params {
		t.Errorf("%s %s, want %s %s", got.method, got.params, want.method, want.params)
	}
}

// TestBesideSolanaGo keeps the benchmark honest: both ways work.
func TestBesideSolanaGo(t *testing.T) {
	for _, one := range besideSolanaGo() {
		if err := one.ours(); err != nil {
			t.Errorf("%s, ours: %v", one.name, err)
		}
		if err := one.theirs(); err != nil {
			t.Errorf("%s, solana-go's: %v", one.name, err)
		}
	}
}

// BenchmarkBesideSolanaGo runs both ways in turns; the numbers are of each way's fastest turn.
func BenchmarkBesideSolanaGo(b *testing.B) {
	const turn = 20 * time.Millisecond
	for _, one := range besideSolanaGo() {
		b.Run(one.name, func(b *testing.B) {
			run := func(do func() error) float64 {
				n, began := 0, time.Now()
				for time.Since(began) < turn {
					if err := do(); err != nil {
						b.Fatal(err)
					}
					n++
				}
				return float64(time.Since(began)) / float64(n)
			}
			ours, theirs := run(one.ours), run(one.theirs)
			for b.Loop() {
				ours, theirs = min(ours, run(one.ours)), min(theirs, run(one.theirs))
			}

			b.ReportMetric(ours, "ours-ns")
			b.ReportMetric(theirs, "solana-go-ns")
			b.ReportMetric(theirs/ours, "times-faster")
			b.ReportMetric(0, "ns/op")
		})
	}
}
