package simnet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"spinscope/backend/market"
)

// rpcError is the error of a JSON-RPC answer.
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

var (
	errParse   = &rpcError{Code: -32700, Message: "Parse error"}
	errRequest = &rpcError{Code: -32600, Message: "Invalid request"}
	errMethod  = &rpcError{Code: -32601, Message: "Method not found"}
)

func invalid(format string, args ...any) *rpcError {
	return &rpcError{Code: -32602, Message: fmt.Sprintf(format, args...)}
}

func errorAnswer(fault *rpcError, id json.RawMessage) []byte {
	text, _ := json.Marshal(fault) // cannot fail: numbers and strings
	b := append([]byte(`{"jsonrpc":"2.0","error":`), text...)
	b = append(b, `,"id":`...)
	if id == nil {
		id = json.RawMessage("null")
	}
	return append(append(b, id...), '}')
}

// args are the parameters of a request.
type args []json.RawMessage

func readArgs(text json.RawMessage) (list args, fault *rpcError) {
	if text == nil || bytes.Equal(text, []byte("null")) {
		return nil, nil
	}
	if json.Unmarshal(text, &list) != nil {
		return nil, invalid("`params` should be an array")
	}
	return list, nil
}

// read decodes the i-th parameter; a missing one is an error only if it is needed.
func (a args) read(i int, into any, needed bool) *rpcError {
	if i >= len(a) || bytes.Equal(a[i], []byte("null")) {
		if needed {
			return invalid("`params` should have at least %d argument(s)", i+1)
		}
		return nil
	}
	if err := json.Unmarshal(a[i], into); err != nil {
		return invalid("Invalid params: %s", err)
	}
	return nil
}

// options are the fields of the configuration objects that the methods know.
type options struct {
	Commitment         string       `json:"commitment"`
	MinContextSlot     *market.Slot `json:"minContextSlot"`
	Before             string       `json:"before"`
	Until              string       `json:"until"`
	Limit              *int         `json:"limit"`
	Encoding           string       `json:"encoding"`
	MaxVersion         *uint8       `json:"maxSupportedTransactionVersion"`
	TransactionDetails string       `json:"transactionDetails"`
	SearchHistory      bool         `json:"searchTransactionHistory"`

	level commitment
}

// options reads the i-th parameter as a configuration object.
func (a args) options(i int) (o options, fault *rpcError) {
	if fault = a.read(i, &o, false); fault != nil {
		return o, fault
	}
	switch o.Commitment {
	case "", "finalized":
		o.level = finalized
	case "confirmed":
		o.level = confirmed
	case "processed":
		o.level = processed
	default:
		return o, invalid("Invalid params: unknown variant `%s`, expected one of `processed`, `confirmed`, `finalized`.", clip(o.Commitment))
	}
	return o, nil
}

// sure refuses processed, as the methods over history do.
func (o *options) sure() *rpcError {
	if o.level == processed {
		return invalid("Method does not support commitment below `confirmed`")
	}
	return nil
}

// reached checks minContextSlot; the chain is locked.
func (o *options) reached(c *chain) *rpcError {
	if slot := c.slotAt(o.level); o.MinContextSlot != nil && *o.MinContextSlot > slot {
		return &rpcError{Code: -32016, Message: "Minimum context slot has not been reached", Data: map[string]any{"contextSlot": slot}}
	}
	return nil
}

// call does one request. A nil result without an error means that the answer has been queued already.
func (n *access) call(req request, a args, s *socket) ([]byte, *rpcError) {
	if s != nil {
		switch req.Method {
		case "logsSubscribe":
			return n.logsSubscribe(req, a, s)
		case "slotSubscribe":
			return n.subscribe(req, &subscription{slots: true}, s)
		case "logsUnsubscribe", "slotUnsubscribe":
			return unsubscribe(a, s, req.Method == "slotUnsubscribe")
		}
		return nil, errMethod // the PubSub service has no others
	}
	method, ok := methods[req.Method]
	if !ok {
		return nil, errMethod
	}
	return method(n, a)
}

func (n *Net) logsSubscribe(req request, a args, s *socket) ([]byte, *rpcError) {
	sub := &subscription{}
	var word string
	var filter struct {
		Mentions []string `json:"mentions"`
	}
	if len(a) == 0 {
		return nil, invalid("`params` should have at least 1 argument(s)")
	}

	switch {
	case json.Unmarshal(a[0], &word) == nil:
		if sub.all = word == "all" || word == "allWithVotes"; !sub.all {
			return nil, invalid("Invalid params: unknown variant `%s`, expected one of `all`, `allWithVotes`, `mentions`.", clip(word))
		}
	case json.Unmarshal(a[0], &filter) != nil:
		return nil, invalid("Invalid params: expected a filter")
	case len(filter.Mentions) != 1:
		return nil, invalid("Invalid Request: Only 1 address supported")
	default:
		address, err := market.ParsePubkey(filter.Mentions[0])
		if err != nil {
			return nil, invalid("Invalid pubkey: Invalid")
		}
		sub.mentions = address
	}

	o, fault := a.options(1)
	if fault != nil {
		return nil, fault
	}
	sub.level = o.level
	return n.subscribe(req, sub, s)
}

func (n *Net) subscribe(req request, sub *subscription, s *socket) ([]byte, *rpcError) {
	if n.chaos.strikes("refuse", func(f *Faults) float64 { return f.Refuse }) {
		return nil, &rpcError{Code: -32603, Message: "Internal error: subscription limit of the node reached"}
	}
	s.mu.Lock()
	full := len(s.subs) >= n.cfg.MaxSubscriptions
	s.mu.Unlock()
	if full {
		return nil, &rpcError{Code: -32603, Message: "Internal error: too many subscriptions on this connection"}
	}

	sub.id = n.sockets.next.Add(1) - 1
	id := req.ID
	if id == nil {
		id = json.RawMessage("null")
	}

	s.subscribe(sub, func(number uint64) []byte {
		return appendResult(nil, strconv.AppendUint(nil, number, 10), id)
	})
	return nil, nil
}

func unsubscribe(a args, s *socket, slots bool) ([]byte, *rpcError) {
	var id uint64
	if fault := a.read(0, &id, true); fault != nil {
		return nil, fault
	}
	if !s.unsubscribe(id, slots) {
		return nil, invalid("Invalid subscription id.")
	}
	return []byte("true"), nil
}

// clip keeps a foreign text short enough for a message.
func clip(text string) string {
	const limit = 60
	return text[:min(len(text), limit)]
}
