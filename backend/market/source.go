package market

import (
	"strings"
	"time"
)

// Transaction is one transaction's logs, as the cluster gave them.
//
// Some programs tell their events twice, or only, by calling themselves: Inner has those calls. It is nil where the source
// has none at hand, as with a log notification, and empty, not nil, where it looked and found none.
//
// Addresses are those of the source that the transaction names among its accounts, as far as the source has seen: at least
// the one that brought it here. Nil: not known.
type Transaction struct {
	Signature   Signature
	Slot        Slot
	Index       uint32 // place in its block; the order of arrival within the slot while the block's own is unknown
	BlockTime   int64  // Unix seconds
	Provisional bool   // BlockTime is an estimate
	Failed      bool   // meta.err was not null
	Logs        []string
	Inner       []SelfCall // in the order of execution
	Addresses   []Pubkey
	Events      []Event // its events, by ordinal, when they are known without the logs, as from an export; else nil
	ReceivedAt  time.Time
}

// SelfCall is an inner instruction by which a program told itself an event. The source cuts them out of a transaction's
// inner instructions (program.SelfCall says which they are).
type SelfCall struct {
	Program Pubkey
	Event   []byte // what follows the tag: the event's discriminator first
}

// Batch is what a source delivers at once. Batches are applied in the order of delivery.
//
// A source may read several sets of addresses, each with a history of its own: ChainTime, Slot and Checkpoint speak for the
// addresses of the batch alone, and go forward for those. The candles of a coin are complete up to the chain time of its set.
type Batch struct {
	Addresses    []Pubkey      // the set that the batch is about; nil: all that the source reads
	Transactions []Transaction // ascending (Slot, Index); a signature seen before is a repeat, or moved if its place or time differs
	RolledBack   []Signature   // delivered earlier, no longer part of the chain
	ChainTime    int64         // every transaction with a lower block time was delivered; 0 when not known. Never goes back
	Slot         Slot          // newest slot this batch speaks for; 0 when not known
	Checkpoint   Slot          // every transaction up to here was delivered at finalized; a restart resumes after it. 0 keeps the old one
	Gaps         []Gap         // gaps found, filled or given up since the last batch
	More         bool          // others follow at once: this one need not be stored before the next is given
}

// GapState says what became of a gap.
type GapState uint8

// The states of a gap.
const (
	GapOpen GapState = iota
	GapFilled
	GapUnfillable
	GapReplaced // other gaps stand for it: the store forgets it
)

// String is the state's name on the wire.
func (s GapState) String() string { return [...]string{"open", "filled", "unfillable", "replaced"}[s] }

// Gap is a stretch that was not read whole: transactions of slots From..To (inclusive) may be missing.
type Gap struct {
	From, To Slot
	Cause    string // a short text, such as "history before backfill_limit" or "log truncated"
	State    GapState
	Mint     Pubkey // zero: the whole program, or the whole address
	Address  Pubkey // whose transactions may be missing, of those that a source follows; zero: the program's
	Seq      Seq    // commit that last changed it
}

// Transaction is the one that the cause names behind a text; false for a gap of another cause.
func (g *Gap) Transaction(text string) (Signature, bool) {
	name, found := strings.CutPrefix(g.Cause, text)
	if !found {
		return Signature{}, false
	}
	signature, err := ParseSignature(name)
	return signature, err == nil
}
