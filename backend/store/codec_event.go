package store

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/program/registry"
)

// Flags of an event record.
const (
	eventProvisional byte = 1 << iota
	eventVariant          // the plug needs it beside the payload to read that
	eventOwned            // the owner is not the payer and follows
	eventPriced           // the price is not the one that payload and scale give, and follows
	eventCut              // the mint was cut out of the payload
)

// appendEvent appends an event without its position. What the record can do without is left out: the mint is known by
// its number, the owner mostly is the payer, the price mostly follows from the raw one.
func appendEvent(dst []byte, e *market.Event, id mintID) []byte {
	start := len(dst)
	kind := e.Kind()
	plug := registry.Of(kind.Program()) // nobody makes events of others
	if kind.Program() == unnamedProgram {
		dst = append(dst, recordVersion, 0, kind.Number(), e.Scale)
	} else {
		dst = append(dst, programVersion, 0, byte(kind.Program()), kind.Number(), e.Scale)
	}

	dst = binary.BigEndian.AppendUint32(dst, uint32(id))
	dst = append(dst, e.Signature[:]...)
	dst = binary.AppendVarint(dst, e.BlockTime)

	var flags byte
	if e.Provisional {
		flags |= eventProvisional
	}
	if e.Price != e.BodyPrice() {
		flags |= eventPriced
		dst = appendU128(dst, market.U128(e.Price))
	}

	var buf [512]byte
	payload, variant := plug.Append(buf[:0], e.Body)
	if variant {
		flags |= eventVariant
	}

	ownerAt, mintAt := plug.Places(kind)
	if !standsAt(payload, ownerAt, &e.Owner) {
		flags |= eventOwned
		dst = append(dst, e.Owner[:]...)
	}

	if mint := e.Mint(); standsAt(payload, mintAt, &mint) {
		flags |= eventCut
		dst = append(append(dst, payload[:mintAt]...), payload[mintAt+len(mint):]...)
	} else {
		dst = append(dst, payload...)
	}

	dst[start+1] = flags
	return dst
}

// standsAt reports whether the key stands at a place of the payload; 0 is no place.
func standsAt(payload []byte, at int, key *market.Pubkey) bool {
	return at > 0 && len(payload) >= at+len(key) && bytes.Equal(payload[at:at+len(key)], key[:])
}

// eventHead reads the version, the flags and the kind, with which an event record begins. Programs that are not known make
// the record unreadable.
func eventHead(value []byte) (f *fields, flags byte, kind market.Kind) {
	f = &fields{rest: value}
	version := f.u8()
	flags = f.u8()
	id := unnamedProgram
	switch version {
	case recordVersion:
	case programVersion:
		if id = market.Program(f.u8()); id == unnamedProgram {
			f.bad = true // one record is written in one way
		}
	default:
		f.bad = true
	}
	if kind = market.KindOf(id, f.u8()); !kind.Known() || registry.Of(id) == nil {
		f.bad = true
	}
	return f, flags, kind
}

// eventID reads the kind, the mint's number and the signature of an event record, without the rest.
func eventID(value []byte) (kind market.Kind, id mintID, sig market.Signature, err error) {
	f, _, kind := eventHead(value)
	f.u8()
	id = mintID(f.u32())
	copy(sig[:], f.take(len(sig)))
	if f.bad {
		return 0, 0, sig, fmt.Errorf("%w: unreadable event record", ErrCorrupt)
	}
	return kind, id, sig, nil
}

// decodeEvent reads what appendEvent wrote. mintOf gives the address of a mint's number.
func decodeEvent(at market.Position, value []byte, mintOf func(mintID) (market.Pubkey, bool)) (market.Event, error) {
	f, flags, kind := eventHead(value)
	e := market.Event{Position: at}
	e.Scale = f.u8()
	id := mintID(f.u32())
	copy(e.Signature[:], f.take(len(e.Signature)))
	e.BlockTime, e.Provisional = f.varint(), flags&eventProvisional != 0
	if flags&eventPriced != 0 {
		e.Price = market.Price(f.u128())
	}

	if flags&eventOwned != 0 {
		e.Owner = f.key()
	}
	if f.bad {
		return market.Event{}, f.err("event")
	}

	mint, ok := mintOf(id)
	if !ok {
		return market.Event{}, fmt.Errorf("%w: event of unknown mint number %d", ErrCorrupt, id)
	}

	plug := registry.Of(kind.Program())
	ownerAt, mintAt := plug.Places(kind)
	payload := f.rest
	if flags&eventCut != 0 {
		if mintAt <= 0 || len(payload) < mintAt {
			return market.Event{}, fmt.Errorf("%w: event record too short", ErrCorrupt)
		}
		whole := make([]byte, 0, 512)
		whole = append(append(append(whole, payload[:mintAt]...), mint[:]...), payload[mintAt:]...)
		payload = whole
	}

	body, err := plug.Restore(payload, flags&eventVariant != 0)
	if err != nil {
		return market.Event{}, fmt.Errorf("%w: event payload: %w", ErrCorrupt, err)
	}
	if body.Kind() != kind || body.MintAccount() != mint {
		return market.Event{}, fmt.Errorf("%w: event record contradicts its payload", ErrCorrupt)
	}

	e.Body = body
	if flags&eventOwned == 0 {
		if ownerAt <= 0 || len(payload) < ownerAt+len(e.Owner) {
			return market.Event{}, fmt.Errorf("%w: event record too short", ErrCorrupt)
		}
		copy(e.Owner[:], payload[ownerAt:])
	}

	if flags&eventPriced == 0 {
		e.Price = e.BodyPrice()
	}
	return e, nil
}
