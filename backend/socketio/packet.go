package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io-go-parser/v2/parser"
)

var (
	// errPacket is returned for a packet that does not follow the protocol.
	errPacket = errors.New("invalid packet")
	// errState is returned for a packet out of place, such as an event to a
	// namespace that was never joined.
	errState = errors.New("packet out of place")
)

// maxAttachments bounds the binary attachments of one packet.
const maxAttachments = 64

// reserved are the event names the protocol keeps to itself.
var reserved = []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}

// head is a Socket.IO packet with its JSON not yet looked at.
type head struct {
	kind        parser.PacketType
	attachments int
	nsp         string
	id          *uint64
	data        []byte
}

// parseHead reads the type, attachments, namespace and id of a text packet.
func parseHead(raw []byte) (h head, err error) {
	if len(raw) == 0 || !parser.PacketType(raw[0]).Valid() {
		return h, errPacket
	}
	h.kind, raw = parser.PacketType(raw[0]), raw[1:]
	if h.kind == parser.BINARY_EVENT || h.kind == parser.BINARY_ACK {
		count, rest, ok := bytes.Cut(raw, []byte{'-'})
		if !ok {
			return h, errPacket
		}
		n, err := strconv.ParseUint(string(count), 10, 16)
		if err != nil || n > maxAttachments {
			return h, errPacket
		}
		h.attachments, raw = int(n), rest
	}

	h.nsp = "/"
	if len(raw) > 0 && raw[0] == '/' {
		name, rest, _ := bytes.Cut(raw, []byte{','})
		h.nsp, raw = string(name), rest
	}

	digits := 0
	for digits < len(raw) && raw[digits] >= '0' && raw[digits] <= '9' {
		digits++
	}

	if digits > 0 {
		id, err := strconv.ParseUint(string(raw[:digits]), 10, 64)
		if err != nil {
			return h, errPacket
		}
		h.id, raw = &id, raw[digits:]
	}

	h.data = raw
	return h, nil
}

// auth reads the payload of CONNECT: nothing or an object.
func (h *head) auth() (map[string]any, error) {
	if len(h.data) == 0 {
		return nil, nil
	}
	var auth map[string]any
	if h.data[0] != '{' || json.Unmarshal(h.data, &auth) != nil {
		return nil, errPacket
	}
	return auth, nil
}

// args reads the payload of EVENT or ACK: an array.
func (h *head) args() ([]any, error) {
	var args []any
	if len(h.data) == 0 || h.data[0] != '[' || json.Unmarshal(h.data, &args) != nil {
		return nil, errPacket
	}
	return args, nil
}

// event splits the arguments of an EVENT into name and rest.
func event(args []any) (string, []any, error) {
	if len(args) == 0 {
		return "", nil, errPacket
	}
	name, ok := args[0].(string)
	if !ok || slices.Contains(reserved, name) {
		return "", nil, errPacket
	}
	return name, args[1:], nil
}

// attach puts the attachments in the places kept for them.
func attach(v any, attachments [][]byte) (any, error) {
	switch v := v.(type) {
	case []any:
		for i := range v {
			x, err := attach(v[i], attachments)
			if err != nil {
				return nil, err
			}
			v[i] = x
		}
	case map[string]any:
		if v["_placeholder"] == true {
			n, ok := v["num"].(float64)
			if !ok || n < 0 || n >= float64(len(attachments)) || n != float64(int(n)) {
				return nil, errPacket
			}
			return attachments[int(n)], nil
		}
		for k := range v {
			x, err := attach(v[k], attachments)
			if err != nil {
				return nil, err
			}
			v[k] = x
		}
	}

	return v, nil
}

// encodeEvent builds the frames of one event: one, or more with attachments.
func encodeEvent(nsp, name string, payload any) ([]frame, error) {
	args := arguments(payload)
	if hasBinary(args) {
		return encodeBinary(&parser.Packet{Type: parser.EVENT, Nsp: nsp, Data: append([]any{name}, args...)})
	}
	quoted, err := json.Marshal(name)
	if err != nil {
		return nil, fmt.Errorf("encode event name: %w", err)
	}
	body, err := encodeArgs(append(prefix(parser.EVENT, nsp, nil), append([]byte{'['}, quoted...)...), args, true)
	if err != nil {
		return nil, fmt.Errorf("encode event %q: %w", name, err)
	}
	return []frame{newFrame(opText, body)}, nil
}

// encodeAck builds the frames of one acknowledgement.
func encodeAck(nsp string, id uint64, payload any) ([]frame, error) {
	args := arguments(payload)
	if hasBinary(args) {
		return encodeBinary(&parser.Packet{Type: parser.ACK, Nsp: nsp, Id: &id, Data: args})
	}
	body, err := encodeArgs(append(prefix(parser.ACK, nsp, &id), '['), args, false)
	if err != nil {
		return nil, fmt.Errorf("encode acknowledgement: %w", err)
	}
	return []frame{newFrame(opText, body)}, nil
}

// prefix is everything before the JSON, with the Engine.IO message type.
func prefix(kind parser.PacketType, nsp string, id *uint64) []byte {
	b := []byte{'4', byte(kind)}
	if nsp != "/" {
		b = append(append(b, nsp...), ',')
	}
	if id != nil {
		b = strconv.AppendUint(b, *id, 10)
	}
	return b
}

func encodeArgs(dst []byte, args []any, comma bool) ([]byte, error) {
	for _, arg := range args {
		if comma {
			dst = append(dst, ',')
		}
		comma = true
		if raw, ok := arg.(json.RawMessage); ok && len(raw) > 0 {
			dst = append(dst, raw...)
			continue
		}
		b, err := json.Marshal(arg)
		if err != nil {
			return nil, err
		}
		dst = append(dst, b...)
	}
	return append(dst, ']'), nil
}

func arguments(payload any) []any {
	switch p := payload.(type) {
	case nil:
		return nil
	case Args:
		return p
	default:
		return []any{p}
	}
}

// hasBinary reports whether any argument holds bytes to be sent as an attachment.
// Only the types that decoding gives are looked into.
func hasBinary(args []any) bool {
	return slices.ContainsFunc(args, func(v any) bool {
		switch v := v.(type) {
		case []byte:
			return true
		case []any:
			return hasBinary(v)
		case map[string]any:
			for _, x := range v {
				if hasBinary([]any{x}) {
					return true
				}
			}
		}
		return false
	})
}

func encodeBinary(p *parser.Packet) ([]frame, error) {
	var frames []frame
	for i, b := range parser.NewEncoder().Encode(p) {
		if _, text := b.(*types.StringBuffer); text && i == 0 {
			frames = append(frames, newFrame(opText, []byte{'4'}, b.Bytes()))
		} else {
			frames = append(frames, newFrame(opBinary, b.Bytes()))
		}
	}
	return frames, nil
}
