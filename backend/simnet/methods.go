package simnet

import (
	"crypto/sha512"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"spinscope/backend/market"
)

// methods are those of the HTTP service. Each answers under the chain's read lock where it reads the chain.
var methods map[string]func(*access, args) ([]byte, *rpcError)

func init() { // not a literal: simnet_control refers to Net, and Net to the table
	methods = map[string]func(*access, args) ([]byte, *rpcError){
		"getHealth": func(*access, args) ([]byte, *rpcError) { return []byte(`"ok"`), nil },
		"getVersion": func(*access, args) ([]byte, *rpcError) {
			return []byte(`{"feature-set":3640012085,"solana-core":"2.3.6"}`), nil
		},
		"getGenesisHash":          func(n *access, _ args) ([]byte, *rpcError) { return appendString(nil, n.genesis), nil },
		"getSlot":                 (*access).getSlot,
		"getBlockHeight":          (*access).getBlockHeight,
		"getFirstAvailableBlock":  (*access).getFirstAvailableBlock,
		"minimumLedgerSlot":       (*access).getFirstAvailableBlock,
		"getBlockTime":            (*access).getBlockTime,
		"getBlock":                (*access).getBlock,
		"getBlocks":               (*access).getBlocks,
		"getSignaturesForAddress": (*access).getSignaturesForAddress,
		"getTransaction":          (*access).getTransaction,
		"getSignatureStatuses":    (*access).getSignatureStatuses,
		"getMultipleAccounts":     (*access).getMultipleAccounts,
		"simnet_ledger":           (*access).ledger,
		"simnet_status":           (*access).status,
		"simnet_control":          (*access).control,
	}
}

func number[T ~uint64 | ~int64](x T) []byte { return fmt.Append(nil, x) }

func encode(value any) []byte {
	text, _ := json.Marshal(value) // cannot fail: plain values only
	return text
}

// view reads options and locks the chain at them; release ends it.
func (n *access) view(a args, at int) (o options, release func(), fault *rpcError) {
	if o, fault = a.options(at); fault != nil {
		return o, nil, fault
	}
	n.chain.mu.RLock()
	if fault = o.reached(n.chain); fault != nil {
		n.chain.mu.RUnlock()
		return o, nil, fault
	}
	return o, n.chain.mu.RUnlock, nil
}

func (n *access) getSlot(a args) ([]byte, *rpcError) {
	o, release, fault := n.view(a, 0)
	if fault != nil {
		return nil, fault
	}
	defer release()
	return number(n.chain.slotAt(o.level)), nil
}

func (n *access) getBlockHeight(a args) ([]byte, *rpcError) {
	o, release, fault := n.view(a, 0)
	if fault != nil {
		return nil, fault
	}
	defer release()
	return number(n.chain.at(n.chain.slotAt(o.level)).height), nil
}

func (n *access) getFirstAvailableBlock(args) ([]byte, *rpcError) {
	n.chain.mu.RLock()
	defer n.chain.mu.RUnlock()
	return number(n.first()), nil
}

// missing is the error for a slot without a block, nil if it has one.
func (n *access) missing(slot market.Slot, level commitment) *rpcError {
	c := n.chain
	b := c.at(slot)
	switch first := n.first(); {
	case slot < first:
		return &rpcError{Code: -32001, Message: fmt.Sprintf("Block %d cleaned up, does not exist on node. First available block: %d", slot, first)}
	case slot < c.base:
		return &rpcError{Code: -32009, Message: fmt.Sprintf("Slot %d was skipped, or missing in long-term storage", slot)}
	case b == nil || slot > c.slotAt(level):
		return &rpcError{Code: -32004, Message: fmt.Sprintf("Block not available for slot %d", slot)}
	case b.skipped && slot < c.live:
		return &rpcError{Code: -32009, Message: fmt.Sprintf("Slot %d was skipped, or missing in long-term storage", slot)}
	case b.skipped:
		return &rpcError{Code: -32007, Message: fmt.Sprintf("Slot %d was skipped, or missing due to ledger jump to recent snapshot", slot)}
	}
	return nil
}

