package simnet

import (
	"strings"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/simnet/launchpad"
)

// LedgerPage is the answer to simnet_ledger, the truth about the market for independent checks.
type LedgerPage struct {
	Transactions []LedgerTransaction `json:"transactions"` // in chain order; without those that stand on a fork only
	Next         string              `json:"next"`         // the signature to go on after; "" at the end of what there is now
	Processed    market.Slot         `json:"processed"`
	Confirmed    market.Slot         `json:"confirmed"`
	Finalized    market.Slot         `json:"finalized"` // a fork may still move transactions of later slots
}

// LedgerTransaction is one transaction.
type LedgerTransaction struct {
	Signature market.Signature `json:"signature"`
	Slot      market.Slot      `json:"slot"`
	Index     uint32           `json:"index"`
	BlockTime int64            `json:"block_time"`
	Failed    bool             `json:"failed"`
	Truncated bool             `json:"truncated"` // the log was cut
	Events    []LedgerEvent    `json:"events"`    // those that a reader of the log must find
	Lost      []LedgerEvent    `json:"lost,omitempty"`

	// Coin says that the transaction is the launchpad's, and Coins what happened in it: all of it can be known from the
	// transaction, its self-calls included, also where the log was cut.
	Coin  bool             `json:"coin,omitempty"`
	Coins []launchpad.Fact `json:"coins,omitempty"`
}

// LedgerEvent is one event. Fields that a kind does not have are left out; prices are raw.
type LedgerEvent struct {
	Kind        string        `json:"kind"`
	Mint        market.Pubkey `json:"mint"`
	Price       string        `json:"price_raw,omitempty"`
	Decimals    int           `json:"decimals,omitempty"`
	TokenAmount uint64        `json:"token_amount,omitempty"` // base units; as it counts in a candle
	SolAmount   uint64        `json:"sol_amount,omitempty"`   // lamports; as it counts in a candle
	Buy         bool          `json:"buy"`                    // the taker bought tokens
	User        string        `json:"user,omitempty"`         // payer, or the owner of the order
	Order       string        `json:"order,omitempty"`
	OrderType   uint8         `json:"order_type,omitempty"`
	Profit      uint64        `json:"profit,omitempty"` // lamports
	Symbol      string        `json:"symbol,omitempty"`
	Terms       *LedgerTerms  `json:"terms,omitempty"` // of the order, where the event states them
}

// LedgerTerms are the terms of a margin order; amounts in base units and lamports, times Unix seconds, prices raw.
type LedgerTerms struct {
	LockStart string `json:"lock_lp_start_price"`
	LockEnd   string `json:"lock_lp_end_price"`
	LockSol   uint64 `json:"lock_lp_sol_amount"`
	LockToken uint64 `json:"lock_lp_token_amount"`
	StartTime uint32 `json:"start_time"`
	EndTime   uint32 `json:"end_time"`
	MarginSol uint64 `json:"margin_sol_amount"`
	Borrow    uint64 `json:"borrow_amount"`
	Position  uint64 `json:"position_asset_amount"`
	BorrowFee uint16 `json:"borrow_fee"`
}

func termsOf(t *market.Terms) *LedgerTerms {
	return &LedgerTerms{
		LockStart: t.LockLpStartPrice.String(), LockEnd: t.LockLpEndPrice.String(), LockSol: t.LockLpSolAmount,
		LockToken: t.LockLpTokenAmount, StartTime: t.StartTime, EndTime: t.EndTime, MarginSol: t.MarginSolAmount,
		Borrow: t.BorrowAmount, Position: t.PositionAssetAmount, BorrowFee: t.BorrowFee,
	}
}

// ledger answers simnet_ledger: [{after: signature, limit: 1..5000, commitment}], everything but after with a default
// (1000, confirmed).
func (n *Net) ledger(a args) ([]byte, *rpcError) {
	query := struct {
		After      string `json:"after"`
		Limit      int    `json:"limit"`
		Commitment string `json:"commitment"`
	}{Limit: 1000}
	if fault := a.read(0, &query, false); fault != nil {
		return nil, fault
	}
	if query.Limit < 1 || query.Limit > 5000 {
		return nil, invalid("limit must be 1 to 5000")
	}

	level := confirmed
	switch strings.ToLower(query.Commitment) {
	case "processed":
		level = processed
	case "finalized":
		level = finalized
	}

	c := n.chain
	c.mu.RLock()
	defer c.mu.RUnlock()

	at, end := 0, c.upTo(c.slotAt(level))
	if query.After != "" {
		signature, fault := parseSignature(query.After)
		if fault != nil {
			return nil, fault
		}
		tx := c.bySignature[signature]
		if tx == nil {
			return nil, invalid("the signature to go on after is not in the ledger (any more)")
		}
		at = c.place(tx) + 1
	}

	page := LedgerPage{Transactions: []LedgerTransaction{}, Processed: c.processed, Confirmed: c.confirmed, Finalized: c.finalized}
	for ; at < end && len(page.Transactions) < query.Limit; at++ {
		if tx := c.transactions[at]; !tx.ghost {
			page.Transactions = append(page.Transactions, n.entry(tx))
		}
	}

	if at < end {
		page.Next = page.Transactions[len(page.Transactions)-1].Signature.String()
	}
	return encode(page), nil
}

