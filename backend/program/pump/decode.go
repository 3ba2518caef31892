package pump

import (
	"encoding/binary"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Known reports whether the discriminator starts an event of the program that is understood.
func Known(discriminator uint64) bool {
	switch discriminator {
	case discTrade, discCreate, discComplete, discPostCompleteBuy, discMigration:
		return true
	}
	return false
}

// Decode reads one event: discriminator, then Borsh, of any generation of its layout. The body shares no memory with
// data. It returns program.ErrUnknown, or program.ErrLayout when the data ends where no generation ended, a flag is
// neither 0 nor 1, or a text is not UTF-8.
func Decode(data []byte) (market.Body, error) {
	if len(data) < program.DiscriminatorSize {
		return nil, program.ErrUnknown
	}
	c := program.ReadCodec(data[program.DiscriminatorSize:])
	switch binary.BigEndian.Uint64(data) { // each layout is called by its own name, so that the codec needs no memory
	case discTrade:
		e := new(Trade)
		e.Layout(&c)
		return c.Finish(e, &e.Tail, e.Kind().String())
	case discCreate:
		e := new(Create)
		e.Layout(&c)
		return c.Finish(e, &e.Tail, e.Kind().String())
	case discComplete:
		e := new(Complete)
		e.Layout(&c)
		return c.Finish(e, &e.Tail, e.Kind().String())
	case discPostCompleteBuy:
		e := new(PostCompleteBuy)
		e.Layout(&c)
		return c.Finish(e, &e.Tail, e.Kind().String())
	case discMigration:
		e := new(Migration)
		e.Layout(&c)
		return c.Finish(e, &e.Tail, e.Kind().String())
	}

	return nil, program.ErrUnknown
}

// Append appends the event's bytes to dst: discriminator, then Borsh, of the generation that it was read in. It is the
// inverse of Decode. Any other type of body appends nothing.
func Append(dst []byte, body market.Body) []byte {
	if e, ok := body.(program.Growing); ok {
		return program.Append(dst, e)
	}
	return dst
}
