package wire

import (
	"strconv"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Event is one event on the wire: the layout's fields flat, with event_type, signature, slot, ordinal and timestamp, the
// order that a liquidation ended where it is known, price_exact where the kind has a price, seq where Seq is set and provisional where the block time is an estimate.
// The shapes are those of the programs (program.Shaped).
//
//ts:events
type Event struct {
	event *market.Event
	Seq   market.Seq // the commit it came with; 0 leaves seq out
}

// NewEvent is e on the wire. The event is kept, not copied, and must not change.
func NewEvent(e *market.Event) Event { return Event{event: e} }

// Source is the event behind it; nil for the zero Event.
func (e Event) Source() *market.Event { return e.event }

// MarshalJSON implements json.Marshaler.
func (e Event) MarshalJSON() ([]byte, error) { return e.AppendJSON(make([]byte, 0, 1024)), nil }

// AppendJSON appends the event as a JSON object; the zero Event is null.
func (e Event) AppendJSON(dst []byte) []byte {
	if e.event == nil || e.event.Body == nil {
		return append(dst, "null"...)
	}
	w := object{append(dst, '{')}
	e.Each(&w)
	return append(w.dst, '}')
}

// firstProgram is the one whose events do not name it: they are what they were before there were others.
const firstProgram = market.Program(0)

// Sink takes the fields of an event one by one.
type Sink = program.Sink

// Each gives the event's fields to sink, in the order of AppendJSON.
func (e Event) Each(sink Sink) {
	if e.event == nil || e.event.Body == nil {
		return
	}
	kind := e.event.Kind()
	sink.Text("event_type", kind.String())
	if kind.Program() != firstProgram {
		sink.Text("program", kind.Program().String())
	}

	sink.Text("signature", e.event.Signature.String())
	sink.Number("slot", uint64(e.event.Slot))
	sink.Number("ordinal", uint64(e.event.Ordinal))
	sink.Text("timestamp", Time(e.event.BlockTime))
	program.EachField(sink, e.event.Body)
	if before := e.event.Liquidated; before != nil {
		if body, ok := e.event.Body.(program.Ending); ok {
			body.EachEnded(sink, before)
		}
	}

	if !e.event.Price.IsZero() {
		sink.Text("price_exact", e.event.Price.String())
	}
	if e.event.Provisional {
		sink.Flag("provisional", true)
	}

	if e.Seq != 0 {
		sink.Number("seq", uint64(e.Seq))
	}
}

// Time is Unix seconds as ISO-8601 in UTC, such as 2025-08-14T09:30:00Z.
func Time(seconds int64) string { return time.Unix(seconds, 0).UTC().Format("2006-01-02T15:04:05Z") }

// object writes the members of one JSON object; it holds '{' or a finished member.
type object struct{ dst []byte }

func (w *object) key(name string) []byte {
	if w.dst[len(w.dst)-1] != '{' {
		w.dst = append(w.dst, ',')
	}
	w.dst = append(w.dst, '"')
	w.dst = append(w.dst, name...)
	return append(w.dst, '"', ':')
}

// Key implements Sink.
func (w *object) Key(name string, value market.Pubkey) { w.dst = appendKey(w.key(name), value) }

// Number implements Sink.
func (w *object) Number(name string, value uint64) { w.dst = Amount(value).AppendJSON(w.key(name)) }

// Big implements Sink.
func (w *object) Big(name string, value market.U128) { w.dst = appendU128(w.key(name), value) }

// Flag implements Sink.
func (w *object) Flag(name string, value bool) { w.dst = strconv.AppendBool(w.key(name), value) }

// Text implements Sink.
func (w *object) Text(name, value string) { w.dst = AppendString(w.key(name), value) }