// getBlockTime knows the time of the slot that was just announced, too.
func (n *access) getBlockTime(a args) ([]byte, *rpcError) {
	var slot market.Slot
	if fault := a.read(0, &slot, true); fault != nil {
		return nil, fault
	}
	c := n.chain
	c.mu.RLock()
	defer c.mu.RUnlock()
	if slot == c.next() && slot == c.announced {
		return number(c.upcoming), nil
	}
	if fault := n.missing(slot, processed); fault != nil {
		return nil, fault
	}
	return number(c.at(slot).time), nil
}

func (n *access) getBlock(a args) ([]byte, *rpcError) {
	var slot market.Slot
	if fault := a.read(0, &slot, true); fault != nil {
		return nil, fault
	}

	o, fault := a.options(1)
	if fault == nil {
		fault = o.sure()
	}
	if fault == nil && o.TransactionDetails != "signatures" && o.TransactionDetails != "none" {
		fault = invalid("simnet knows transactionDetails signatures and none")
	}

	if fault != nil {
		return nil, fault
	}
	c := n.chain
	c.mu.RLock()
	defer c.mu.RUnlock()

	if fault := n.missing(slot, o.level); fault != nil {
		return nil, fault
	}
	b := c.at(slot)
	parent := slot - 1
	for parent > c.base && c.at(parent).skipped {
		parent--
	}

	result := map[string]any{
		"blockHeight": b.height, "blockTime": b.time, "blockhash": n.blockhash(slot), "parentSlot": parent,
		"previousBlockhash": n.blockhash(parent),
	}
	if o.TransactionDetails == "signatures" {
		result["signatures"] = n.signatures(slot, c.in(b))
	}

	return encode(result), nil
}

// signatures lists a block's transactions; between the market's own stand others'.
func (n *Net) signatures(slot market.Slot, own []*transaction) []market.Signature {
	list := make([]market.Signature, 0, 2*len(own)+2)
	for _, tx := range own {
		for uint32(len(list)) < tx.index { //nolint:gosec // a block holds few
			list = append(list, n.filler(slot, len(list)))
		}
		list = append(list, tx.signature)
	}
	return append(list, n.filler(slot, len(list)))
}

// filler is the signature of a transaction that has nothing to do with the market.
func (n *Net) filler(slot market.Slot, index int) market.Signature {
	text := binary.LittleEndian.AppendUint64([]byte("filler"), uint64(slot))
	text = binary.LittleEndian.AppendUint64(text, uint64(index)) //nolint:gosec // not negative
	return sha512.Sum512(append(text, n.genesis...))
}

func (n *Net) blockhash(slot market.Slot) market.Pubkey {
	digest := n.filler(slot, 1<<32)
	return market.Pubkey(digest[:32])
}

func (n *access) getBlocks(a args) ([]byte, *rpcError) {
	const maximum = 500_000
	var from market.Slot
	var last *market.Slot
	if fault := a.read(0, &from, true); fault != nil {
		return nil, fault
	}

	at := 1
	if len(a) > 1 && a.read(1, &last, false) == nil {
		at = 2
	}
	o, fault := a.options(at)
	if fault == nil {
		fault = o.sure()
	}

	if fault != nil {
		return nil, fault
	}
	c := n.chain
	c.mu.RLock()
	defer c.mu.RUnlock()

	to := c.slotAt(o.level)
	if last != nil {
		if *last >= from && *last-from > maximum {
			return nil, invalid("Slot range too large; max %d", maximum)
		}
		to = min(to, *last)
	}

	list := []market.Slot{}
	for slot := max(from, c.base, n.first()); slot <= to; slot++ {
		if !c.at(slot).skipped {
			list = append(list, slot)
		}
	}

	return encode(list), nil
}

