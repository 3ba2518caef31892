package solana

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fastjson"
)

var (
	// errLimited is returned while an endpoint answers 429.
	errLimited = errors.New("rate limited")
	// errHTTP is returned for a response without status 200.
	errHTTP = errors.New("unexpected HTTP status")
	// errTooLarge is returned for a response or a batch above a limit; a smaller batch may work.
	errTooLarge = errors.New("too large")
	// errResponse is returned for a body that is no JSON-RPC response to what was asked.
	errResponse = errors.New("not a JSON-RPC response")
)

// rpcError is an error object of JSON-RPC.
type rpcError struct {
	code    int
	message string
}

func (e *rpcError) Error() string { return fmt.Sprintf("rpc error %d: %s", e.code, e.message) }

// call is one JSON-RPC request. decode gets its result, which is valid only during the call; it may run more than once.
type call struct {
	method string
	params string
	decode func(result *fastjson.Value) error
	err    error // set by do: an *rpcError, or what decode returned
}

// rpcClient speaks JSON-RPC to one endpoint. Safe for concurrent use.
type rpcClient struct {
	url     string
	name    string // redacted
	scrub   *scrubber
	http    *http.Client
	pace    *pace
	parsers fastjson.ParserPool
	batch   atomic.Int32                                       // most calls in a request at present
	most    atomic.Int32                                       // what batch may grow to
	first   time.Duration                                      // first pause of retries
	limited func(pause time.Duration)                          // told of every 429
	told    func(method string, took time.Duration, err error) // told of every request, the first one of a batch
}

const (
	maxBatch = 100
	attempts = 6 // for reading history; the clock makes one

	mostPause = 4 * time.Second // between them: an endpoint that is back is used within five seconds

	mostLimits = 20 // answers of "too busy" in a row before an endpoint is given up
)

func newRPC(endpoint Endpoint, perSecond float64, first time.Duration) *rpcClient {
	c := &rpcClient{
		url: endpoint.RPC, name: endpoint.String(), scrub: newScrubber(endpoint.RPC, endpoint.WS),
		pace: newPace(perSecond), first: min(first, time.Second), limited: func(time.Duration) {}, told: func(string, time.Duration, error) {},
	}
	most := int32(maxBatch)
	if perSecond > 0 {
		most = int32(max(1, min(maxBatch, perSecond)))
	}
	c.most.Store(most)
	c.batch.Store(most)
	c.http = &http.Client{
		Timeout:       30 * time.Second,
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a key must not follow
	}
	return c
}

func (c *rpcClient) close() { c.http.CloseIdleConnections() }

// do sends calls, in batches as large as the endpoint takes, and retries what may succeed later up to tries times. It
// fails when calls remained without an answer; an error object in an answer is the call's own err.
func (c *rpcClient) do(ctx context.Context, tries int, calls ...*call) error {
	for len(calls) > 0 {
		n := min(len(calls), int(c.batch.Load()))
		if err := c.send(ctx, tries, calls[:n]); err != nil {
			return fmt.Errorf("%s at %s: %w", calls[0].method, c.name, err)
		}
		calls = calls[n:]
	}
	return nil
}

