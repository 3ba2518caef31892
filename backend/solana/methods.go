package solana

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/valyala/fastjson"

	"spinscope/backend/market"
)

// signatureInfo is an entry of getSignaturesForAddress.
type signatureInfo struct {
	signature market.Signature
	slot      market.Slot
	time      int64 // Unix seconds, 0 when unknown
	failed    bool
	undated   bool // of one that is missing: it is shown, and nothing says when it was
}

const methodSlot = "getSlot"

func slotCall(commitment string, to *market.Slot) *call {
	return typed(func(ctx context.Context, node *rpc.Client) error {
		slot, err := node.GetSlot(ctx, rpc.CommitmentType(commitment))
		*to = market.Slot(slot)
		return err
	})
}

// timeCall asks for a block time; *to stays 0 when it is not known (yet).
func timeCall(slot market.Slot, to *int64) *call {
	return typed(func(ctx context.Context, node *rpc.Client) error {
		at, err := node.GetBlockTime(ctx, uint64(slot))
		if at != nil {
			*to = int64(*at)
		}
		return err
	})
}

func (c *rpcClient) slots(ctx context.Context, commitments ...string) ([]market.Slot, error) {
	slots := make([]market.Slot, len(commitments))
	calls := make([]*call, len(commitments))
	for i, commitment := range commitments {
		calls[i] = slotCall(commitment, &slots[i])
	}
	if err := c.do(ctx, attempts, calls...); err != nil {
		return nil, err
	}
	return slots, firstError(calls)
}

// genesisCall asks for the chain's name. It is only compared, so that any text will do.
func genesisCall(to *string) *call {
	return raw(func(ctx context.Context, node *rpc.Client) error {
		_, err := node.GetGenesisHash(ctx)
		return err
	}, func(result *fastjson.Value) error {
		text, err := result.StringBytes()
		*to = string(text)
		return err
	})
}

// versionCall asks for the node's version, such as 2.1.21.
func versionCall(to *string) *call {
	return typed(func(ctx context.Context, node *rpc.Client) error {
		version, err := node.GetVersion(ctx)
		if err == nil && (version == nil || version.SolanaCore == "") {
			return fmt.Errorf("%w: no version", errResponse)
		}
		if version != nil {
			*to = version.SolanaCore
		}
		return err
	})
}

// firstBlockCall asks where a node's ledger begins.
func firstBlockCall(to *market.Slot) *call {
	return typed(func(ctx context.Context, node *rpc.Client) error {
		first, err := node.GetFirstAvailableBlock(ctx)
		*to = market.Slot(first)
		return err
	})
}

// signaturesAndFirst is the page of an address's signatures before the given one, and where the ledger begins of the node that
// gave it: noSlot when it does not say. The list comes first: what the node forgets between the two is then said to be gone.
func (c *rpcClient) signaturesAndFirst(ctx context.Context, address market.Pubkey, before market.Signature, commitment string) (infos []signatureInfo, first market.Slot, err error) {
	list, depth := signaturesCall(address, before, pageSize, 0, commitment, &infos), firstBlockCall(&first)
	if err := c.do(ctx, attempts, list, depth); err != nil {
		return nil, 0, err
	}
	if list.err != nil {
		return nil, 0, fmt.Errorf("getSignaturesForAddress at %s: %w", c.name, list.err)
	}
	if depth.err != nil {
		first = noSlot
	}
	return infos, first, nil
}

// signatures is one page of an address's signatures, newest first, of those before the given one (zero = the newest).
func (c *rpcClient) signatures(ctx context.Context, address market.Pubkey, before market.Signature, limit int, least market.Slot, commitment string) ([]signatureInfo, error) {
	var infos []signatureInfo
	one := signaturesCall(address, before, limit, least, commitment, &infos)
	if err := c.do(ctx, attempts, one); err != nil {
		return nil, err
	}
	if one.err != nil {
		return nil, fmt.Errorf("getSignaturesForAddress at %s: %w", c.name, one.err)
	}
	return infos, nil
}

// signaturesCall asks for a page of an address's signatures. Of a thousand lines four members are read, which solana-go takes
// more than five times as long for, and an odd one among the others is no reason to lose the page.
func signaturesCall(address market.Pubkey, before market.Signature, limit int, least market.Slot, commitment string, to *[]signatureInfo) *call {
	options := rpc.GetSignaturesForAddressOpts{Limit: &limit, Before: solana.Signature(before), Commitment: rpc.CommitmentType(commitment)}
	if least > 0 {
		options.MinContextSlot = new(uint64(least))
	}
	return raw(func(ctx context.Context, node *rpc.Client) error {
		_, err := node.GetSignaturesForAddressWithOpts(ctx, solana.PublicKey(address), &options)
		return err
	}, func(result *fastjson.Value) error {
		list, err := result.Array()
		if err != nil {
			return err
		}
		if len(list) > limit {
			return fmt.Errorf("%w: %d signatures, %d asked for", errResponse, len(list), limit)
		}

		infos := make([]signatureInfo, 0, len(list))
		for _, item := range list {
			signature, err := market.ParseSignature(bytesText(item.GetStringBytes("signature")))
			if err != nil {
				return err
			}
			infos = append(infos, signatureInfo{
				signature: signature, slot: market.Slot(item.GetUint64("slot")), time: item.GetInt64("blockTime"), failed: isFailure(item.Get("err")),
			})
		}

		*to = infos
		return nil
	})
}

