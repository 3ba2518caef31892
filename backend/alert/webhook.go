package alert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"spinscope/backend/proxy"
	"spinscope/backend/wake"
)

// Webhook posts alerts to an address. The address may hold a key, and is never told to anyone.
type Webhook struct {
	address string
	client  *http.Client
	queue   chan []byte
	pause   time.Duration // before the second try; doubles each time
	log     *slog.Logger

	delivered, failed atomic.Uint64
}

const (
	webhookQueue   = 256 // alerts that may wait
	webhookTries   = 5
	webhookTimeout = 10 * time.Second
	webhookAnswer  = 64 << 10 // bytes of an answer that are read, to use the connection again
)

// NewWebhook makes a webhook; it posts nothing until Run.
func NewWebhook(address string, logger *slog.Logger) *Webhook {
	return &Webhook{
		address: address, queue: make(chan []byte, webhookQueue), pause: time.Second, log: logger.With("component", "webhook"),
		client: &http.Client{
			Timeout:       webhookTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport:     &http.Transport{Proxy: proxy.FromEnvironment(), MaxIdleConns: 1, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: webhookTimeout},
		},
	}
}

// Offer queues an alert's JSON. It never blocks: what finds the queue full is dropped, with a warning.
func (w *Webhook) Offer(text []byte) {
	select {
	case w.queue <- text:
	default:
		w.failed.Add(1)
		w.log.Warn("alert not posted: too many wait", "waiting", webhookQueue)
	}
}

// Delivered and given up since the start.
func (w *Webhook) Delivered() (delivered, failed uint64) { return w.delivered.Load(), w.failed.Load() }

// Run posts what is offered, one after the other, until ctx ends; what waits then is dropped.
func (w *Webhook) Run(ctx context.Context) error {
	defer w.client.CloseIdleConnections()
	for {
		select {
		case <-ctx.Done():
			if n := len(w.queue); n > 0 {
				w.log.Warn("alerts not posted: the server stops", "waiting", n)
			}
			return nil
		case text := <-w.queue:
			w.deliver(ctx, text)
		}
	}
}

// deliver tries until the alert is taken, the tries are used up, or ctx ends.
func (w *Webhook) deliver(ctx context.Context, text []byte) {
	pause := w.pause
	for try := 1; ; try++ {
		err := w.post(ctx, text)
		if err == nil {
			w.delivered.Add(1)
			return
		}
		if ctx.Err() != nil {
			return
		}
		if try == webhookTries {
			w.failed.Add(1)
			w.log.Error("alert not posted", "tries", try, "err", err)
			return
		}

		w.log.Warn("alert not posted yet", "try", try, "err", err)
		if wake.After(ctx, pause) != nil {
			return
		}
		pause *= 2
	}
}

// errConnection stands for errors of the network, whose texts name the address.
var errConnection = errors.New("could not connect, or the connection broke")

func (w *Webhook) post(ctx context.Context, text []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.address, bytes.NewReader(text))
	if err != nil {
		return errors.New("its address is malformed")
	}

	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "spinscope")
	response, err := w.client.Do(request)
	if err != nil {
		if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
			return fmt.Errorf("no answer within %s", webhookTimeout)
		}
		return errConnection
	}

	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, webhookAnswer)
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %d, and 2xx is needed", response.StatusCode)
	}
	return nil
}
