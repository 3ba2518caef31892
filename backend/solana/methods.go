package solana

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/valyala/fastjson"

	"spinscope/backend/market"
)

// signatureInfo is an entry of getSignaturesForAddress.
type signatureInfo struct {
	signature market.Signature
	slot      market.Slot
	time      int64 // Unix seconds, 0 when unknown
	failed    bool
}

// Error codes of the cluster's JSON-RPC.
const (
	codeSlotSkipped     = -32007
	codeLongSlotSkipped = -32009
)

const methodSlot = "getSlot"

func slotCall(commitment string, to *market.Slot) *call {
	return &call{method: methodSlot, params: `[{"commitment":"` + commitment + `"}]`, decode: func(result *fastjson.Value) error {
		n, err := result.Uint64()
		*to = market.Slot(n)
		return err
	}}
}

// timeCall asks for a block time; *to stays 0 when it is not known (yet).
func timeCall(slot market.Slot, to *int64) *call {
	return &call{method: "getBlockTime", params: "[" + formatSlot(slot) + "]", decode: func(result *fastjson.Value) error {
		if result.Type() == fastjson.TypeNull {
			return nil
		}
		n, err := result.Int64()
		*to = n
		return err
	}}
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

// signatures is one page of the program's signatures, newest first, of those before the given one ("" = the newest).
func (c *rpcClient) signatures(ctx context.Context, program market.Pubkey, before string, limit int, least market.Slot, commitment string) ([]signatureInfo, error) {
	params := `["` + program.String() + `",{"limit":` + strconv.Itoa(limit) + `,"commitment":"` + commitment + `"`
	if least > 0 {
		params += `,"minContextSlot":` + formatSlot(least)
	}
	if before != "" {
		params += `,"before":"` + before + `"`
	}
	var infos []signatureInfo
	one := &call{method: "getSignaturesForAddress", params: params + "}]", decode: func(result *fastjson.Value) error {
		list, err := result.Array()
		if err != nil {
			return err
		}
		if len(list) > limit {
			return fmt.Errorf("%w: %d signatures, %d asked for", errResponse, len(list), limit)
		}
		infos = make([]signatureInfo, 0, len(list))
		for _, item := range list {
			signature, err := market.ParseSignature(string(item.GetStringBytes("signature")))
			if err != nil {
				return err
			}
			infos = append(infos, signatureInfo{
				signature: signature, slot: market.Slot(item.GetUint64("slot")), time: item.GetInt64("blockTime"), failed: isFailure(item.Get("err")),
			})
		}
		return nil
	}}
	if err := c.do(ctx, attempts, one); err != nil {
		return nil, err
	}
	if one.err != nil {
		return nil, fmt.Errorf("getSignaturesForAddress at %s: %w", c.name, one.err)
	}
	return infos, nil
}

// found is what getTransaction gave: known is false for null, bare when the node kept no logs.
type found struct {
	tx          market.Transaction
	known, bare bool
}

func transactionCall(signature market.Signature, commitment string, to *found) *call {
	params := `["` + signature.String() + `",{"encoding":"base64","maxSupportedTransactionVersion":1,"commitment":"` + commitment + `"}]`
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
		logs := meta.Get("logMessages")
		if logs == nil || logs.Type() == fastjson.TypeNull {
			to.bare = true
			return nil
		}
		to.tx.Logs, _, err = copyLogs(nil, nil, logs)
		return err
	}}
}

// blockCall asks for the signatures of a block in their order.
func blockCall(slot market.Slot, commitment string, visit func(signature []byte)) *call {
	params := `[` + formatSlot(slot) + `,{"transactionDetails":"signatures","rewards":false,"maxSupportedTransactionVersion":1,"commitment":"` + commitment + `"}]`
	return &call{method: "getBlock", params: params, decode: func(result *fastjson.Value) error {
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
	}}
}

// errNoBlock is returned for a block the node does not have.
var errNoBlock = errors.New("block not available")

// vanished tells which of at most 256 signatures no fork knows any more.
func (c *rpcClient) vanished(ctx context.Context, signatures []market.Signature) ([]bool, error) {
	params := []byte(`[[`)
	for i, signature := range signatures {
		if i > 0 {
			params = append(params, ',')
		}
		params = append(params, '"')
		params, _ = signature.AppendText(params)
		params = append(params, '"')
	}
	gone := make([]bool, len(signatures))
	one := &call{method: "getSignatureStatuses", params: string(params) + `],{"searchTransactionHistory":true}]`, decode: func(result *fastjson.Value) error {
		list := result.GetArray("value")
		if len(list) != len(signatures) {
			return fmt.Errorf("%w: %d statuses of %d", errResponse, len(list), len(signatures))
		}
		for i, item := range list {
			gone[i] = item.Type() == fastjson.TypeNull
		}
		return nil
	}}
	if err := c.do(ctx, attempts, one); err != nil {
		return nil, err
	}
	return gone, one.err
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

func formatSlot(slot market.Slot) string { return strconv.FormatUint(uint64(slot), 10) }

func firstError(calls []*call) error {
	for _, one := range calls {
		if one.err != nil {
			return fmt.Errorf("%s: %w", one.method, one.err)
		}
	}
	return nil
}
