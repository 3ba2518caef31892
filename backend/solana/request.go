package solana

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fastjson"
)

// post sends calls as one request and fills in their answers; left are those without one, and err says why.
func (c *rpcClient) post(ctx context.Context, calls []*call) (left []*call, err error) {
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	request, err := http.NewRequestWithContext(traced, http.MethodPost, c.url, bytes.NewReader(encodeCalls(calls)))
	if err != nil {
		return calls, c.scrub.clean(err)
	}

	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil && !connected.Load() {
		return calls, unreachedError{c.scrub.clean(err)}
	}
	if err != nil {
		return calls, c.scrub.clean(err)
	}

	defer response.Body.Close() //nolint:errcheck // only read
	if response.StatusCode != http.StatusOK {
		return calls, refusal(response, c.scrub, maxWords)
	}

	data := bodies.Get().(*bytes.Buffer) //nolint:forcetypeassert // nothing else is in there
	defer putBody(data)

	err = readBounded(data, response.Body, response.ContentLength)
	if errors.Is(err, errTooLarge) {
		return calls, err
	}
	if err != nil {
		return calls, c.scrub.clean(err)
	}

	parser := c.parsers.Get()
	defer c.parsers.Put(parser)

	value, err := parser.ParseBytes(data.Bytes()) // copies it
	if err != nil {
		return calls, c.foreign(data.Bytes())
	}
	return c.answers(calls, value)
}

// Bytes of a body that are searched for words.
const (
	maxWords          = 8 << 10
	maxHandshakeWords = 1 << 10 // the WebSocket library keeps no more
)

// foreign is the error for a body that is not JSON, such as a page of a provider or a firewall. What ends early is not
// quoted: it may end within a key.
func (c *rpcClient) foreign(body []byte) error {
	if begins := bytes.TrimSpace(body); len(begins) == 0 || begins[0] == '[' || begins[0] == '{' {
		return fmt.Errorf("%w but %d bytes of something else", errResponse, len(body))
	}
	text := c.scrub.body(body[:min(len(body), maxWords)], len(body) > maxWords)
	if saysLimit(text) {
		return &limitError{text: text}
	}
	return fmt.Errorf("%w but %d bytes of something else: %s", errResponse, len(body), text)
}

// refusal is the error for a response with an unexpected status. A rate limit is told from anything else by the status, or
// by what the body says; words about a batch are about its size. Of the body limit bytes are read, at most.
func refusal(response *http.Response, scrub *scrubber, limit int64) error {
	head, err := io.ReadAll(io.LimitReader(response.Body, limit)) // only for the message
	text := scrub.body(head, err != nil || int64(len(head)) == limit)
	after := retryAfter(response.Header.Get("Retry-After"), time.Now())
	code := response.StatusCode
	if !saysBatch(text) && (code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable && after > 0 || saysLimit(text)) {
		return &limitError{after: after, text: text}
	}
	return &statusError{code: code, text: text}
}

// answers hands each call its answer, in whatever order they come. left are those without one, and those whose error is
// about the request as a whole.
func (c *rpcClient) answers(calls []*call, value *fastjson.Value) (left []*call, err error) {
	list := []*fastjson.Value{value} // a single call's, or one error for all
	if value.Type() == fastjson.TypeArray {
		list = value.GetArray()
	}

	done := make([]bool, len(calls))
	var limit, behind, other error
	for _, item := range list {
		n := owner(item, len(calls))
		if n >= 0 && done[n] {
			continue
		}

		problem, result := c.problem(item), item.Get("result")
		switch {
		case problem == nil && result != nil:
			if n >= 0 {
				calls[n].err, done[n] = calls[n].decode(result), true
			}
		case problem == nil:
			other = c.neither(item)
			if errors.Is(other, errLimited) {
				limit = other
			}
		case problem.isLimit() && (len(calls) == 1 || !saysBatch(problem.message)):
			limit = &limitError{text: problem.words()}
		case problem.code == codeContextSlot:
			behind = errBehind
		case n < 0 || len(calls) > 1 && !problem.ofCall():
			other = problem
		default:
			calls[n].err, done[n] = problem, true
		}
	}

	for n, one := range calls {
		if !done[n] {
			left = append(left, one)
		}
	}

	if len(left) == 0 {
		return nil, nil
	}
	return left, cmp.Or(limit, other, behind, fmt.Errorf("%w: %s was not answered", errResponse, left[0].method))
}

// owner is which of so many calls an answer is for, by its id; -1 is none. A single call's answer needs no id.
func owner(answer *fastjson.Value, calls int) int {
	if calls == 1 {
		return 0
	}
	id := answer.Get("id")
	if id == nil {
		return -1
	}
	n, err := id.Int()
	if err != nil || n < 0 || n >= calls {
		return -1
	}
	return n
}

// problem is the error of an answer, fit to be shown; nil for none.
func (c *rpcClient) problem(answer *fastjson.Value) *rpcError {
	problem := readProblem(answer)
	if problem != nil {
		problem.message = c.scrub.text(problem.message)
	}
	return problem
}

// neither is the error for an answer that has no result and no error, but perhaps words, as gateways' have.
func (c *rpcClient) neither(answer *fastjson.Value) error {
	text := c.scrub.text(wordsOf(answer, maxDepth))
	switch {
	case text == "":
		return errResponse
	case saysLimit(text) && !saysBatch(text):
		return &limitError{text: text}
	}
	return fmt.Errorf("%w: %s", errResponse, text)
}

func encodeCalls(calls []*call) []byte {
	body := make([]byte, 0, 256*len(calls))
	if len(calls) > 1 {
		body = append(body, '[')
	}
	for i, one := range calls {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"jsonrpc":"2.0","id":`...)
		body = strconv.AppendInt(body, int64(i), 10)
		body = append(body, `,"method":"`...)
		body = append(body, one.method...)
		body = append(body, `","params":`...)
		body = append(body, one.params...)
		body = append(body, '}')
	}

	if len(calls) > 1 {
		body = append(body, ']')
	}
	return body
}

func readBounded(data *bytes.Buffer, from io.Reader, length int64) error {
	if length > maxResponse {
		return fmt.Errorf("response of %d bytes: %w", length, errTooLarge)
	}
	data.Reset()
	if length > 0 {
		data.Grow(int(length) + bytes.MinRead)
	}
	n, err := data.ReadFrom(io.LimitReader(from, maxResponse+1))
	if err == nil && n > maxResponse {
		err = fmt.Errorf("response: %w", errTooLarge)
	}
	return err
}

// bodies are buffers for responses; those that grew beyond keptBody are left to the collector.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const keptBody = 4 << 20

func putBody(data *bytes.Buffer) {
	if data.Cap() <= keptBody {
		bodies.Put(data)
	}
}

// retryAfter reads the header, seconds or a date; 0 when there is none. A pause of more than 5 min is cut to that.
func retryAfter(header string, now time.Time) time.Duration {
	const limit = 5 * time.Minute
	if seconds, err := strconv.ParseFloat(header, 64); err == nil {
		if !(seconds > 0) { //nolint:staticcheck // NaN too
			return 0
		}
		return time.Duration(min(seconds, limit.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(0, at.Sub(now)), limit)
	}
	return 0
}
