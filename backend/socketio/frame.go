package socketio

import (
	"encoding/base64"
	"encoding/binary"
)

// WebSocket opcodes.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// separator stands between the packets of one polling payload.
const separator = 0x1e

// frame is one complete, unmasked, final WebSocket frame. It is shared between
// the queues of many clients and never changed. Polling reads it too, without
// its header.
type frame []byte

// newFrame builds the frame whose payload is the parts joined.
func newFrame(op byte, parts ...[]byte) frame {
	n := 0
	for _, p := range parts {
		n += len(p)
	}

	f := make(frame, 0, n+10)
	f = append(f, 0x80|op)
	switch {
	case n < 126:
		f = append(f, byte(n))
	case n < 1<<16:
		f = binary.BigEndian.AppendUint16(append(f, 126), uint16(n))
	default:
		f = binary.BigEndian.AppendUint64(append(f, 127), uint64(n))
	}

	for _, p := range parts {
		f = append(f, p...)
	}
	return f
}

// closeFrame ends a connection with status 1000, largeFrame with 1009: a message was too large.
var (
	closeFrame = newFrame(opClose, []byte{0x03, 0xe8})
	largeFrame = newFrame(opClose, []byte{0x03, 0xf1})
)

func (f frame) op() byte { return f[0] & 0x0f }

func (f frame) payload() []byte {
	switch f[1] {
	case 126:
		return f[4:]
	case 127:
		return f[10:]
	default:
		return f[2:]
	}
}

// appendPolled appends the frame as a packet of a polling payload: text as it
// is, binary as base64, WebSocket control frames not at all.
func (f frame) appendPolled(dst []byte) []byte {
	op := f.op()
	if op != opText && op != opBinary {
		return dst
	}
	if len(dst) > 0 {
		dst = append(dst, separator)
	}
	if op == opBinary {
		dst = append(dst, 'b')
		return base64.StdEncoding.AppendEncode(dst, f.payload())
	}
	return append(dst, f.payload()...)
}
