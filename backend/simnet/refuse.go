package simnet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// BatchRefusal is how an endpoint answers a batch of more calls than it takes. "" is the node's own way, one error.
type BatchRefusal string

// The ways that providers have of refusing a batch that name no HTTP status.
const (
	RefuseByClosing   BatchRefusal = "close"         // the connection ends without an answer
	RefuseByCutting   BatchRefusal = "cut"           // the answer ends early
	RefuseByPage      BatchRefusal = "html"          // 200 and a page for people
	RefuseByNothing   BatchRefusal = "empty"         // 200 and no body
	RefuseByNoAnswers BatchRefusal = "no-answers"    // 200 and an empty list
	RefuseByError     BatchRefusal = "error"         // one error object for all
	RefuseByText      BatchRefusal = "error-text"    // the same, and the error is a text
	RefuseByCode      BatchRefusal = "error-code"    // the same, with a text for a code
	RefuseByMessage   BatchRefusal = "message"       // an object that holds only a message
	RefuseByErrors    BatchRefusal = "errors"        // an error for each call
	RefuseByPart      BatchRefusal = "part"          // as many calls are answered as are taken, the others are left out
	RefuseByPartError BatchRefusal = "part-errors"   // the others get errors
	RefuseByPartNull  BatchRefusal = "part-null-ids" // the others get errors that do not say whose they are
	RefuseByFirst     BatchRefusal = "first"         // only the first is answered, not as a list
	RefuseByLimit     BatchRefusal = "limit"         // a rate limit told in HTTP 200
	RefuseByLimits    BatchRefusal = "limits"        // the same for each call that is too many
)

// refusalStatuses are the HTTP statuses that providers refuse batches with; each is a BatchRefusal of its number.
var refusalStatuses = []int{400, 403, 405, 413, 422, 429, 500, 501, 502, 503}

// BatchRefusals lists every way that is known.
func BatchRefusals() []BatchRefusal {
	list := []BatchRefusal{
		RefuseByClosing, RefuseByCutting, RefuseByPage, RefuseByNothing, RefuseByNoAnswers, RefuseByError, RefuseByText, RefuseByCode,
		RefuseByMessage, RefuseByErrors, RefuseByPart, RefuseByPartError, RefuseByPartNull, RefuseByFirst, RefuseByLimit, RefuseByLimits,
	}
	for _, status := range refusalStatuses {
		list = append(list, BatchRefusal(strconv.Itoa(status)))
	}
	return list
}

// Handler refuses requests to next that hold more than limit calls; with limit 0 also those that hold one.
func (how BatchRefusal) Handler(limit int, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
			return
		}
		calls := splitBatch(body)
		if len(calls) > limit {
			how.refuse(w, r, calls, limit, next)
			return
		}
		next.ServeHTTP(w, withBody(r, body))
	})
}

func withBody(r *http.Request, body []byte) *http.Request {
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return r
}

// splitBatch is the calls of a request; one that is no batch is its own only call.
func splitBatch(body []byte) (calls []json.RawMessage) {
	if json.Unmarshal(body, &calls) != nil {
		calls = []json.RawMessage{body}
	}
	return calls
}

func (how BatchRefusal) refuse(w http.ResponseWriter, r *http.Request, calls []json.RawMessage, limit int, next http.Handler) {
	say := func(format string, args ...any) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, format, args...) //nolint:gosec // numbers and texts of this file
	}
	words := fmt.Sprintf("more than %d at once are not in your plan", limit)
	answered := func() []json.RawMessage { return answersTo(r, calls[:min(limit, len(calls))], next) }
	status, _ := strconv.Atoi(string(how))
	switch how {
	case RefuseByClosing:
		panic(http.ErrAbortHandler)
	case RefuseByCutting:
		w.Header().Set("Content-Length", "5000")
		say(`[{"jsonrpc":"2.0","id":0,"result":1`)
		panic(http.ErrAbortHandler)
	case RefuseByPage:
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html><head><style>p {}</style><title>Sorry</title></head><body><p>"+words+"</p></body></html>") //nolint:gosec // the same
	case RefuseByNothing:
	case RefuseByNoAnswers:
		say("[]")
	case RefuseByText:
		say(`{"jsonrpc":"2.0","id":null,"error":%q}`, words)
	case RefuseByCode:
		say(`{"jsonrpc":"2.0","id":null,"error":{"code":"PLAN_EXCEEDED","details":{"reason":%q}}}`, words)
	case RefuseByMessage:
		say(`{"message":%q}`, words)
	case RefuseByErrors:
		writeAnswers(w, errorsFor(calls, true, -32600, words))
	case RefuseByPart:
		writeAnswers(w, answered())
	case RefuseByPartError:
		writeAnswers(w, slices.Concat(answered(), errorsFor(calls[min(limit, len(calls)):], true, -32000, words)))
	case RefuseByPartNull:
		writeAnswers(w, slices.Concat(answered(), errorsFor(calls[min(limit, len(calls)):], false, -32000, words)))
	case RefuseByFirst:
		if limit == 0 {
			say(`{}`)
			return
		}
		_, _ = w.Write(answersTo(r, calls[:1], next)[0])
	case RefuseByLimit:
		say(`{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"limit of calls exceeded"}}`)
	case RefuseByLimits:
		writeAnswers(w, slices.Concat(answered(), errorsFor(calls[min(limit, len(calls)):], true, -32007, "50/second request limit reached")))
	default:
		if status == 0 {
			say(`{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":%q}}`, words)
			return
		}
		http.Error(w, words, status)
	}
}

// answersTo is what next answers to some of a batch's calls.
func answersTo(r *http.Request, calls []json.RawMessage, next http.Handler) (list []json.RawMessage) {
	if len(calls) == 0 {
		return nil
	}
	body, _ := json.Marshal(calls) // they were valid
	answer := &recorder{header: http.Header{}}
	next.ServeHTTP(answer, withBody(r, body))
	if json.Unmarshal(answer.body.Bytes(), &list) != nil {
		return []json.RawMessage{answer.body.Bytes()}
	}
	return list
}

// recorder keeps the body of an answer.
type recorder struct {
	header http.Header
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header            { return r.header }
func (r *recorder) Write(data []byte) (int, error) { return r.body.Write(data) }
func (r *recorder) WriteHeader(int)                {}

// errorsFor gives each call an error, with its id or without.
func errorsFor(calls []json.RawMessage, named bool, code int, words string) (list []json.RawMessage) {
	for _, call := range calls {
		var req request
		if json.Unmarshal(call, &req) != nil || !named {
			req.ID = nil
		}
		list = append(list, errorAnswer(&rpcError{Code: code, Message: words}, req.ID))
	}
	return list
}

func writeAnswers(w http.ResponseWriter, list []json.RawMessage) {
	texts := make([]string, len(list))
	for i, one := range list {
		texts[i] = string(one)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, "["+strings.Join(texts, ",")+"]")
}