// found is what getTransaction gave: known is false for null, bare when the node kept no logs.
type found struct {
	tx          market.Transaction
	known, bare bool
}

// transactionCall asks for a transaction. It is asked thousands of times a second while history is read, so the question is
// written by hand, and of the answer only time, error and logs are read: solana-go reads its accounts, balances and
// instructions too. BenchmarkBesideSolanaGo has the ratios of both.
func transactionCall(signature market.Signature, commitment string, to *found) *call {
	params := `["` + signature.String() + `",{"commitment":"` + commitment + `","encoding":"base64","maxSupportedTransactionVersion":1}]`
	return &call{method: "getTransaction", params: params, decode: func(result *fastjson.Value) error {
		if result.Type() == fastjson.TypeNull {
			return nil
		}
		slot, err := uintField(result, "slot")
		if err != nil {
			return err
		}

		*to = found{known: true, tx: market.Transaction{
			Signature: signature, Slot: market.Slot(slot), BlockTime: result.GetInt64("blockTime"), ReceivedAt: time.Now(),
		}}

		meta := result.Get("meta")
		if meta == nil || meta.Type() != fastjson.TypeObject {
			to.bare = true
			return nil
		}

		to.tx.Failed = isFailure(meta.Get("err"))
		to.tx.Inner = selfCalls(result.Get("transaction"), meta)

		logs := meta.Get("logMessages")
		if logs == nil || logs.Type() == fastjson.TypeNull {
			to.bare = true
			return nil
		}
		if to.tx.Logs, _, err = copyLogs(nil, nil, logs); err != nil {
			return err
		}
		if hidesCalls(meta, to.tx.Logs) {
			to.tx.Inner = nil
		}
		return nil
	}}
}

// blockCall asks for the signatures of a block in their order. They are handed on as they stand: of a few thousand one or
// two are looked for, and solana-go, which decodes them all, takes sixty times as long.
func blockCall(slot market.Slot, commitment string, visit func(signature []byte)) *call {
	return raw(askBlock(slot, rpc.TransactionDetailsSignatures, commitment), func(result *fastjson.Value) error {
		if result.Type() == fastjson.TypeNull {
			return errNoBlock
		}
		list := result.Get("signatures")
		if list == nil || list.Type() != fastjson.TypeArray {
			return fmt.Errorf("%w: block without signatures", errResponse)
		}

		items, err := list.Array()
		for _, item := range items {
			text, err := item.StringBytes()
			if err != nil {
				return err
			}
			visit(text)
		}

		return err
	})
}

// parentCall asks which slot a block builds on; *to stays noSlot for a slot without a block. An answer without that slot
// must not be taken for slot 0, which solana-go's type would do: it would show that the chain passed over a slot.
func parentCall(slot market.Slot, to *market.Slot) *call {
	*to = noSlot
	return raw(askBlock(slot, rpc.TransactionDetailsNone, Finalized), func(result *fastjson.Value) error {
		if result.Type() == fastjson.TypeNull {
			return errNoBlock
		}
		parent, err := uintField(result, "parentSlot")
		*to = market.Slot(parent)
		return err
	})
}

// askBlock asks for a block without rewards.
func askBlock(slot market.Slot, details rpc.TransactionDetailsType, commitment string) ask {
	return func(ctx context.Context, node *rpc.Client) error {
		_, err := node.GetBlockWithOpts(ctx, uint64(slot), &rpc.GetBlockOpts{
			TransactionDetails: details, Rewards: new(false), MaxSupportedTransactionVersion: &rpc.MaxSupportedTransactionVersion1,
			Commitment: rpc.CommitmentType(commitment),
		})
		return err
	}
}

// errNoBlock is returned for a block the node does not have.
var errNoBlock = errors.New("block not available")

// unknown tells which of at most 256 signatures a node knows on no fork. It may have forgotten them. Nothing of a status
// is read but that there is one: what a node writes into it may change.
func (c *rpcClient) unknown(ctx context.Context, signatures []market.Signature) ([]bool, error) {
	unknown := make([]bool, len(signatures))
	one := raw(func(ctx context.Context, node *rpc.Client) error {
		list := make([]solana.Signature, len(signatures))
		for i, signature := range signatures {
			list[i] = solana.Signature(signature)
		}
		_, err := node.GetSignatureStatuses(ctx, true, list...)
		return err
	}, func(result *fastjson.Value) error {
		list := result.GetArray("value")
		if len(list) != len(signatures) {
			return fmt.Errorf("%w: %d statuses of %d", errResponse, len(list), len(signatures))
		}
		for i, item := range list {
			unknown[i] = item.Type() == fastjson.TypeNull
		}
		return nil
	})
	if err := c.do(ctx, attempts, one); err != nil {
		return nil, err
	}

	return unknown, one.err
}

func isFailure(err *fastjson.Value) bool { return err != nil && err.Type() != fastjson.TypeNull }

func uintField(object *fastjson.Value, key string) (uint64, error) {
	field := object.Get(key)
	if field == nil {
		return 0, fmt.Errorf("%w: no %s", errResponse, key)
	}
	n, err := field.Uint64()
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", errResponse, key, err)
	}
	return n, nil
}

func firstError(calls []*call) error {
	for _, one := range calls {
		if one.err != nil {
			return fmt.Errorf("%s: %w", one.method, one.err)
		}
	}
	return nil
}
