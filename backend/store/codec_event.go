package store

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/spinpet"
)

// Flags of an event record.
const (
	eventProvisional byte = 1 << iota
	eventEarly            // TokenCreated in the six-field layout
	eventOwned            // the owner is not the payer and follows
	eventPriced           // the price is not the one that payload and scale give, and follows
	eventCut              // the mint was cut out of the payload
)

// Places in the payload: discriminator, then payer; the mint follows at once or, in closes, after user_sol_account.
const (
	payerAt = 8
	keySize = 32
)

func payloadMintAt(kind market.Kind) int {
	if kind == market.KindFullClose || kind == market.KindPartialClose {
		return payerAt + 2*keySize
	}
	return payerAt + keySize
}

// appendEvent appends an event without its position. What the record can do without is left out: the mint is known by
// its number, the owner mostly is the payer, the price mostly follows from the raw one.
func appendEvent(dst []byte, e *market.Event, id mintID) []byte {
	start := len(dst)
	dst = append(dst, recordVersion, 0, byte(e.Kind()), e.Scale)
	dst = binary.BigEndian.AppendUint32(dst, uint32(id))
	dst = append(dst, e.Signature[:]...)
	dst = binary.AppendVarint(dst, e.BlockTime)
	var flags byte
	if e.Provisional {
		flags |= eventProvisional
	}
	if created, ok := e.Body.(*market.TokenCreated); ok && created.Early {
		flags |= eventEarly
	}
	if e.Price != priceOf(e) {
		flags |= eventPriced
		dst = appendU128(dst, market.U128(e.Price))
	}
	var room [512]byte
	payload := spinpet.Append(room[:0], e.Body)
	if len(payload) < payerAt+keySize || !bytes.Equal(payload[payerAt:payerAt+keySize], e.Owner[:]) {
		flags |= eventOwned
		dst = append(dst, e.Owner[:]...)
	}
	mint, at := e.Mint(), payloadMintAt(e.Kind())
	if len(payload) >= at+keySize && bytes.Equal(payload[at:at+keySize], mint[:]) {
		flags |= eventCut
		dst = append(append(dst, payload[:at]...), payload[at+keySize:]...)
	} else {
		dst = append(dst, payload...)
	}
	dst[start+1] = flags
	return dst
}

// priceOf is the price that the event's raw price and scale give; zero when they give none.
func priceOf(e *market.Event) market.Price {
	if e.Scale == 0 {
		return market.Price{}
	}
	raw, _, _, ok := e.RawPrice()
	if !ok {
		return market.Price{}
	}
	price, err := market.ScalePrice(raw, int(e.Scale))
	if err != nil {
		return market.Price{}
	}
	return price
}

// eventID reads the kind, the mint's number and the signature of an event record, without the rest.
func eventID(value []byte) (kind market.Kind, id mintID, sig market.Signature, err error) {
	f := record(value)
	f.u8()
	kind = market.Kind(f.u8())
	f.u8()
	id = mintID(f.u32())
	copy(sig[:], f.take(len(sig)))
	if f.bad || kind < market.KindTokenCreated || kind > market.NumKinds {
		return 0, 0, sig, fmt.Errorf("%w: unreadable event record", ErrCorrupt)
	}
	return kind, id, sig, nil
}

// decodeEvent reads what appendEvent wrote. mintOf gives the address of a mint's number.
func decodeEvent(at market.Position, value []byte, mintOf func(mintID) (market.Pubkey, bool)) (market.Event, error) {
	f := record(value)
	e := market.Event{Position: at}
	flags, kind := f.u8(), market.Kind(f.u8())
	e.Scale = f.u8()
	id := mintID(f.u32())
	copy(e.Signature[:], f.take(len(e.Signature)))
	e.BlockTime, e.Provisional = f.varint(), flags&eventProvisional != 0
	var price market.Price
	if flags&eventPriced != 0 {
		price = market.Price(f.u128())
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
	payload := f.rest
	if flags&eventCut != 0 {
		cut := payloadMintAt(kind)
		if len(payload) < cut {
			return market.Event{}, fmt.Errorf("%w: event record too short", ErrCorrupt)
		}
		whole := make([]byte, 0, 512)
		whole = append(append(append(whole, payload[:cut]...), mint[:]...), payload[cut:]...)
		payload = whole
	}
	body, err := spinpet.Decode(payload, flags&eventEarly != 0)
	if err != nil {
		return market.Event{}, fmt.Errorf("%w: event payload: %w", ErrCorrupt, err)
	}
	if body.Kind() != kind || body.MintAccount() != mint {
		return market.Event{}, fmt.Errorf("%w: event record contradicts its payload", ErrCorrupt)
	}
	e.Body = body
	if flags&eventOwned == 0 {
		copy(e.Owner[:], payload[payerAt:])
	}
	e.Price = price
	if flags&eventPriced == 0 {
		e.Price = priceOf(&e)
	}
	return e, nil
}
