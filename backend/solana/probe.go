package solana

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"spinscope/backend/market"
)

// probeTime is how long Try waits for an endpoint at most.
const probeTime = 10 * time.Second

// Probe is what an endpoint showed when it was tried. Each failure is told in words for a person; no text holds more of
// an address than its host. Empty words: it works.
type Probe struct {
	Requests string // failure of JSON-RPC as a whole
	Version  string // of the node, such as 2.1.21
	Genesis  string // of its chain

	SlotFailure string // failure of getSlot
	Slot        market.Slot
	Latency     time.Duration // of getSlot, on a connection that stood already

	Logs  string // failure of the subscription to the program's logs
	Slots string // failure of the announcement of slots
}

// Works reports whether a market can be read from the endpoint.
func (p *Probe) Works() bool {
	return p.Requests == "" && p.SlotFailure == "" && p.Logs == "" && p.Slots == ""
}

// Try asks an endpoint whatever the feed will ask of it, within ten seconds. It fails only when ctx ends.
func Try(ctx context.Context, endpoint Endpoint, program market.Pubkey, commitment string) (Probe, error) {
	limited, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var p Probe
	var group sync.WaitGroup
	group.Go(func() { p.askRequests(limited, endpoint, commitment) })
	group.Go(func() { p.Logs, p.Slots = trySocket(limited, endpoint, program, commitment) })
	group.Wait()
	return p, ctx.Err()
}

func (p *Probe) askRequests(ctx context.Context, endpoint Endpoint, commitment string) {
	rpc := newRPC(endpoint, 0, time.Second)
	defer rpc.close()

	ask := func(one *call) error {
		if err := rpc.do(ctx, 1, one); err != nil {
			return err
		}
		return one.err
	}

	if err := ask(versionCall(&p.Version)); err != nil {
		p.Requests = words(err)
		p.SlotFailure = p.Requests
		return
	}

	_ = ask(genesisCall(&p.Genesis)) // nice to know

	began := time.Now()
	if err := ask(slotCall(commitment, &p.Slot)); err != nil {
		p.SlotFailure = words(err)
		return
	}
	p.Latency = time.Since(began)
}

// trySocket tells what is wrong with each of the two subscriptions.
func trySocket(ctx context.Context, endpoint Endpoint, program market.Pubkey, commitment string) (logs, slots string) {
	both := func(text string) (string, string) { return text, text }
	scrub := newScrubber(endpoint.RPC, endpoint.WS)
	conn, err := handshake(ctx, endpoint, scrub)
	if err != nil {
		return both(socketWords(err))
	}

	defer conn.CloseNow() //nolint:errcheck // only tried
	for _, request := range subscriptions(program, commitment) {
		if err := conn.Write(ctx, websocket.MessageText, []byte(request)); err != nil {
			return both(words(scrub.clean(err)))
		}
	}

	const waiting = "waiting"
	logs, slots = waiting, waiting
	var parser FrameParser
	var frame Frame
	for logs == waiting || slots == waiting {
		_, data, err := conn.Read(ctx)
		if err != nil {
			text := words(scrub.clean(err))
			if slots == waiting && logs == "" && errors.Is(err, context.DeadlineExceeded) {
				text = "takes the subscription, but announces no new slot: the node stands still or is behind"
			}
			return strings.Replace(logs, waiting, text, 1), strings.Replace(slots, waiting, text, 1)
		}
		if err := parser.Parse(bytes.TrimSpace(data), &frame); err != nil {
			return both(words(errResponse))
		}

		switch {
		case frame.Kind == FrameAnswer && frame.ID == logsID:
			logs = ""
		case frame.Kind == FrameRefusal:
			refusal := &rpcError{frame.Code, scrub.text(frame.Message)}
			text := "the node refuses the subscription: " + refusal.words()
			if frame.ID == slotID {
				slots = text
			} else {
				logs = text
			}
		case frame.Kind == FrameSlot:
			slots = ""
		}
	}

	return logs, slots
}

func subscriptions(program market.Pubkey, commitment string) []string {
	return []string{
		logsRequest(logsID, program, commitment),
		fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"slotSubscribe"}`, slotID),
	}
}

// logsRequest asks for the logs of all transactions that name an address.
func logsRequest(id uint64, address market.Pubkey, commitment string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"logsSubscribe","params":[{"mentions":["%s"]},{"commitment":"%s"}]}`, id, address, commitment)
}

// socketWords are words for a handshake that failed.
func socketWords(err error) string {
	status, ok := errors.AsType[*statusError](err)
	if ok && (status.code == http.StatusOK || status.code == http.StatusMethodNotAllowed) {
		return "answers, but not as a WebSocket: is this the WebSocket address?"
	}
	return words(err)
}

// words says what went wrong to somebody who has just typed the address.
func words(err error) string {
	text := err.Error()
	if status, ok := errors.AsType[*statusError](err); ok {
		return statusWords(status.code, status.text)
	}
	if limit, ok := errors.AsType[*limitError](err); ok {
		return statusWords(http.StatusTooManyRequests, limit.text)
	}
	if failure, ok := errors.AsType[*rpcError](err); ok {
		return "the node answers with an error: " + failure.words()
	}

	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, errResponse), errors.Is(err, errFrame):
		return "answers, but not like a Solana node: is this its address?"
	}

	for _, known := range []struct{ part, words string }{
		{"no such host", "the host name is not known: is it spelt right?"},
		{"server misbehaving", "the host name could not be looked up: is this computer online?"},
		{"connection refused", "nothing listens there: is the node running, and is the port right?"},
		{"network is unreachable", "there is no way to it: is this computer online?"},
		{"HTTP response to HTTPS client", "it does not speak TLS: write http:// or ws://"},
		{"certificate", "its certificate is not trusted"},
		{"tls: ", "no TLS connection could be made"},
		{"connection reset", "it closed the connection without an answer"},
		{"EOF", "it closed the connection without an answer"},
	} {
		if strings.Contains(text, known.part) {
			return known.words
		}
	}

	return text
}

// statusWords are words for a status; said is what the body says, "" for nothing.
func statusWords(code int, said string) string {
	name := strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
	if said != "" {
		name += ": " + said
	}
	switch {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return "it wants a key, or refuses the one in the address (" + name + ")"
	case code == http.StatusNotFound:
		return "nothing is at this path: is the address whole? (" + name + ")"
	case code == http.StatusTooManyRequests:
		return "it is asked too much: wait a while, or use another plan (" + name + ")"
	case code >= 300 && code < 400:
		return "it points to another address: write that one (" + name + ")"
	case code >= 500:
		return "it is in trouble (" + name + ")"
	}
	return "it answers with " + name
}