func (n *access) getSignaturesForAddress(a args) ([]byte, *rpcError) {
	const maximum = 1000
	address, fault := a.address(0)
	if fault != nil {
		return nil, fault
	}

	o, release, fault := n.view(a, 1)
	if fault != nil {
		return nil, fault
	}

	defer release()
	if fault := o.sure(); fault != nil {
		return nil, fault
	}

	limit := maximum
	if o.Limit != nil {
		if limit = *o.Limit; limit < 1 || limit > maximum {
			return nil, invalid("Invalid limit; max %d", maximum)
		}
	}

	c := n.chain
	at := c.upTo(c.slotAt(o.level))
	if o.Before != "" {
		before, fault := parseSignature(o.Before)
		if fault != nil {
			return nil, fault
		}
		tx := n.find(before)
		if tx == nil {
			return []byte("[]"), nil // as the real one
		}
		at = min(at, c.place(tx))
	}

	var until *transaction
	if o.Until != "" {
		signature, fault := parseSignature(o.Until)
		if fault != nil {
			return nil, fault
		}
		until = c.bySignature[signature] // an unknown one bounds nothing, as the real one
	}

	var list []*transaction
	first := n.first()
	for _, tx := range slices.Backward(c.transactions[:at]) {
		if tx == until || tx.slot < first || len(list) == limit {
			break
		}
		if n.mentions(tx, address) {
			list = append(list, tx)
		}
	}

	b := append(make([]byte, 0, limit*64), '[')
	for i, tx := range n.spoil(list, o.Before) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendSignature(b, tx, c.levelOf(tx.slot))
	}

	return append(b, ']'), nil
}

func (a args) address(i int) (address market.Pubkey, fault *rpcError) {
	var text string
	if fault = a.read(i, &text, true); fault != nil {
		return address, fault
	}
	address, err := market.ParsePubkey(text)
	if err != nil {
		return address, invalid("Invalid param: Invalid")
	}
	return address, nil
}

func parseSignature(text string) (market.Signature, *rpcError) {
	signature, err := market.ParseSignature(text)
	if err != nil {
		return signature, invalid("Invalid param: Invalid")
	}
	return signature, nil
}

func (n *access) getTransaction(a args) ([]byte, *rpcError) {
	var text string
	if fault := a.read(0, &text, true); fault != nil {
		return nil, fault
	}

	signature, fault := parseSignature(text)
	if fault != nil {
		return nil, fault
	}

	o, fault := a.options(1)
	if fault == nil {
		fault = o.sure()
	}
	if fault == nil && o.Encoding != "base64" {
		fault = invalid("simnet knows the encoding base64")
	}

	if fault != nil {
		return nil, fault
	}
	c := n.chain
	c.mu.RLock()
	defer c.mu.RUnlock()

	tx := n.find(signature)
	if tx == nil || tx.slot > c.slotAt(o.level) {
		return []byte("null"), nil
	}

	const young = 64 // slots
	if tx.slot+young > c.processed && n.chaos.strikes("null", func(f *Faults) float64 { return f.Null }) {
		return []byte("null"), nil
	}
	if o.MaxVersion == nil || *o.MaxVersion < tx.version {
		version := strconv.Itoa(int(tx.version))
		return nil, &rpcError{Code: -32015, Message: "Transaction version (" + version + ") is not supported by the requesting client. " +
			"Please try the request again with the following configuration parameter: \"maxSupportedTransactionVersion\": " + version}
	}

	return n.appendTransaction(make([]byte, 0, 4096), tx), nil
}

func (n *access) getSignatureStatuses(a args) ([]byte, *rpcError) {
	const maximum, recent = 256, 150
	var list []string
	if fault := a.read(0, &list, true); fault != nil {
		return nil, fault
	}
	if len(list) > maximum {
		return nil, invalid("Too many inputs provided; max %d", maximum)
	}

	o, fault := a.options(1)
	if fault != nil {
		return nil, fault
	}

	c := n.chain
	c.mu.RLock()
	defer c.mu.RUnlock()

	b := strconv.AppendUint([]byte(`{"context":{"apiVersion":"2.3.6","slot":`), uint64(c.processed), 10)
	b = append(b, `},"value":[`...)
	for i, text := range list {
		signature, fault := parseSignature(text)
		if fault != nil {
			return nil, fault
		}

		if i > 0 {
			b = append(b, ',')
		}
		tx := n.find(signature)
		if tx == nil || !o.SearchHistory && tx.slot+recent < c.processed {
			b = append(b, "null"...)
			continue
		}

		level := c.levelOf(tx.slot)
		b = append(append(append(b, `{"confirmationStatus":"`...), level.String()...), `","confirmations":`...)
		if level == finalized {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendUint(b, uint64(c.processed-tx.slot), 10)
		}

		b = appendErr(append(b, `,"err":`...), tx)
		b = strconv.AppendUint(append(b, `,"slot":`...), uint64(tx.slot), 10)
		b = append(appendStatus(append(b, `,"status":`...), tx), '}')
	}

	return append(b, "]}"...), nil
}
