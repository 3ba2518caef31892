package program

import (
	"bytes"
	"slices"

	"spinscope/backend/market"
)

// SelfCaller is a Plug whose program tells each event twice: in its log, and by calling itself. Of a transaction whose log
// was cut its events are read from those calls. A family's programs all do it, or none.
type SelfCaller interface {
	Plug

	// SelfCalls marks the plug; it is never called.
	SelfCalls()
}

// selfCallTag begins the data of an inner instruction by which an Anchor program tells an event to itself.
var selfCallTag = []byte{0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d}

// SelfCall is the event in the data of an inner instruction of a program to itself, discriminator first; false when the
// instruction is another one.
func SelfCall(data []byte) (event []byte, ok bool) { return bytes.CutPrefix(data, selfCallTag) }

// readSelfCalls reads the events that programs told themselves, which stand for all that those programs logged, and appends
// them to dst. The ordinals are those of the log: each event stands in both, in one order.
func (r *Reader) readSelfCalls(dst []market.Event, tx *market.Transaction, report *Report) []market.Event {
	for _, call := range tx.Inner {
		i := slices.IndexFunc(r.programs, func(e entry) bool { return e.selfCalls && e.Address() == call.Program })
		if i < 0 {
			continue
		}
		writer := &r.programs[i]
		body, err := writer.Decode(call.Event)
		dst = r.append(dst, tx, writer, body, err, report)
	}
	return dst
}

// losesEvents reports whether events may be missing although self-calls were read: those of a program that tells its own in
// the log only, if the transaction names it.
func (r *Reader) losesEvents(tx *market.Transaction) bool {
	return slices.ContainsFunc(r.programs, func(e entry) bool {
		return !e.selfCalls && (tx.Addresses == nil || slices.Contains(tx.Addresses, e.Address()))
	})
}