// send is do for one batch.
func (c *rpcClient) send(ctx context.Context, tries int, calls []*call) error {
	pause := backoff{first: c.first, most: mostPause}
	limits := 0
	for try := 1; ; try++ {
		if err := c.pace.wait(ctx, len(calls)); err != nil {
			return err
		}
		asked := time.Now()
		left, err := c.post(ctx, calls)
		if !errors.Is(ctx.Err(), context.Canceled) {
			c.told(calls[0].method, time.Since(asked), err)
		}
		if err == nil && len(left) == 0 {
			c.grow()
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, errTooLarge) && len(calls) > 1 {
			half := len(calls) / 2
			c.most.Store(min(c.most.Load(), int32(half))) //nolint:gosec // at most maxBatch
			c.shrink(len(calls))
			if err := c.send(ctx, tries, calls[:half]); err != nil {
				return err
			}
			calls = calls[half:]
			continue
		}
		wait := pause.next()
		if err == nil { // answered, some with "busy"
			calls, err = left, errLimited
			c.shrink(len(calls))
			limits++
			if tries == 1 || limits > mostLimits {
				return err
			}
			try--
		} else if limit, ok := errors.AsType[*limitError](err); ok {
			if limit.after > 0 {
				wait = limit.after
			}
			c.pace.pause(wait)
			c.limited(wait)
			c.shrink(len(calls))
			limits++
			if tries == 1 || limits > mostLimits {
				return err
			}
			try--
			continue // the pace makes the pause
		} else if try >= tries || permanent(err) {
			return err
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// permanent tells whether asking again is pointless, as with a wrong key.
func permanent(err error) bool {
	status, ok := errors.AsType[*statusError](err)
	return ok && status.code >= 400 && status.code < 500 && status.code != http.StatusRequestTimeout
}

func (c *rpcClient) grow() {
	if n, most := c.batch.Load(), c.most.Load(); n < most {
		c.batch.CompareAndSwap(n, min(n+2, most))
	}
}

func (c *rpcClient) shrink(sent int) {
	c.batch.Store(max(1, min(c.batch.Load(), int32(sent))/2)) //nolint:gosec // at most maxBatch
}

type limitError struct{ after time.Duration }

func (e *limitError) Error() string { return errLimited.Error() }
func (e *limitError) Unwrap() error { return errLimited }

type statusError struct {
	code int
	text string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%v %d %s", errHTTP, e.code, e.text)
}
func (e *statusError) Unwrap() error { return errHTTP }

// post sends calls as one request and fills in their answers; left are those the endpoint was too busy for.
func (c *rpcClient) post(ctx context.Context, calls []*call) (left []*call, err error) {
	body := encodeCalls(calls)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, c.scrub.clean(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.scrub.clean(err)
	}
	defer response.Body.Close() //nolint:errcheck // only read
	if response.StatusCode != http.StatusOK {
		return nil, c.statusError(response, len(calls))
	}
	data := bodies.Get().(*bytes.Buffer) //nolint:forcetypeassert // nothing else is in there
	defer putBody(data)
	err = readBounded(data, response.Body, response.ContentLength)
	if errors.Is(err, errTooLarge) {
		return nil, err
	}
	if err != nil {
		return nil, c.scrub.clean(err)
	}
	parser := c.parsers.Get()
	defer c.parsers.Put(parser)
	value, err := parser.ParseBytes(data.Bytes()) // copies it
	if err != nil {
		return nil, fmt.Errorf("%w but %d bytes of something else", errResponse, data.Len()) // a part of it could be a part of a key
	}
	if len(calls) == 1 && value.Type() == fastjson.TypeObject {
		busy, err := c.answer(calls[0], value)
		if busy {
			left = calls
		}
		return left, err
	}
	return c.answers(calls, value)
}

func (c *rpcClient) statusError(response *http.Response, sent int) error {
	head, _ := io.ReadAll(io.LimitReader(response.Body, 1024)) // only for the message
	switch response.StatusCode {
	case http.StatusTooManyRequests:
		return &limitError{after: retryAfter(response.Header.Get("Retry-After"), time.Now())}
	case http.StatusRequestEntityTooLarge:
		return errTooLarge
	case http.StatusServiceUnavailable:
		if after := retryAfter(response.Header.Get("Retry-After"), time.Now()); after > 0 {
			return &limitError{after: after}
		}
	case http.StatusBadRequest:
		if sent > 1 { // some endpoints refuse batches, or large ones
			return errTooLarge
		}
	}
	return &statusError{code: response.StatusCode, text: c.scrub.text(string(head))}
}

func (c *rpcClient) answers(calls []*call, value *fastjson.Value) (left []*call, err error) {
	list, err := value.Array()
	if err != nil {
		if detail := value.Get("error"); detail != nil { // one error for the whole batch
			failure := c.errorObject(detail)
			if failure.isLimit() {
				return calls, nil
			}
			return nil, fmt.Errorf("%w: %w", errTooLarge, failure)
		}
		return nil, errResponse
	}
	seen := make([]bool, len(calls))
	for _, item := range list {
		id := item.Get("id")
		if id == nil {
			continue
		}
		n, err := id.Int()
		if err != nil || n < 0 || n >= len(calls) || seen[n] {
			continue
		}
		seen[n] = true
		busy, err := c.answer(calls[n], item)
		if err != nil {
			return nil, err
		}
		if busy {
			left = append(left, calls[n])
		}
	}
	for n, ok := range seen {
		if !ok {
			return nil, fmt.Errorf("%w: %s was not answered", errResponse, calls[n].method)
		}
	}
	return left, nil
}

// answer hands one response object to its call; busy means that it should be asked again later.
func (c *rpcClient) answer(to *call, object *fastjson.Value) (busy bool, err error) {
	if detail := object.Get("error"); detail != nil && detail.Type() != fastjson.TypeNull {
		failure := c.errorObject(detail)
		if failure.isLimit() {
			return true, nil
		}
		to.err = failure
		return false, nil
	}
	result := object.Get("result")
	if result == nil {
		return false, errResponse
	}
	to.err = to.decode(result)
	return false, nil
}

func (c *rpcClient) errorObject(detail *fastjson.Value) *rpcError {
	return &rpcError{code: detail.GetInt("code"), message: c.scrub.text(string(detail.GetStringBytes("message")))}
}

// isLimit tells whether the error stands for 429: providers use several codes for it.
func (e *rpcError) isLimit() bool {
	return e.code == http.StatusTooManyRequests || e.code == -http.StatusTooManyRequests || e.code == -32429 ||
		e.code == -32016 // the node is behind minContextSlot: it will come
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
	const most = 5 * time.Minute
	if seconds, err := strconv.ParseFloat(header, 64); err == nil {
		if !(seconds > 0) { //nolint:staticcheck // NaN too
			return 0
		}
		return time.Duration(min(seconds, most.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(0, at.Sub(now)), most)
	}
	return 0
}
