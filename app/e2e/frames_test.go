package e2e

import (
	"os"
	"testing"
	"time"
)

// TestFrames measures, when SPINSCOPE_FRAMES is set, how many frames a second the real webview draws while one token
// trades 200 times a second, beside those on a market at rest. It prints the figures and judges none.
func TestFrames(t *testing.T) {
	need(t)
	if os.Getenv("SPINSCOPE_FRAMES") == "" {
		t.Skip("measures only when SPINSCOPE_FRAMES is set")
	}
	for _, market := range []struct {
		name string
		args []string
	}{
		{"at rest", []string{"--rate", "3", "--history", "10m", "--rest"}},
		{"200 trades a second of one token", []string{"--rate", "200", "--history", "20s"}},
	} {
		t.Run(market.name, func(t *testing.T) {
			d := newDesk(t)
			at := freePort(t)
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
			time.Sleep(10 * time.Second) // what is measured
			var seen struct{ Frames, Long, Updates, Seconds float64 }
			a.ask(`({ frames: counted.frames, long: counted.long, updates: window.__spinscope.updates - counted.updates,
				seconds: (performance.now() - counted.from) / 1000 })`, &seen)
			t.Logf("%.1f frames a second, %.0f of them over 50 ms; %.1f candle updates a second",
				seen.Frames/seen.Seconds, seen.Long, seen.Updates/seen.Seconds)
		})
	}
}
