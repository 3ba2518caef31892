package e2e

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/store"
)

// verifying holds the data directories that are looked at already.
var verifying sync.Map

// verifyAfter has the stores in dir verified when the test and its servers have ended: whatever happened to them, the
// candles, orders and totals are those of the stored events.
func verifyAfter(t *testing.T, dir string) {
	t.Helper()
	if _, twice := verifying.LoadOrStore(dir, true); twice {
		return
	}

	flags := map[string][]string{"custom": customConfig(t)}
	t.Cleanup(func() { // after those of the processes, which come later
		if t.Failed() {
			return
		}
		for _, cluster := range []string{"custom", "demo"} {
			if _, err := os.Stat(filepath.Join(dir, cluster, "MANIFEST")); err != nil {
				continue
			}
			verifyNow(t, cluster, append(flags[cluster], "--data-dir", dir, "--cluster", cluster)...)
		}
	})
}

// verifyNow has a store verified that nobody has open.
func verifyNow(t *testing.T, name string, flags ...string) {
	t.Helper()
	out, errs, code := command(t, append([]string{"verify"}, flags...)...)
	if code != 0 {
		t.Errorf("verify of %s: exit code %d\n%.3000s\n%.3000s", name, code, out, errs)
		return
	}
	t.Logf("verify of %s: %s", name, out)
}

// TestVerifyCommand changes a stored candle and expects verify to name it and exit with 1, --repair to write it anew, and
// nothing to be found after that.
func TestVerifyCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mint, err := market.ParsePubkey(recorded(t, dir, 43)[0])
	if err != nil {
		t.Fatal(err)
	}

	opened, err := store.Open(store.Options{Dir: filepath.Join(dir, "custom")})
	if err != nil {
		t.Fatal(err)
	}
	candles, err := opened.CandlesBetween(mint, market.M1, math.MinInt64, math.MaxInt64)
	if err != nil || len(candles) < 3 || !candles[1].Final {
		t.Fatal(len(candles), err)
	}

	at, wrong := opened.State(), candles[1]
	wrong.Trades += 3
	if err := opened.Commit(&market.Commit{Seq: at.Seq + 1, ChainTime: at.ChainTime, Candles: []market.CandleChange{
		{Mint: mint, Interval: market.M1, Candle: wrong, Type: market.Correction},
	}}); err != nil {
		t.Fatal(err)
	}

	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	flags := append([]string{"--data-dir", dir}, customConfig(t)...)
	out, errs, code := command(t, append([]string{"verify"}, flags...)...)
	if code != 1 || !strings.Contains(out, mint.String()) || !strings.Contains(out, "m1") || !strings.Contains(errs, "--repair") {
		t.Errorf("damaged: exit code %d: %s%s", code, out, errs)
	}

	if out, errs, code := command(t, append([]string{"verify", "--repair"}, flags...)...); code != 1 || !strings.Contains(errs, "repaired") {
		t.Errorf("--repair: exit code %d: %s%s", code, out, errs)
	}
	if out, errs, code := command(t, append([]string{"verify"}, flags...)...); code != 0 || !strings.Contains(out, " 0 differences") {
		t.Errorf("after the repair: exit code %d: %s%s", code, out, errs)
	}
}
