package solana

import (
	"context"
	"slices"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

const maxRepairs = 16 // transactions asked for at once because of their log

// isCut reports whether a transaction's log is not whole, and nothing else tells its events.
func isCut(tx *market.Transaction) bool { return tx.Inner == nil && isShort(tx) }

// isShort reports whether a transaction's log is not whole.
func isShort(tx *market.Transaction) bool { return slices.Contains(tx.Logs, program.TruncatedLine) }

// startRepairs asks for the live transactions whose log was cut: what their programs told themselves is whole. They wait for
// the answer as others do for their block time; one that does not come in time is brought by a rescan.
func (s *session) startRepairs(ctx context.Context, arrived []market.Transaction) {
	if !s.config.SelfCalls {
		return
	}
	for i := range arrived {
		tx := &arrived[i]
		if tx.Failed && !s.config.IncludeFailed || !isCut(tx) || s.repairs[tx.Signature] || len(s.repairs) >= maxRepairs {
			continue
		}
		if _, known := s.ledger.get(tx.Signature); known {
			continue // history brought it, whole
		}
		s.repairs[tx.Signature] = true
		signature := tx.Signature
		s.group.Go(func() {
			s.send(ctx, find{repaired: s.repair(ctx, signature)}) //nolint:errcheck // ends with ctx
		})
	}
}

// repaired is the end of a repair: of the transaction found, or one without inner instructions.
type repaired struct {
	signature market.Signature
	inner     []market.SelfCall
}

// repair asks for a transaction until the node shows it, as long as its delivery can wait.
func (s *session) repair(ctx context.Context, signature market.Signature) *repaired {
	ctx, cancel := context.WithTimeout(ctx, s.config.TimeWait)
	defer cancel()
	pause := backoff{first: askAgain, longest: 4 * askAgain}
	for {
		var one found
		asked := transactionCall(signature, s.config.readable(), &one)
		if s.rpc.do(ctx, 1, asked) == nil && asked.err == nil && one.known {
			return &repaired{signature, one.tx.Inner}
		}
		if sleep(ctx, pause.next()) != nil {
			return &repaired{signature: signature}
		}
	}
}

// takeRepair gives a held transaction what was found of it.
func (s *session) takeRepair(r *repaired) {
	delete(s.repairs, r.signature)
	for i := range s.held {
		if s.held[i].Signature == r.signature {
			s.held[i].Inner = r.inner
		}
	}
}

// awaitsRepair reports whether a held transaction waits for its self-calls, and may.
func (s *session) awaitsRepair(tx *market.Transaction) bool {
	return s.repairs[tx.Signature] && s.patience(tx) > 0
}
