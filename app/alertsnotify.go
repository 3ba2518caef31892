//go:build desktop

package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"spinscope/backend/wake"
	"spinscope/backend/wire"
)

const (
	notifyEvery = time.Second
	notifyQueue = 100 // alerts that may wait; what comes beyond is only counted
)

// notifier shows alerts as notifications of the operating system: one a second at most, and what comes faster summed up.
// offer is safe for concurrent use; the rest belongs to run.
type notifier struct {
	log  *slog.Logger
	open func(window context.Context) (send func(title, body string) error, closing func(), err error)

	mu      sync.Mutex
	waiting []wire.Alert
	more    int
	wake    chan struct{}
}

func newNotifier(log *slog.Logger) *notifier {
	return &notifier{log: log, open: openNotifications, wake: make(chan struct{}, 1)}
}

// offer queues an alert. It never blocks.
func (n *notifier) offer(a wire.Alert) {
	n.mu.Lock()
	if len(n.waiting) < notifyQueue {
		n.waiting = append(n.waiting, a)
	} else {
		n.more++
	}
	n.mu.Unlock()
	wake.Up(n.wake)
}

// take is what is to be shown next; false when nothing waits. Alone, an alert is shown as it is.
func (n *notifier) take() (title, body string, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.waiting) == 0 {
		return "", "", false
	}
	first, rest := n.waiting[0], len(n.waiting)-1+n.more
	n.waiting, n.more = nil, 0
	body = first.Message
	switch {
	case rest == 1:
		body += "\n1 more alert"
	case rest > 1:
		body += fmt.Sprintf("\n%d more alerts", rest)
	}
	return alertTitle(first.Kind), body, true
}

// run shows what is offered until ctx, the window's, ends. Where nothing shows it, that is logged once: the page shows alerts too.
func (n *notifier) run(ctx context.Context) {
	var send func(title, body string) error
	closing, logged := func() {}, false
	defer func() { closing() }()

	rest := time.NewTimer(0)
	defer rest.Stop()

	for {
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
		}

		select {
		case <-ctx.Done():
			return
		case <-rest.C:
		}

		title, body, ok := n.take()
		rest.Reset(notifyEvery)
		if !ok {
			continue
		}

		var err error
		if send == nil {
			if send, closing, err = n.open(ctx); err != nil {
				send, closing = nil, func() {}
			}
		}

		if send != nil {
			if err = send(title, body); err != nil {
				closing()
				send, closing = nil, func() {} // another service may come
			}
		}

		if err != nil && !logged {
			n.log.Warn("alerts are not shown as desktop notifications, only in the window", "err", err)
			logged = true
		}
	}
}

// notify runs the notifier until the window is closed.
func (a *App) notify(window context.Context, closed <-chan struct{}) {
	ctx, stop := context.WithCancel(window)
	defer stop()
	go func() {
		<-closed
		stop()
	}()
	a.notes.run(ctx)
}

func alertTitle(kind string) string {
	title := map[string]string{
		"price_above": "Price above", "price_below": "Price below", "market_cap_above": "Market cap above",
		"market_cap_below": "Market cap below", "line_above": "Above the line", "line_below": "Below the line", "percent_move": "Sharp move", "liquidation": "Liquidation",
		"new_token": "New token", "volume_spike": "Volume spike", "wallet_trade": "Wallet", "connection_lost": "Connection",
	}[kind]
	if title == "" {
		return "Alert"
	}
	return title
}
