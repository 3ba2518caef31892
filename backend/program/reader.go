package program

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"strings"

	"spinscope/backend/market"
)

// DataPrefix starts a log line that carries data a program logged.
const DataPrefix = "Program data: "

// Report counts what a transaction's log held besides events.
type Report struct {
	// Truncated: the log is not whole, so events may be missing. The runtime's marker stands in it, or its frame lines
	// do not fit together.
	Truncated bool
	// Malformed counts a program's own lines that carry a known discriminator, and do not fit its layout or are not
	// base64, and events beyond the last ordinal of their family.
	Malformed int
	// Undecoded are the programs whose malformed lines or self-calls those are. Reports that tests keep are without it.
	Undecoded Programs `json:"-"`
	// Foreign counts data lines that only look like a program's: its discriminators written by others or by nobody
	// known, and its own lines with other discriminators.
	Foreign int
}

// Reader reads the events of a set of programs out of transaction logs. It is not safe for concurrent use.
type Reader struct {
	programs []entry
	stack    frames
	buffer   []byte // one line's decoded data, reused
}

// entry is a program as the reader looks for it.
type entry struct {
	Plug
	address string // base58, as the log has it
	family  int    // index of the first program of its family, which holds next
	first   int    // FirstOrdinal
	next    int    // ordinal of the family's next event

	selfCalls bool // it tells its events by calling itself, too
}

// event fills in the next event of a family, where it stays: making a copy first shows in the time of reading a log.
func (e *entry) event(event *market.Event, tx *market.Transaction, writer *entry, body market.Body) {
	event.Position = market.Position{Slot: tx.Slot, Index: tx.Index, Ordinal: uint16(e.next)} //nolint:gosec // the caller has checked that it fits
	event.Signature = tx.Signature
	event.BlockTime = tx.BlockTime
	event.Provisional = tx.Provisional
	event.Owner = writer.Owner(body)
	event.Body = body
	if !tx.ReceivedAt.IsZero() {
		event.ReceivedAt = tx.ReceivedAt.UnixMilli()
	}

	e.next++
}

// NewReader returns a reader for the programs. Those with the same first ordinal are one family.
func NewReader(plugs ...Plug) *Reader {
	r := &Reader{stack: frames{ids: make([]string, 0, deepest)}, buffer: make([]byte, 0, 512)}
	for i, plug := range plugs {
		e := entry{Plug: plug, address: plug.Address().String(), family: i, first: int(plug.FirstOrdinal())}
		_, e.selfCalls = plug.(SelfCaller)
		for j := range r.programs {
			if r.programs[j].first == e.first {
				e.family = r.programs[j].family
				break
			}
		}
		r.programs = append(r.programs, e)
	}
	return r
}

// Read appends the programs' events in tx to dst, in log order. It sets everything but Scale and Price. A data line
// belongs to the program on top of the invoke stack, never to an ancestor; after the marker of a cut log none counts. Of a
// cut log the events of programs that tell them by self-calls come from those, if the transaction has them, behind the others.
//
// The logs of failed transactions are read like others: the caller decides by tx.Failed. Read allocates the bodies only.
func (r *Reader) Read(dst []market.Event, tx *market.Transaction) ([]market.Event, Report) {
	from := len(dst)
	var report Report
	dst = r.readLog(dst, tx, false, &report)
	if !report.Truncated || tx.Inner == nil {
		return dst, report
	}

	report = Report{}
	dst = r.readLog(dst[:from], tx, true, &report)
	dst = r.readSelfCalls(dst, tx, &report)
	report.Truncated = r.losesEvents(tx)
	return dst, report
}

// readLog reads the log, and counts what else it held in the report, which is empty; with logOnly only the events of programs
// that tell them nowhere else.
func (r *Reader) readLog(dst []market.Event, tx *market.Transaction, logOnly bool, report *Report) []market.Event {
	for i := range r.programs {
		r.programs[i].next = r.programs[i].first
	}

	for _, line := range tx.Logs {
		if len(line) <= len(linePrefix) || line[:len(linePrefix)] != linePrefix {
			if line == TruncatedLine {
				report.Truncated = true
				break // later short lines can still follow; whose they are is unknown
			}
			continue
		}

		switch line[len(linePrefix)] { // most lines are told apart by one byte
		case 'l':
			if rest := line[len(linePrefix):]; len(rest) >= len(logWord) && rest[:len(logWord)] == logWord {
				continue
			}
		case 'd':
		default:
			r.stack.read(line)
			continue
		}

		fields, isData := strings.CutPrefix(line, DataPrefix)
		if !isData {
			r.stack.read(line)
			continue
		}

		writer := r.find(r.stack.top())
		if writer == nil {
			if disc, ok := discriminator(fields); ok && r.known(disc) {
				report.Foreign++
			}
			continue
		}
		if logOnly && writer.selfCalls {
			continue
		}
		body, err := r.decode(writer, fields)
		dst = r.append(dst, tx, writer, body, err, report)
	}

	report.Truncated = report.Truncated || r.stack.odd
	r.stack.reset()
	return dst
}

// append appends the event of a program that was decoded, or counts why it could not be.
func (r *Reader) append(dst []market.Event, tx *market.Transaction, writer *entry, body market.Body, err error, report *Report) []market.Event {
	family := &r.programs[writer.family]
	switch {
	case err == nil && family.next <= math.MaxUint16:
		dst = append(dst, market.Event{})
		family.event(&dst[len(dst)-1], tx, writer, body)
	case errors.Is(err, ErrUnknown):
		report.Foreign++
	default:
		report.Malformed++
		report.Undecoded.Add(writer.ID())
	}
	return dst
}

// find is the program with that address, nil when it is none of those read.
func (r *Reader) find(address string) *entry {
	for i := range r.programs {
		if r.programs[i].address == address {
			return &r.programs[i]
		}
	}
	return nil
}

// known reports whether any of the programs starts an event with the discriminator.
func (r *Reader) known(disc uint64) bool {
	for i := range r.programs {
		if r.programs[i].Known(disc) {
			return true
		}
	}
	return false
}

// decode decodes a data line's fields. Anchor's emit! writes exactly one field of padded base64.
func (r *Reader) decode(writer *entry, fields string) (market.Body, error) {
	data, err := strictBase64.AppendDecode(r.buffer[:0], []byte(fields))
	// The decoder skips line breaks, which the runtime never writes: what it read is shorter then than the line.
	if err != nil || strictBase64.EncodedLen(len(data)) != len(fields) {
		if disc, ok := discriminator(fields); !ok || !writer.Known(disc) {
			return nil, ErrUnknown
		}
		return nil, ErrLayout
	}
	r.buffer = data[:0]
	return writer.Decode(data)
}

var strictBase64 = base64.StdEncoding.Strict()

// discriminator is the first eight bytes of a data line; false if it has fewer or they are no base64.
func discriminator(fields string) (uint64, bool) {
	const digits = 12 // nine bytes, or eight and padding
	if len(fields) < digits {
		return 0, false
	}
	var data [9]byte
	n, err := base64.StdEncoding.Decode(data[:], []byte(fields[:digits]))
	if err != nil || n < DiscriminatorSize {
		return 0, false
	}
	return binary.BigEndian.Uint64(data[:]), true
}