func (n *Net) entry(tx *transaction) LedgerTransaction {
	lines, seen := n.scribe.write(tx)
	entry := LedgerTransaction{
		Signature: tx.signature, Slot: tx.slot, Index: tx.index, BlockTime: tx.time, Failed: tx.failed, Events: []LedgerEvent{},
	}
	for _, line := range lines {
		entry.Truncated = entry.Truncated || line == truncated
	}

	if tx.coin != nil {
		entry.Coin, entry.Coins = true, tx.coin.Truth
	}
	if tx.failed || tx.shape == spoofed {
		return entry
	}

	for i, body := range tx.events {
		event := n.plain(body)
		if i < seen {
			entry.Events = append(entry.Events, event)
		} else {
			entry.Lost = append(entry.Lost, event)
		}
	}

	return entry
}

// plain spells an event out, without the help of the code under test.
func (n *Net) plain(body market.Body) LedgerEvent {
	event := LedgerEvent{Kind: body.Kind().String(), Mint: body.MintAccount()}
	priced := func(price market.U128, token, sol uint64, buy bool) {
		event.Price, event.Decimals, event.TokenAmount, event.SolAmount, event.Buy = price.String(), n.cfg.Decimals, token, sol, buy
	}
	closed := func(b *spinpet.Close) {
		priced(b.LatestPrice, b.FinalTokenAmount, b.FinalSolAmount, !b.IsCloseLong)
		event.User, event.Order, event.Profit = b.UserSolAccount.String(), b.Order.String(), b.UserCloseProfit
	}
	switch b := body.(type) {
	case *spinpet.TokenCreated:
		event.User, event.Symbol = b.Payer.String(), b.Symbol
	case *spinpet.BuySell:
		priced(b.LatestPrice, b.TokenAmount, b.SolAmount, b.IsBuy)
		event.User = b.Payer.String()
	case *spinpet.LongShort:
		if event.OrderType = b.Terms.OrderType; event.OrderType == market.OrderLong {
			priced(b.LatestPrice, b.Terms.PositionAssetAmount, b.Terms.BorrowAmount, true)
		} else {
			priced(b.LatestPrice, b.Terms.BorrowAmount, b.Terms.PositionAssetAmount, false)
		}
		event.User, event.Order, event.Terms = b.Terms.User.String(), b.Order.String(), termsOf(&b.Terms)
	case *spinpet.FullClose:
		closed(&b.Close)
	case *spinpet.PartialClose:
		closed(&b.Close)
		event.OrderType, event.User, event.Terms = b.Terms.OrderType, b.Terms.User.String(), termsOf(&b.Terms)
	case *spinpet.ForceLiquidate:
		event.Order = b.Order.String()
	}

	return event
}

// status answers simnet_status.
func (n *Net) status(args) ([]byte, *rpcError) {
	list := n.sockets.all()
	subscriptions := 0
	for _, s := range list {
		s.mu.Lock()
		subscriptions += len(s.subs)
		s.mu.Unlock()
	}
	c := n.chain
	c.mu.RLock()
	defer c.mu.RUnlock()
	return encode(map[string]any{
		"processed": c.processed, "confirmed": c.confirmed, "finalized": c.finalized, "first_slot": c.base, "first_live_slot": c.live,
		"transactions": len(c.transactions), "pruned": c.pruned, "rate": n.Rate(), "sockets": len(list),
		"subscriptions": subscriptions, "faults": n.FaultCounts(), "program": n.cfg.Program, "gateway": n.GatewayURL(),
	}), nil
}

// control answers simnet_control: [{rate, outage_ms, refuse_rpc_ms, close_sockets, faults, nodes}], every field optional. The
// answer is that of simnet_status.
func (n *Net) control(a args) ([]byte, *rpcError) {
	var order struct {
		Rate         *float64 `json:"rate"`
		OutageMs     int64    `json:"outage_ms"`
		RefuseMs     int64    `json:"refuse_rpc_ms"`
		CloseSockets bool     `json:"close_sockets"`
		Faults       *Faults  `json:"faults"`

		Nodes map[string][]Node `json:"nodes"`
	}
	if fault := a.read(0, &order, true); fault != nil {
		return nil, fault
	}

	if order.Rate != nil {
		n.SetRate(*order.Rate)
	}
	if order.Faults != nil {
		n.SetFaults(*order.Faults)
	}

	for name, members := range order.Nodes {
		n.SetNode(name, members...)
	}
	if order.CloseSockets {
		n.CloseSockets()
	}

	if order.RefuseMs > 0 {
		n.RefuseRPC(time.Duration(order.RefuseMs) * time.Millisecond)
	}
	if order.OutageMs > 0 {
		n.Outage(time.Duration(order.OutageMs) * time.Millisecond)
	}

	return n.status(nil)
}
