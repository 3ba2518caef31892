package solana

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"spinscope/backend/market"
)

const mostAsked = 256 // signatures of one getSignatureStatuses

// audit finds what was delivered and is no longer part of the chain: what a walk through finalized slots does not show.
// Safe for concurrent use.
type audit struct {
	mu   sync.Mutex
	left map[market.Signature]entry // delivered, not seen yet
	top  market.Slot                // newest slot among them at the beginning
}

// newAudit begins with what was delivered of slots from..to, as far as it is remembered.
func newAudit(l *ledger, from, to market.Slot) *audit {
	a := &audit{left: l.between(max(from, l.lowest()), to)}
	for _, e := range a.left {
		a.top = max(a.top, e.slot)
	}
	return a
}

// see notes a signature that the chain holds.
func (a *audit) see(info signatureInfo) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.left, info.signature)
}

// gone takes out what has not been seen although the walk has come to its end.
func (a *audit) gone() []market.Signature {
	a.mu.Lock()
	defer a.mu.Unlock()
	var signatures []market.Signature
	for signature := range a.left {
		signatures = append(signatures, signature)
	}
	clear(a.left)
	slices.SortFunc(signatures, func(x, y market.Signature) int { return slices.Compare(x[:], y[:]) })
	return signatures
}

// confirmGone asks for each signature by itself: a list with a hole in it must not withdraw anything.
func (c *rpcClient) confirmGone(ctx context.Context, signatures []market.Signature) ([]market.Signature, error) {
	var gone []market.Signature
	for chunk := range slices.Chunk(signatures, mostAsked) {
		unknown, err := c.vanished(ctx, chunk)
		if err != nil {
			return nil, fmt.Errorf("check %d signatures: %w", len(chunk), err)
		}
		for i, signature := range chunk {
			if unknown[i] {
				gone = append(gone, signature)
			}
		}
	}
	return gone, nil
}
