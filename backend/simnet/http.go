package simnet

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	maxBatch  = 1000     // requests in one HTTP request
	maxAnswer = 64 << 20 // bytes
)

// ServeHTTP answers JSON-RPC requests, WebSocket upgrades, GET /health and GET /ipfs/.
func (n *Net) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	outage, refusal := n.chaos.down(time.Now())
	if outage {
		panic(http.ErrAbortHandler) // the documented way to drop the connection
	}

	switch {
	case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		n.serveSocket(w, r)
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/ipfs/"):
		n.serveIPFS(w, r)
	case refusal:
		http.Error(w, "service unavailable", http.StatusServiceUnavailable)
	case r.Method == http.MethodGet && r.URL.Path == "/health":
		_, _ = io.WriteString(w, "ok")
	case r.Method != http.MethodPost:
		http.Error(w, "Used HTTP Method is not allowed. POST or OPTIONS is required", http.StatusMethodNotAllowed)
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		http.Error(w, "Supplied content type is not allowed. Content-Type: application/json is required", http.StatusUnsupportedMediaType)
	case n.cfg.MaxBatch > 0:
		n.cfg.BatchRefusal.Handler(n.cfg.MaxBatch, http.HandlerFunc(n.serveRPC)).ServeHTTP(w, r)
	default:
		n.serveRPC(w, r)
	}
}

func (n *Net) serveRPC(w http.ResponseWriter, r *http.Request) {
	node, ok := n.at(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
		return
	}

	if n.chaos.strikes("slow", func(f *Faults) float64 { return f.Slow }) {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(n.chaos.current().SlowBy):
		}
	}

	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	cost := max(1, bytes.Count(body, []byte(`"method"`)))
	wait, ok := n.limits.allow(time.Now(), host, cost, n.cfg.RateLimit)
	if ok && n.chaos.strikes("limit", func(f *Faults) float64 { return f.Limit }) {
		wait, ok = time.Second, false
	}

	if !ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"jsonrpc":"2.0","error":{"code":429,"message":"Too many requests for a specific RPC call"},"id":null}`)
		return
	}
	if n.chaos.strikes("fail", func(f *Faults) float64 { return f.Fail }) {
		http.Error(w, "internal server error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(node.answer(r.Context(), body, nil)) //nolint:gosec // JSON; a client that left is no concern
}

// request is one JSON-RPC request.
type request struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

// answer is the reply to one request or to a batch of them; nil if none asks for an answer. s is the connection when it
// came over PubSub.
func (n *access) answer(ctx context.Context, body []byte, s *socket) []byte {
	body = bytes.TrimLeft(body, " \t\r\n")
	if len(body) == 0 || body[0] != '[' {
		return n.answerOne(body, s)
	}

	var batch []json.RawMessage
	if json.Unmarshal(body, &batch) != nil {
		return errorAnswer(errParse, nil)
	}
	if len(batch) == 0 || len(batch) > maxBatch {
		return errorAnswer(errRequest, nil)
	}

	var out []byte
	for _, each := range batch {
		if ctx.Err() != nil {
			return nil
		}
		if reply := n.answerOne(each, s); reply != nil {
			if out == nil {
				out = append(make([]byte, 0, len(batch)*len(reply)), '[')
			} else {
				out = append(out, ',')
			}
			if out = append(out, reply...); len(out) > maxAnswer {
				return errorAnswer(&rpcError{Code: -32603, Message: "Internal error: response too large"}, nil)
			}
		}
	}

	if out == nil {
		return nil
	}
	return append(out, ']')
}

func (n *access) answerOne(body []byte, s *socket) []byte {
	var req request
	if err := json.Unmarshal(body, &req); err != nil {
		if json.Valid(body) {
			return errorAnswer(errRequest, nil)
		}
		return errorAnswer(errParse, nil)
	}
	if req.Version != "2.0" || req.Method == "" {
		return errorAnswer(errRequest, req.ID)
	}

	args, fault := readArgs(req.Params)
	var result []byte
	if fault == nil {
		result, fault = n.call(req, args, s)
	}

	switch {
	case req.ID == nil:
		return nil // a notification
	case fault != nil:
		return errorAnswer(fault, req.ID)
	case result == nil:
		return nil // subscribe has answered
	}

	return appendResult(make([]byte, 0, len(result)+64), result, req.ID)
}

func appendResult(b, result []byte, id json.RawMessage) []byte {
	b = append(append(b, `{"jsonrpc":"2.0","result":`...), result...)
	return append(append(append(b, `,"id":`...), id...), '}')
}
