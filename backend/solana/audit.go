package solana

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"spinscope/backend/market"
)

const (
	maxAsked      = 256 // signatures of one getSignatureStatuses
	maxSkipped    = 16  // slots looked through for the block that shows that one was skipped
	blocksAtATime = 4   // whole blocks of signatures
)

// audit compares a list with what was delivered. Absence from a list is no proof: what was delivered is rolled back only
// when the cluster itself says so, by a status or by the block where it stood; a list that leaves out what the chain
// still holds contradicts what is known, and is not to be believed in that place.
type audit struct {
	left   map[market.Signature]entry // delivered, not listed yet
	failed map[market.Signature]entry // delivered, listed as failed: on the fork that won it failed
	top    market.Slot                // newest slot among them at the beginning
	slots  []market.Slot              // listed, descending: those up to top, and the one before
	to     market.Slot
	all    bool // failed transactions count like others
}

// newAudit begins with what was delivered of slots from..to, as far as it is remembered.
func newAudit(l *ledger, from, to market.Slot, all bool) *audit {
	a := &audit{left: l.between(max(from, l.lowest()), to), failed: map[market.Signature]entry{}, to: to, all: all}
	for _, e := range a.left {
		a.top = max(a.top, e.slot)
	}
	return a
}

// see notes a page of a list.
func (a *audit) see(infos []signatureInfo) {
	for _, info := range infos {
		if e, known := a.left[info.signature]; known {
			delete(a.left, info.signature)
			if info.failed && !a.all && info.slot <= a.to {
				a.failed[info.signature] = e
			}
		}
		a.note(info.slot)
	}
}

// note remembers a listed slot as far as around needs it.
func (a *audit) note(slot market.Slot) {
	last := len(a.slots) - 1
	switch {
	case last >= 0 && a.slots[last] == slot:
	case last == 0 && a.slots[0] > a.top: // nearer to top than the one before
		if slot > a.top {
			a.slots[0] = slot
			return
		}
		fallthrough
	default:
		a.slots = append(a.slots, slot)
	}
}

// suspects are those that a list which is whole from slot bottom on leaves out, by slot.
func (a *audit) suspects(bottom market.Slot) []suspect {
	var list []suspect
	for signature, e := range a.left {
		if e.slot >= bottom {
			list = append(list, suspect{signature, e.slot})
		}
	}
	slices.SortFunc(list, func(x, y suspect) int {
		return cmp.Or(cmp.Compare(x.slot, y.slot), slices.Compare(x.signature[:], y.signature[:]))
	})
	return list
}

// around is the range of slots where a list that is whole from bottom on is not believed: between what it has before and
// after the slot.
func (a *audit) around(slot, bottom market.Slot) slotRange {
	r := slotRange{min(bottom, slot), a.to}
	at, _ := slices.BinarySearchFunc(a.slots, slot, func(listed, slot market.Slot) int { return cmp.Compare(slot, listed) })
	if at < len(a.slots) {
		r.from = max(r.from, a.slots[at]) // its neighbours may be listed in part
	}
	if at > 0 {
		r.to = min(r.to, a.slots[at-1])
	}
	return r
}

// suspect is a delivered transaction that a list leaves out.
type suspect struct {
	signature market.Signature
	slot      market.Slot
}

// slotRange is from..to, both included.
type slotRange struct{ from, to market.Slot }

// verdict sorts suspects.
type verdict struct {
	gone      []market.Signature // no longer part of the chain, by a positive sign
	held      []suspect          // the chain holds them, as far as anybody can tell
	forgotten []suspect          // the node knows nothing of them nor of their blocks any more
}

// clear reports whether nothing speaks against the list.
func (v *verdict) clear() bool { return len(v.held)+len(v.forgotten) == 0 }

