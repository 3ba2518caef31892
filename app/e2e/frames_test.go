package e2e

import (
	"os"
	"testing"
	"time"

	"spinscope/backend/porttest"
)

// TestFrames prints how many frames a second the real webview draws while one token trades 200 times a second, beside
// those on a market at rest. However busy the machine is, it goes on drawing, and what it draws is conflated: one update
// in a batch window of 50 ms, not one for each trade.
func TestFrames(t *testing.T) {
	need(t)
	length := 3 * time.Second
	if os.Getenv("SPINSCOPE_FRAMES") != "" {
		length = 10 * time.Second // for figures to be kept
	}

	for _, market := range []struct {
		name   string
		args   []string
		trades bool
	}{
		{"at rest", []string{"--rate", "3", "--history", "10m", "--rest"}, false},
		{"200 trades a second of one token", []string{"--rate", "200", "--history", "20s"}, true},
	} {
		t.Run(market.name, func(t *testing.T) {
			d := newDesk(t)
			at := porttest.Free(t)
			d.start("simnet", os.Getenv("SPINSCOPE_DESKTOP"), append([]string{"simnet", "--listen", at, "--mints", "1"}, market.args...)...)
			begun := time.Now()
			a := d.open("--rpc-url", "http://"+at, "--ws-url", "ws://"+at)
			a.ready()
			t.Logf("candles drawn %v after the start of the process", time.Since(begun).Round(time.Millisecond))

			var ok bool
			a.ask(`(() => {
				window.counted = { frames: 0, long: 0, last: performance.now(), from: performance.now(), updates: window.__spinscope.updates };
				const count = () => {
					const now = performance.now();
					if (now - counted.last > 50) counted.long++;
					counted.last = now;
					counted.frames++;
					requestAnimationFrame(count);
				};
				requestAnimationFrame(count);
				return true;
			})()`, &ok)
			time.Sleep(length) // what is measured

			var seen struct{ Frames, Long, Updates, Seconds float64 }
			a.ask(`({ frames: counted.frames, long: counted.long, updates: window.__spinscope.updates - counted.updates,
				seconds: (performance.now() - counted.from) / 1000 })`, &seen)
			t.Logf("%.1f frames a second, %.0f of them over 50 ms; %.1f candle updates a second",
				seen.Frames/seen.Seconds, seen.Long, seen.Updates/seen.Seconds)

			if seen.Frames == 0 || market.trades && seen.Updates == 0 {
				t.Errorf("drawn: %+v", seen)
			}

			// Twice the windows, and those of a second before: what a busy machine has held back comes in one go.
			if windows := seen.Seconds * 20; seen.Updates > 2*windows+20 {
				t.Errorf("%.0f updates in %.0f windows: not conflated", seen.Updates, windows)
			}
		})
	}
}
