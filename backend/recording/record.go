package recording

import (
	"encoding/binary"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/program/registry"
)

// A record is slot 8, index 4, signature 64, ordinal 2, which order it, then block time 8, flags 1, scale 1, program 1,
// the size of the body 4, and the body as the program logged it.
const (
	keySize  = 8 + 4 + 64 + 2
	headSize = keySize + 8 + headTail + 4
	headTail = 3 // flags, scale and program

	flagProvisional = 1
	flagVariant     = 2
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
	dst = append(dst, flags, e.Scale, byte(e.Program()))
	size := len(dst)
	dst, variant := registry.Of(e.Program()).Append(append(dst, 0, 0, 0, 0), e.Body)
	if variant {
		dst[size-headTail] |= flagVariant
	}
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
	plug := registry.Of(market.Program(rest[10]))
	body, err := plug.Restore(record[headSize:], rest[8]&flagVariant != 0)
	if err != nil {
		return e, fmt.Errorf("event at %v: %w", e.Position, err)
	}

	e.Body, e.Owner = body, plug.Owner(body)
	e.Price = e.BodyPrice()
	return e, nil
}