// judge asks the cluster about suspects. With soon it stops at the first that is not gone: then the list is to be asked
// for again.
func (c *rpcClient) judge(ctx context.Context, suspects []suspect, soon bool) (v verdict, err error) {
	for chunk := range slices.Chunk(suspects, maxAsked) {
		signatures := make([]market.Signature, len(chunk))
		for i, one := range chunk {
			signatures[i] = one.signature
		}

		unknown, err := c.unknown(ctx, signatures)
		if err != nil {
			return v, fmt.Errorf("check %d signatures: %w", len(chunk), err)
		}

		var doubtful []suspect
		for i, one := range chunk {
			if unknown[i] {
				doubtful = append(doubtful, one)
			} else {
				v.held = append(v.held, one)
			}
		}

		if soon && !v.clear() {
			return v, nil
		}

		if err := c.lookInBlocks(ctx, doubtful, &v); err != nil {
			return v, fmt.Errorf("look for %d signatures in their blocks: %w", len(doubtful), err)
		}
		if soon && !v.clear() {
			return v, nil
		}
	}

	return v, nil
}

// lookInBlocks asks for the finalized blocks where suspects stood. Those whose block lacks them, or whose slot the chain
// passed over, are gone.
func (c *rpcClient) lookInBlocks(ctx context.Context, suspects []suspect, v *verdict) error {
	bySlot := map[market.Slot][]suspect{}
	for _, one := range suspects {
		bySlot[one.slot] = append(bySlot[one.slot], one)
	}

	for slots := range slices.Chunk(slices.Sorted(maps.Keys(bySlot)), blocksAtATime) {
		calls, listed := make([]*call, len(slots)), make([]map[market.Signature]struct{}, len(slots))
		for i, slot := range slots {
			here := map[market.Signature]struct{}{}
			listed[i] = here
			calls[i] = blockCall(slot, Finalized, func(text []byte) {
				if signature, err := market.ParseSignature(string(text)); err == nil {
					here[signature] = struct{}{}
				}
			})
		}

		if err := c.do(ctx, attempts, calls...); err != nil {
			return err
		}
		for i, slot := range slots {
			state, err := c.blockState(ctx, slot, calls[i].err)
			if err != nil {
				return err
			}

			for _, one := range bySlot[slot] {
				_, stands := listed[i][one.signature]
				switch {
				case state == blockForgotten:
					v.forgotten = append(v.forgotten, one)
				case stands || state == blockUnknown:
					v.held = append(v.held, one)
				default:
					v.gone = append(v.gone, one.signature)
				}
			}
		}
	}

	return nil
}

// blockState is what a node says of the block of a slot.
type blockState int

const (
	blockShown blockState = iota
	blockPassedOver
	blockForgotten
	blockUnknown
)

// blockState reads the error that came in place of a block. Nodes say "skipped" of blocks that they lost, too: the chain
// passed a slot over if the next block builds on one before it.
func (c *rpcClient) blockState(ctx context.Context, slot market.Slot, failure error) (blockState, error) {
	if failure == nil {
		return blockShown, nil
	}
	var first market.Slot
	depth := firstBlockCall(&first)
	parents, calls := make([]market.Slot, maxSkipped), []*call{depth}
	if skipped(failure) {
		for i := range parents {
			calls = append(calls, parentCall(slot+1+market.Slot(i), &parents[i])) //nolint:gosec // small
		}
	}

	if err := c.do(ctx, attempts, calls...); err != nil {
		return blockUnknown, err
	}

	for i, one := range calls[1:] {
		if one.err == nil {
			if parents[i] < slot {
				return blockPassedOver, nil
			}
			break
		}
	}

	if depth.err == nil && first > slot {
		return blockForgotten, nil
	}
	return blockUnknown, nil
}

// skipped reports whether a node says of a slot that it has no block.
func skipped(failure error) bool {
	said, ok := errors.AsType[*rpcError](failure)
	return ok && (said.code == codeSlotSkipped || said.code == codeLongSlotSkipped)
}
