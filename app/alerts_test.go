//go:build desktop

package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"spinscope/backend/wire"
)

func TestNotificationsAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shown []string
		var log strings.Builder
		n := newNotifier(slog.New(slog.NewTextHandler(&log, nil)))
		broken := true
		n.open = func(context.Context) (func(title, body string) error, func(), error) {
			if broken {
				return nil, nil, errors.New("no service")
			}
			return func(title, body string) error {
				shown = append(shown, title+": "+body)
				return nil
			}, func() {}, nil
		}

		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			n.run(ctx)
		}()

		offer := func(count int) {
			for range count {
				n.offer(wire.Alert{Kind: "liquidation", Message: "m"})
			}
		}
		for range 3 { // nobody shows them: told once
			offer(1)
			time.Sleep(2 * notifyEvery)
		}

		synctest.Wait()
		broken = false
		for _, later := range []int{3, 2, 10 * notifyQueue} { // while the one before is being read
			offer(1)
			synctest.Wait()
			offer(later)
			time.Sleep(3 * notifyEvery)
		}

		stop()
		<-done
		want := []string{
			"Liquidation: m", "Liquidation: m\n2 more alerts", "Liquidation: m", "Liquidation: m\n1 more alert",
			"Liquidation: m", "Liquidation: m\n999 more alerts",
		}
		if !slices.Equal(shown, want) {
			t.Errorf("%q", shown)
		}

		if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "no service") {
			t.Errorf("the log says %s", &log)
		}
	})
}
