package socketio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// closeCode is the end that a WebSocket close frame told, with its status.
type closeCode uint16

const (
	statusNone     closeCode = 1005 // the frame had no status
	statusProtocol closeCode = 1002
)

// Error gives the status.
func (c closeCode) Error() string { return fmt.Sprintf("websocket closed with status %d", uint16(c)) }

// protocolError is what is wrong with a frame of the client.
type protocolError string

// Error gives the reason.
func (e protocolError) Error() string { return "websocket: " + string(e) }

// errTooLarge is returned for a message above the limit.
var errTooLarge = errors.New("websocket: message is too large")

// errPartial says that a frame is not whole yet.
var errPartial = errors.New("websocket: frame is not whole")

// incoming puts the frames of a WebSocket client together to messages. Between two reads it holds only what was read of
// a frame or message that is not whole, so nothing for a client that says nothing. The zero value with a limit is ready.
type incoming struct {
	limit int64
	rest  []byte // of a frame that is not whole
	begun []byte // of a message whose last frame has not come
	kind  byte   // its opcode, 0 when none is under way
}

// taker is told of what came. What it gets is its own during the call; an error of its ends the reading.
type taker interface {
	onMessage(op byte, payload []byte) error
	onControl(op byte, payload []byte) error // a ping or a pong
}

// piece is one frame as it was read, unmasked.
type piece struct {
	op      byte
	last    bool
	payload []byte
}

// add takes what was read, which it changes, and passes on what is whole with it. A close frame is an error too: [closeCode].
func (in *incoming) add(data []byte, to taker) error {
	if len(in.rest) > 0 {
		in.rest = append(in.rest, data...)
		data = in.rest
	}

	for {
		p, size, err := in.next(data)
		if errors.Is(err, errPartial) {
			break
		}
		if err != nil {
			return err
		}

		data = data[size:]
		if err := in.take(p, to); err != nil {
			return err
		}
	}

	switch {
	case len(data) == 0:
		in.rest = nil
	case len(data) != len(in.rest): // else it is the rest
		in.rest = append([]byte(nil), data...)
	}
	return nil
}

// next reads one frame, and unmasks it where it lies.
func (in *incoming) next(data []byte) (p piece, size int, err error) {
	if len(data) < 2 {
		return p, 0, errPartial
	}
	p.op, p.last = data[0]&0x0f, data[0]&0x80 != 0
	masked, length := data[1]&0x80 != 0, uint64(data[1]&0x7f)
	if err := in.check(data[0], masked, length); err != nil {
		return p, 0, err
	}

	header := 2
	switch {
	case length == 126 && len(data) >= 4:
		header, length = 4, uint64(binary.BigEndian.Uint16(data[2:]))
	case length == 127 && len(data) >= 10:
		header, length = 10, binary.BigEndian.Uint64(data[2:])
	case length >= 126:
		return p, 0, errPartial
	}
	if p.op < opClose && length > uint64(in.limit-int64(len(in.begun))) {
		return p, 0, errTooLarge
	}

	size = header + 4 + int(length)
	if len(data) < size {
		return p, 0, errPartial
	}
	mask := [4]byte(data[header:])
	p.payload = data[header+4 : size]
	unmask(p.payload, mask)
	return p, size, nil
}

// check judges the first two bytes of a frame.
func (in *incoming) check(first byte, masked bool, length uint64) error {
	var wrong []string
	for i, bit := range []byte{0x40, 0x20, 0x10} {
		if first&bit != 0 {
			wrong = append(wrong, fmt.Sprintf("RSV%d set", i+1))
		}
	}

	op, last := first&0x0f, first&0x80 != 0
	switch op {
	case opClose, opPing, opPong:
		if length > 125 {
			wrong = append(wrong, "len > 125 for control")
		}
		if !last {
			wrong = append(wrong, "FIN not set on control")
		}
	case opText, opBinary:
		if in.kind != 0 {
			wrong = append(wrong, "data before FIN")
		}
	case opContinuation:
		if in.kind == 0 {
			wrong = append(wrong, "continuation after FIN")
		}
	default:
		wrong = append(wrong, fmt.Sprintf("bad opcode %d", op))
	}

	if !masked {
		wrong = append(wrong, "bad MASK")
	}
	if len(wrong) > 0 {
		return protocolError(strings.Join(wrong, ", "))
	}
	return nil
}

func (in *incoming) take(p piece, to taker) error {
	switch {
	case p.op == opClose:
		return closing(p.payload)
	case p.op > opClose:
		return to.onControl(p.op, p.payload)
	case p.last && p.op != opContinuation:
		return to.onMessage(p.op, p.payload)
	case p.op != opContinuation:
		in.kind = p.op
	}

	in.begun = append(in.begun, p.payload...)
	if !p.last {
		return nil
	}

	kind, whole := in.kind, in.begun
	in.kind, in.begun = 0, nil
	return to.onMessage(kind, whole)
}

// closing is the error that a close frame ends the reading with.
func closing(payload []byte) error {
	if len(payload) < 2 {
		return statusNone
	}
	code := binary.BigEndian.Uint16(payload)
	switch {
	case code < 1000, code >= 1004 && code <= 1006, code >= 1014 && code < 3000, code > 4999:
		return protocolError(fmt.Sprintf("bad close code %d", code))
	case !utf8.Valid(payload[2:]):
		return protocolError("invalid utf8 payload in close frame")
	}
	return closeCode(code)
}

// unmask undoes a client's mask, eight bytes at a time.
func unmask(data []byte, mask [4]byte) {
	key := binary.LittleEndian.Uint32(mask[:])
	wide := uint64(key)<<32 | uint64(key)
	for len(data) >= 8 {
		binary.LittleEndian.PutUint64(data, binary.LittleEndian.Uint64(data)^wide)
		data = data[8:]
	}
	for i := range data {
		data[i] ^= mask[i&3]
	}
}
