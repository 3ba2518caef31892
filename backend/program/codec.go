package program

import (
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf8"

	"spinscope/backend/market"
)

// DefaultAddress is the zero address: what programs write where they mean none.
var DefaultAddress market.Pubkey

// Codec walks through the fields of an event's layout, in Borsh, and either reads them or writes them: each layout is
// declared once, as a function that names its fields in order, and serves both ways.
//
// Layouts of some programs grow at their end, several times a year. Such a layout calls Ends wherever an older one ended
// and stops there when that is true. What follows the newest known field is a tail that is kept and written back.
//
// A Codec belongs to one goroutine. Writing changes no field, so that several may write the same event at once. Reading never
// goes beyond the data and never panics: after the first field that does not fit, every value is zero and Done returns an error.
type Codec struct {
	data    []byte // reading: what is left; writing: what was written
	writing bool
	parts   int // writing: how often Ends is false
	passed  int // how often Ends was false
	ended   bool
	why     string // reading: the first thing that did not fit
}

// ReadCodec reads data, which follows the discriminator.
func ReadCodec(data []byte) Codec { return Codec{data: data} }

// WriteCodec appends to dst the first part of a layout and as many further parts as parts says.
func WriteCodec(dst []byte, parts uint8) Codec {
	return Codec{data: dst, writing: true, parts: int(parts)}
}

// Written is dst with what was written.
func (c *Codec) Written() []byte { return c.data }

// Ends reports whether the layout ends here: the data does, or what is to be written.
func (c *Codec) Ends() bool {
	if c.writing {
		c.ended = c.passed >= c.parts
	} else {
		c.ended = len(c.data) == 0 || c.why != ""
	}
	if !c.ended {
		c.passed++
	}
	return c.ended
}

// Done returns how many parts were read beyond the first, and a copy of the tail behind the newest known field, nil
// when there is none. The error wraps ErrLayout.
func (c *Codec) Done() (parts uint8, tail []byte, err error) {
	if c.why != "" {
		return 0, nil, fmt.Errorf("%s: %w", c.why, ErrLayout)
	}
	if len(c.data) > 0 {
		tail = slices.Clone(c.data)
	}
	return uint8(c.passed), tail, nil //nolint:gosec // as often as a layout calls Ends
}

// take is the next n bytes; nil when they are not there.
func (c *Codec) take(n int) []byte {
	if len(c.data) < n || c.why != "" {
		c.fail("cut in a field")
		return nil
	}
	taken := c.data[:n]
	c.data = c.data[n:]
	return taken
}

func (c *Codec) fail(why string) {
	if c.why == "" {
		c.why, c.data = why, nil
	}
}

// U8 is a byte.
func (c *Codec) U8(v *uint8) {
	if c.writing {
		c.data = append(c.data, *v)
		return
	}
	if b := c.take(1); b != nil {
		*v = b[0]
	}
}

// Bool is a byte that must be 0 or 1.
func (c *Codec) Bool(v *bool) {
	if c.writing {
		flag := byte(0)
		if *v {
			flag = 1
		}
		c.data = append(c.data, flag)
		return
	}
	if b := c.take(1); b != nil {
		if b[0] > 1 {
			c.fail("a flag is neither 0 nor 1")
		}
		*v = b[0] == 1
	}
}

// U16 is a number of two bytes.
func (c *Codec) U16(v *uint16) {
	if c.writing {
		c.data = binary.LittleEndian.AppendUint16(c.data, *v)
		return
	}
	if b := c.take(2); b != nil {
		*v = binary.LittleEndian.Uint16(b)
	}
}

// U64 is a number of eight bytes.
func (c *Codec) U64(v *uint64) {
	if c.writing {
		c.data = binary.LittleEndian.AppendUint64(c.data, *v)
		return
	}
	if b := c.take(8); b != nil {
		*v = binary.LittleEndian.Uint64(b)
	}
}

// U64s are several of them.
func (c *Codec) U64s(values ...*uint64) {
	for _, v := range values {
		c.U64(v)
	}
}

// I64 is a signed number of eight bytes, such as a time.
func (c *Codec) I64(v *int64) {
	bits := uint64(*v) //nolint:gosec // its bits
	if c.U64(&bits); !c.writing {
		*v = int64(bits) //nolint:gosec // its bits
	}
}

// I128 is a signed number of sixteen bytes.
func (c *Codec) I128(v *market.I128) {
	high := uint64(v.Hi) //nolint:gosec // its bits
	c.U64(&v.Lo)
	if c.U64(&high); !c.writing {
		v.Hi = int64(high) //nolint:gosec // its bits
	}
}

// Key is an address.
func (c *Codec) Key(v *market.Pubkey) {
	if c.writing {
		c.data = append(c.data, v[:]...)
		return
	}
	if b := c.take(len(v)); b != nil {
		*v = market.Pubkey(b)
	}
}

// Keys are several of them.
func (c *Codec) Keys(values ...*market.Pubkey) {
	for _, v := range values {
		c.Key(v)
	}
}

// Text is a string: its length in four bytes, then UTF-8. Texts among the common ones are not allocated anew.
func (c *Codec) Text(v *string, common ...string) {
	if c.writing {
		c.data = binary.LittleEndian.AppendUint32(c.data, uint32(len(*v))) //nolint:gosec // a text of 4 GiB does not exist
		c.data = append(c.data, *v...)
		return
	}

	text := c.take(c.length())
	if text == nil {
		return
	}

	for _, known := range common {
		if string(text) == known {
			*v = known
			return
		}
	}

	if !utf8.Valid(text) {
		c.fail("a text is not UTF-8")
		return
	}
	*v = string(text)
}

// length reads the four bytes before a text or a list; it is never more than there are bytes.
func (c *Codec) length() int {
	b := c.take(4)
	if b == nil {
		return 0
	}
	n := binary.LittleEndian.Uint32(b)
	if uint64(n) > uint64(len(c.data)) {
		c.fail("a text or a list is longer than the data")
		return 0
	}
	return int(n)
}

// Count is the number of elements of a list, which the caller walks through; an element has size bytes.
func (c *Codec) Count(n, size int) int {
	if c.writing {
		c.data = binary.LittleEndian.AppendUint32(c.data, uint32(n)) //nolint:gosec // as many as were read
		return n
	}
	n = c.length()
	if n*size > len(c.data) {
		c.fail("a text or a list is longer than the data")
		return 0
	}
	return n
}
