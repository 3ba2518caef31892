package program

import (
	"encoding/binary"
	"fmt"

	"spinscope/backend/market"
)

// Tail is what every event with a layout that grows has behind its fields.
type Tail struct {
	Parts uint8  // how many of the parts that the layout has grown by are there; fields of those missing are zero
	Rest  []byte // what follows the newest known field; nil mostly
}

// Behind is the tail itself, for events that embed it.
func (t *Tail) Behind() *Tail { return t }

// Growing is an event with a layout that grows.
type Growing interface {
	market.Body

	// Discriminator is the event's first eight bytes, read as a big-endian number.
	Discriminator() uint64

	// Layout names the event's fields, in order, to a codec that reads or writes them.
	Layout(c *Codec)

	Behind() *Tail
}

// Append appends the event's bytes to dst: discriminator, then Borsh, of the generation that it was read in.
func Append(dst []byte, e Growing) []byte {
	c := WriteCodec(binary.BigEndian.AppendUint64(dst, e.Discriminator()), e.Behind().Parts)
	e.Layout(&c)
	return append(c.Written(), e.Behind().Rest...)
}

// Finish ends the reading of an event by its layout: it sets the tail, and returns the body or an error that wraps
// ErrLayout and begins with the name.
func (c *Codec) Finish(body market.Body, tail *Tail, name string) (market.Body, error) {
	parts, rest, err := c.Done()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	*tail = Tail{Parts: parts, Rest: rest}
	return body, nil
}
