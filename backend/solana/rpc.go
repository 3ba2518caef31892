package solana

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"spinscope/backend/proxy"
)

var (
	// errLimited is returned while an endpoint asks for fewer requests.
	errLimited = errors.New("rate limited")
	// errHTTP is returned for a response without status 200.
	errHTTP = errors.New("unexpected HTTP status")
	// errTooLarge is returned for a response above a limit; a smaller batch may work.
	errTooLarge = errors.New("too large")
	// errResponse is returned for a body that is no JSON-RPC response to what was asked.
	errResponse = errors.New("not a JSON-RPC response")
	// errBehind is returned while a node has not reached the slot that is asked for.
	errBehind = errors.New("the node is behind the slot asked for")
)

// call is one JSON-RPC request. decode gets its result, which is valid only during the call; it may run more than once.
type call struct {
	method string
	params string
	decode func(result *fastjson.Value) error
	err    error // set by do: an *rpcError, or what decode returned
}

// rpcClient speaks JSON-RPC to one endpoint. Safe for concurrent use.
type rpcClient struct {
	url      string
	name     string // redacted
	scrub    *scrubber
	http     *http.Client
	pace     *pace
	batch    *batchSize
	parsers  fastjson.ParserPool
	first    time.Duration                                      // first pause of retries
	limited  func(pause time.Duration, err error)               // told of every rate limit
	refused  func(calls int, err error)                         // told when batches of so many calls were refused for the first time
	answered func(method string, took time.Duration, err error) // told of every request, the first one of a batch
}

const (
	attempts = 6 // for reading history; the clock makes one

	maxPause = 4 * time.Second // between them: an endpoint that is back is used within five seconds

	maxLimits = 20 // answers of "too busy" in a row before an endpoint is given up
)

func newRPC(endpoint Endpoint, perSecond float64, first time.Duration) *rpcClient {
	return &rpcClient{
		url: endpoint.RPC, name: endpoint.String(), scrub: newScrubber(endpoint.RPC, endpoint.WS),
		pace: newPace(perSecond), batch: newBatchSize(perSecond), first: min(first, time.Second),
		limited: func(time.Duration, error) {}, refused: func(int, error) {}, answered: func(string, time.Duration, error) {},
		http: &http.Client{
			Timeout:       30 * time.Second,
			Transport:     &http.Transport{Proxy: proxy.FromEnvironment(), MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a key must not follow
		},
	}
}

func (c *rpcClient) close() { c.http.CloseIdleConnections() }

// do sends calls, in batches as large as the endpoint takes, and retries what may succeed later up to tries times. It
// fails when calls remained without an answer; an error object in an answer is the call's own err.
func (c *rpcClient) do(ctx context.Context, tries int, calls ...*call) error {
	pause := backoff{first: c.first, longest: maxPause}
	failures, limits := 0, 0 // in a row
	for len(calls) > 0 {
		n := min(len(calls), c.batch.now())
		asked := calls[0].method
		left, err := c.send(ctx, calls[:n])
		if ctx.Err() != nil {
			return fmt.Errorf("%s at %s: %w", asked, c.name, ctx.Err())
		}

		if calls = calls[n:]; len(left) > 0 {
			calls = slices.Concat(left, calls) // the caller's slice stays as it is
		}
		if len(left) < n { // the endpoint gets on
			failures, limits = 0, 0
			pause.reset()
		}

		if err == nil {
			continue
		}

		wait := pause.next()
		limit, limited := errors.AsType[*limitError](err)
		switch {
		case limited: // asked again when the pace allows it
			c.slow(n, limit, wait, limits > 0)
			wait, limits = 0, limits+1
		case errors.Is(err, errBehind):
			limits++
		case n > 1 && !errors.Is(err, errUnreached): // asked again at once, fewer at a time
			if c.batch.refused(n, max(n-len(left), n/2)) {
				c.refused(n, err)
			}
			if wait = 0; isTimeout(err) { // each costs half a minute
				failures++
			}
		default:
			failures++
		}

		if limits > maxLimits || limits > 0 && tries == 1 || failures >= tries || n == 1 && permanent(err) {
			return fmt.Errorf("%s at %s: %w", asked, c.name, err)
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}

	return nil
}

// slow makes requests rarer, and smaller, after an endpoint said that it had enough. Some say so of every batch above
// their size: one that is refused again although nothing was asked meanwhile is too large.
func (c *rpcClient) slow(n int, limit *limitError, wait time.Duration, again bool) {
	if limit.after > 0 {
		wait = limit.after
	}
	c.pace.pause(wait)
	c.limited(wait, limit)
	if c.batch.crowded(n); again && n > 1 && c.batch.refused(n, n/2) {
		c.refused(n, limit)
	}
}

// send sends calls as one request, when the pace allows it. left are those without an answer, with the reason.
func (c *rpcClient) send(ctx context.Context, calls []*call) (left []*call, err error) {
	if err := c.pace.wait(ctx, len(calls)); err != nil {
		return calls, err
	}
	asked := time.Now()
	left, err = c.post(ctx, calls)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return left, err
	case err == nil:
		c.batch.answered(len(calls))
	case ctx.Err() != nil && len(calls) > 1: // so many take too long
		c.batch.refused(len(calls), len(calls)/2)
	}
	c.answered(calls[0].method, time.Since(asked), err)
	return left, err
}

// permanent reports whether asking again is pointless, as with a wrong key.
func permanent(err error) bool {
	status, ok := errors.AsType[*statusError](err)
	return ok && status.code >= 400 && status.code < 500 && status.code != http.StatusRequestTimeout
}

func isTimeout(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

// limitError is an endpoint's word that it is asked too much.
type limitError struct {
	after time.Duration // how long it wants to be left alone; 0 when it does not say
	text  string        // its words, "" for none
}

func (e *limitError) Error() string {
	if e.text == "" {
		return errLimited.Error()
	}
	return errLimited.Error() + ": " + e.text
}
func (e *limitError) Unwrap() error { return errLimited }

type statusError struct {
	code int
	text string // what the body says, "" for nothing
}

func (e *statusError) Error() string {
	text := strings.TrimSpace(fmt.Sprintf("%v %d %s", errHTTP, e.code, http.StatusText(e.code)))
	if e.text == "" {
		return text
	}
	return text + ": " + e.text
}
func (e *statusError) Unwrap() error { return errHTTP }

// unreachedError is a failure before any connection to the endpoint stood.
type unreachedError struct{ error }

func (e unreachedError) Unwrap() error        { return e.error }
func (e unreachedError) Is(target error) bool { return target == errUnreached } //nolint:errorlint // a sentinel

var errUnreached = errors.New("not connected")
