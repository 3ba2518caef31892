package ingest_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/store"
)

// slowStore is a store whose commits take their time, far longer sometimes than the making of one, so that the writer is
// ahead of them. It fails the test when the writer asks for what a commit under way is about to change.
type slowStore struct {
	*store.Store
	t       *testing.T
	r       *rand.Rand // of the committing goroutine, of which there is one at a time
	pending atomic.Pointer[market.Commit]
}

func (h *slowStore) Commit(c *market.Commit) error {
	h.pending.Store(c)
	defer h.pending.Store(nil)
	for range 1 << h.r.IntN(16) {
		runtime.Gosched()
	}
	return h.Store.Commit(c)
}

// asks notes a question that a commit under way would answer otherwise.
func (h *slowStore) asks(what string, concerns func(*market.Commit) bool) {
	if c := h.pending.Load(); c != nil && concerns(c) {
		h.t.Errorf("%s was read while commit %d was under way", what, c.Seq)
	}
}

func changesEvents(match func(*market.Event) bool) func(*market.Commit) bool {
	of := func(e market.Event) bool { return match(&e) }
	return func(c *market.Commit) bool {
		return slices.ContainsFunc(c.Events, of) || slices.ContainsFunc(c.Removed, of)
	}
}

func (h *slowStore) Order(address market.Pubkey) (market.Order, bool, error) {
	h.asks("order", func(c *market.Commit) bool {
		return slices.ContainsFunc(c.Orders, func(o market.OrderChange) bool { return o.Order.Address == address })
	})
	return h.Store.Order(address)
}

func (h *slowStore) OpenCandles(mint market.Pubkey) (market.OpenCandles, bool, error) {
	h.asks("open candles", func(c *market.Commit) bool {
		return slices.ContainsFunc(c.OpenCandles, func(b market.OpenCandles) bool { return b.Mint == mint })
	})
	return h.Store.OpenCandles(mint)
}

func (h *slowStore) Token(mint market.Pubkey) (market.Token, bool, error) {
	h.asks("token", func(c *market.Commit) bool {
		return slices.ContainsFunc(c.Tokens, func(t market.Token) bool { return t.Mint == mint })
	})
	return h.Store.Token(mint)
}

func (h *slowStore) SlotEvents(from, to market.Slot, fn func(*market.Event) error) error {
	h.asks("slot", changesEvents(func(e *market.Event) bool { return e.Slot >= from && e.Slot <= to }))
	return h.Store.SlotEvents(from, to, fn)
}

func (h *slowStore) FindSignature(signature market.Signature, fn func(*market.Event) error) error {
	h.asks("transaction", changesEvents(func(e *market.Event) bool { return e.Signature == signature }))
	return h.Store.FindSignature(signature, fn)
}

func (h *slowStore) OrderEvents(order market.Pubkey, fn func(*market.Event) error) error {
	h.asks("order's events", changesEvents(func(e *market.Event) bool {
		of, ok := e.Order()
		return ok && of == order
	}))
	return h.Store.OrderEvents(order, fn)
}

func (h *slowStore) MintEvents(mint market.Pubkey, after market.Position, fn func(*market.Event) error) error {
	h.asks("mint's events", changesEvents(func(e *market.Event) bool { return e.Mint() == mint }))
	return h.Store.MintEvents(mint, after, fn)
}

func (h *slowStore) CandlesBetween(mint market.Pubkey, interval market.Interval, from, to int64) ([]market.Candle, error) {
	h.asks("candles", func(c *market.Commit) bool {
		return slices.ContainsFunc(c.Candles, func(change market.CandleChange) bool { return change.Mint == mint })
	})
	return h.Store.CandlesBetween(mint, interval, from, to)
}
