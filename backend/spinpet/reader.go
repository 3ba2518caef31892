package spinpet

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"strings"

	"spinscope/backend/market"
)

// Report counts what a transaction's log held besides events.
type Report struct {
	// Truncated: the log is not whole, so events may be missing. The runtime's marker stands in it, or its frame lines
	// do not fit together.
	Truncated bool
	// Malformed counts the program's own lines that carry a known discriminator, and do not fit its layout or are not
	// base64, and events above 65,536 in one transaction.
	Malformed int
	// Foreign counts data lines that only look like the program's: its discriminators written by others or by nobody
	// known, and its own lines with other discriminators.
	Foreign int
}

// Reader reads the program's events out of transaction logs. It is not safe for concurrent use.
type Reader struct {
	program string // base58, as the log has it
	early   bool
	stack   frames
	buffer  []byte // one line's decoded data, reused
}

// NewReader returns a reader for the program at that address. EarlyProgramID gets its own layouts; every other address
// gets those of ProgramID.
func NewReader(program market.Pubkey) *Reader {
	return &Reader{
		program: program.String(),
		early:   program == EarlyProgramID,
		stack:   frames{ids: make([]string, 0, deepest)},
		buffer:  make([]byte, 0, 512),
	}
}

// Read appends the program's events in tx to dst, in log order. It sets everything but Scale and Price, which are for
// Scales; the ordinal counts the well-formed events of the program in the transaction. A data line belongs to the
// program on top of the invoke stack, never to an ancestor; after the marker of a cut log none counts.
//
// The logs of failed transactions are read like others: the caller decides by tx.Failed. Read allocates the bodies only.
func (r *Reader) Read(dst []market.Event, tx *market.Transaction) ([]market.Event, Report) {
	var report Report
	received := int64(0)
	if !tx.ReceivedAt.IsZero() {
		received = tx.ReceivedAt.UnixMilli()
	}
	r.stack.reset()
	ordinal := 0
	for _, line := range tx.Logs {
		if len(line) <= len(linePrefix) || line[:len(linePrefix)] != linePrefix {
			if line == truncatedLine {
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
		fields, isData := strings.CutPrefix(line, LinePrefix)
		if !isData {
			r.stack.read(line)
			continue
		}
		if r.stack.top() != r.program {
			if disc, ok := discriminator(fields); ok && ownDiscriminator(disc) {
				report.Foreign++
			}
			continue
		}
		body, err := r.decode(fields)
		switch {
		case errors.Is(err, ErrUnknown):
			report.Foreign++
		case err != nil || ordinal > math.MaxUint16:
			report.Malformed++
		default:
			dst = append(dst, market.Event{
				Position:    market.Position{Slot: tx.Slot, Index: tx.Index, Ordinal: uint16(ordinal)},
				Signature:   tx.Signature,
				BlockTime:   tx.BlockTime,
				ReceivedAt:  received,
				Provisional: tx.Provisional,
				Owner:       Owner(body),
				Body:        body,
			})
			ordinal++
		}
	}
	report.Truncated = report.Truncated || r.stack.odd
	r.stack.reset()
	return dst, report
}

// decode decodes a data line's fields. Anchor's emit! writes exactly one field of padded base64.
func (r *Reader) decode(fields string) (market.Body, error) {
	data, err := strictBase64.AppendDecode(r.buffer[:0], []byte(fields))
	// The decoder skips line breaks, which the runtime never writes.
	if err != nil || strings.IndexByte(fields, '\n') >= 0 || strings.IndexByte(fields, '\r') >= 0 {
		if disc, ok := discriminator(fields); !ok || !ownDiscriminator(disc) {
			return nil, ErrUnknown
		}
		return nil, ErrLayout
	}
	r.buffer = data[:0]
	return Decode(data, r.early)
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
	if err != nil || n < discSize {
		return 0, false
	}
	return binary.BigEndian.Uint64(data[:]), true
}

// Owner is whom an event belongs to as far as it says itself; the owner of a closed order is known to the order alone.
func Owner(body market.Body) market.Pubkey {
	switch b := body.(type) {
	case *market.TokenCreated:
		return b.Payer
	case *market.BuySell:
		return b.Payer
	case *market.LongShort:
		return b.Terms.User
	case *market.FullClose:
		return b.Payer
	case *market.PartialClose:
		return b.Terms.User
	case *market.ForceLiquidate:
		return b.Payer
	case *market.MilestoneDiscount:
		return b.Payer
	}
	return market.Pubkey{}
}
