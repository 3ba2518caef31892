package socketio

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// masked is a client's frame; first is the byte with the opcode.
func masked(first byte, payload string) []byte {
	mask := [4]byte{0x11, 0x22, 0x33, 0x44}
	f := []byte(newFrame(opText, []byte(payload)))
	head := len(f) - len(payload)
	out := append([]byte{first, f[1] | 0x80}, f[2:head]...)
	out = append(out, mask[:]...)
	for i := range len(payload) {
		out = append(out, payload[i]^mask[i%4])
	}
	return out
}

// heardFrames notes what it is told.
type heardFrames struct{ list []string }

func (h *heardFrames) onMessage(op byte, payload []byte) error {
	h.list = append(h.list, fmt.Sprintf("%d %s", op, payload))
	return nil
}

func (h *heardFrames) onControl(op byte, payload []byte) error {
	return h.onMessage(op, payload)
}

// TestIncomingInPieces: whatever is read at a time, the same messages come, and nothing is held back or kept.
func TestIncomingInPieces(t *testing.T) {
	long := strings.Repeat("0123456789", 30)
	longer := strings.Repeat("x", 70_000)
	stream := slices.Concat(
		masked(0x80|opText, "a"), masked(opText, "one "), masked(0x80|opPing, "p"), masked(opContinuation, ""),
		masked(0x80|opContinuation, "two"), masked(0x80|opBinary, long), masked(0x80|opText, ""), masked(0x80|opText, longer),
	)
	want := []string{"1 a", "9 p", "1 one two", "2 " + long, "1 ", "1 " + longer}

	for _, size := range []int{1, 2, 3, 7, 300, 4096, len(stream)} {
		in, got := incoming{limit: 1 << 20}, &heardFrames{}
		for part := range slices.Chunk(stream, size) {
			if err := in.add(slices.Clone(part), got); err != nil {
				t.Fatalf("%d bytes at a time: %v", size, err)
			}
		}
		if !slices.Equal(got.list, want) {
			t.Errorf("%d bytes at a time: %.200q", size, got.list)
		}
		if in.rest != nil || in.begun != nil {
			t.Errorf("%d bytes at a time: %d and %d bytes are kept", size, len(in.rest), len(in.begun))
		}
	}
}

// TestIncomingRefused: what a client must not send ends it, with the close frame that says so.
func TestIncomingRefused(t *testing.T) {
	unmasked := []byte(newFrame(opText, []byte("a")))
	for name, tc := range map[string]struct {
		sent  []byte
		err   error
		frame string
	}{
		"close":                  {masked(0x80|opClose, "\x03\xe8bye"), closeCode(1000), "\x88\x02\x03\xe8"},
		"close without a status": {masked(0x80|opClose, ""), statusNone, "\x88\x00"},
		"close of a strange one": {masked(0x80|opClose, "\x00\x01"), protocolError("bad close code 1"), "\x88\x12\x03\xeabad close code 1"},
		"close in no UTF-8":      {masked(0x80|opClose, "\x03\xe8\xff"), protocolError("invalid utf8 payload in close frame"), ""},
		"unmasked":               {unmasked, protocolError("bad MASK"), "\x88\x0a\x03\xeabad MASK"},
		"reserved bit":           {masked(0xc0|opText, "a"), protocolError("RSV1 set"), ""},
		"unknown opcode":         {masked(0x83, "a"), protocolError("bad opcode 3"), ""},
		"continuation of nothing": {
			masked(0x80|opContinuation, "a"), protocolError("continuation after FIN"), "",
		},
		"a message in a message": {
			append(masked(opText, "a"), masked(0x80|opText, "b")...), protocolError("data before FIN"), "",
		},
		"ping in pieces": {masked(opPing, "a"), protocolError("FIN not set on control"), ""},
		"long ping":      {masked(0x80|opPing, strings.Repeat("a", 126)), protocolError("len > 125 for control"), ""},
		"large":          {masked(0x80|opText, strings.Repeat("a", 201)), errTooLarge, string(largeFrame)},
		"large in pieces": {
			append(masked(opText, strings.Repeat("a", 150)), masked(0x80|opContinuation, strings.Repeat("a", 51))...), errTooLarge, "",
		},
		"larger than numbers go": {
			append([]byte{0x81, 0xff}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), errTooLarge, "",
		},
	} {
		in := incoming{limit: 200}
		err := in.add(tc.sent, &heardFrames{})
		if !errors.Is(err, tc.err) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		last := farewell(err)
		if last == nil {
			last = verdict(err)
		}
		if tc.frame != "" && string(last) != tc.frame {
			t.Errorf("%s: answered %q", name, last)
		}
	}
}
