package solana

import (
	"errors"
	"fmt"

	"github.com/valyala/fastjson"

	"spinscope/backend/market"
)

// errFrame is returned for a frame that is no PubSub message.
var errFrame = errors.New("not a PubSub message")

// FrameKind says what a PubSub frame is.
type FrameKind uint8

// The kinds of frames.
const (
	FrameOther   FrameKind = iota // well-formed, but nothing that was subscribed to
	FrameAnswer                   // the answer to a request
	FrameRefusal                  // an error object in answer to a request
	FrameLogs                     // a logsNotification
	FrameSlot                     // a slotNotification
)

// Frame is a parsed PubSub message; which fields are set depends on Kind.
type Frame struct {
	Kind         FrameKind
	ID           uint64 // FrameAnswer, FrameRefusal: the request's
	Subscription uint64 // FrameAnswer: the one granted; FrameLogs, FrameSlot: the one it belongs to
	Slot         market.Slot
	Code         int    // FrameRefusal; 0 when it has none
	Message      string // FrameRefusal; foreign text
	Transaction  market.Transaction

	text []byte // what Transaction.Logs point into
}

// FrameParser parses PubSub messages; not safe for concurrent use. It is our own because it is on the way of every trade:
// solana-go's types take ten times as long (docs/performance.md), and its WebSocket client does not reconnect.
type FrameParser struct{ json fastjson.Parser }

// Parse reads one message into frame. Strings are copied out of data. frame.Transaction.Logs and the text of its lines
// are used again, so that the next call overwrites them: a caller that keeps the logs, or a part of a line, sets
// frame.Transaction.Logs to nil before. ReceivedAt is left to the caller.
func (p *FrameParser) Parse(data []byte, frame *Frame) error {
	logs, text := frame.Transaction.Logs, frame.text[:0]
	if logs == nil {
		text = nil // it belongs to the caller now
	}
	*frame = Frame{text: text}
	frame.Transaction.Logs = logs[:0]
	if quickLogs(data, frame) {
		return nil
	}

	*frame = Frame{text: frame.text}
	frame.Transaction.Logs = logs[:0]
	value, err := p.json.ParseBytes(data)
	if err != nil {
		return fmt.Errorf("%w but %d bytes of something else", errFrame, len(data)) // the parser's text would quote a part
	}
	if value.Type() != fastjson.TypeObject {
		return errFrame
	}

	switch method := value.Get("method"); {
	case method == nil:
		return parseAnswer(value, frame)
	case method.Type() != fastjson.TypeString:
		return errFrame
	default:
		params := value.Get("params")
		if params == nil {
			return nil
		}
		name := method.GetStringBytes()
		switch string(name) {
		case "logsNotification":
			return parseLogs(params, frame)
		case "slotNotification":
			return parseSlot(params, frame)
		}
		return nil
	}
}

func parseAnswer(value *fastjson.Value, frame *Frame) error {
	id, err := uintField(value, "id")
	if err != nil {
		if value.Get("error") == nil {
			return errFrame
		}
		id = 0 // a server that could not read the request answers with id null
	}

	frame.ID = id
	if failure := readProblem(value); failure != nil {
		frame.Kind, frame.Code, frame.Message = FrameRefusal, failure.code, failure.message
		return nil
	}

	result := value.Get("result")
	if result == nil {
		return errFrame
	}

	frame.Kind = FrameAnswer
	if result.Type() == fastjson.TypeNumber {
		frame.Subscription, err = result.Uint64()
	}
	return err
}

func parseSlot(params *fastjson.Value, frame *Frame) error {
	result := params.Get("result")
	if result == nil {
		return errFrame
	}
	slot, err := uintField(result, "slot")
	if err != nil {
		return err
	}
	frame.Kind, frame.Slot = FrameSlot, market.Slot(slot)
	frame.Subscription, err = uintField(params, "subscription")
	return err
}

func parseLogs(params *fastjson.Value, frame *Frame) error {
	result := params.Get("result")
	if result == nil {
		return errFrame
	}

	slot, err := uintField2(result, "context", "slot")
	if err != nil {
		return err
	}
	if frame.Subscription, err = uintField(params, "subscription"); err != nil {
		return err
	}

	value := result.Get("value")
	if value == nil || value.Type() != fastjson.TypeObject {
		return errFrame
	}

	tx := &frame.Transaction
	if tx.Signature, err = market.ParseSignature(bytesText(value.GetStringBytes("signature"))); err != nil {
		return fmt.Errorf("%w: %w", errFrame, err)
	}

	tx.Slot = market.Slot(slot)
	tx.Failed = isFailure(value.Get("err"))
	logs := value.Get("logs")
	if logs == nil {
		return fmt.Errorf("%w: no logs", errFrame)
	}
	if tx.Logs, frame.text, err = copyLogs(tx.Logs, frame.text, logs); err != nil {
		return err
	}
	frame.Kind, frame.Slot = FrameLogs, tx.Slot

	return nil
}

func uintField2(object *fastjson.Value, outer, inner string) (uint64, error) {
	field := object.Get(outer)
	if field == nil {
		return 0, fmt.Errorf("%w: no %s", errFrame, outer)
	}
	return uintField(field, inner)
}

// copyLogs copies an array of strings out of the parser's memory, the text of all lines into one piece. It appends to dst
// and blob, which it takes over.
func copyLogs(dst []string, blob []byte, logs *fastjson.Value) ([]string, []byte, error) {
	lines, err := logs.Array()
	if err != nil {
		return nil, nil, fmt.Errorf("%w: logs: %w", errResponse, err)
	}

	size := 0
	for _, line := range lines {
		text, err := line.StringBytes()
		if err != nil {
			return nil, nil, fmt.Errorf("%w: log line: %w", errResponse, err)
		}
		size += len(text)
	}

	if cap(blob) < size {
		blob = make([]byte, 0, size)
	}
	if cap(dst) < len(lines) {
		dst = make([]string, 0, len(lines))
	}

	dst, blob = dst[:0], blob[:0]
	for _, line := range lines {
		text, _ := line.StringBytes() // checked above
		from := len(blob)
		blob = append(blob, text...) // never moves: its capacity suffices
		dst = append(dst, bytesText(blob[from:]))
	}

	return dst, blob, nil
}
