package recording

import (
	"encoding/binary"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/spinpet"
)

// A record is slot 8, index 4, signature 64, ordinal 2, which order it, then block time 8, flags 1, scale 1, the size of
// the body 4, and the body as the program logged it.
const (
	keySize  = 8 + 4 + 64 + 2
	headSize = keySize + 8 + 1 + 1 + 4

	flagProvisional = 1
	flagEarly       = 2
)

func key(record []byte) []byte { return record[:keySize] }

func appendRecord(dst []byte, e *market.Event) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.Slot))
	dst = binary.BigEndian.AppendUint32(dst, e.Index)
	dst = append(dst, e.Signature[:]...)
	dst = binary.BigEndian.AppendUint16(dst, e.Ordinal)
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.BlockTime)) //nolint:gosec // the bits are kept
	flags := byte(0)
	if e.Provisional {
		flags |= flagProvisional
	}
	if created, ok := e.Body.(*market.TokenCreated); ok && created.Early {
		flags |= flagEarly
	}
	dst = append(dst, flags, e.Scale)
	size := len(dst)
	dst = spinpet.Append(append(dst, 0, 0, 0, 0), e.Body)
	binary.BigEndian.PutUint32(dst[size:], uint32(len(dst)-size-4)) //nolint:gosec // a line of a file
	return dst
}

func readRecord(record []byte) (market.Event, error) {
	rest := record[keySize:]
	e := market.Event{
		Position: market.Position{
			Slot: market.Slot(binary.BigEndian.Uint64(record)), Index: binary.BigEndian.Uint32(record[8:]),
			Ordinal: binary.BigEndian.Uint16(record[keySize-2:]),
		},
		Signature:   market.Signature(record[12:]),
		BlockTime:   int64(binary.BigEndian.Uint64(rest)), //nolint:gosec // the bits are kept
		Provisional: rest[8]&flagProvisional != 0,
		Scale:       rest[9],
	}
	body, err := spinpet.Decode(record[headSize:], rest[8]&flagEarly != 0)
	if err != nil {
		return e, fmt.Errorf("event at %v: %w", e.Position, err)
	}
	e.Body, e.Owner = body, spinpet.Owner(body)
	if raw, _, _, ok := e.RawPrice(); ok && e.Scale != 0 {
		e.Price, _ = market.ScalePrice(raw, int(e.Scale)) // what does not fit stays zero, as in ingest
	}
	return e, nil
}
