//go:build desktop

package app

import (
	"errors"
	"strings"
	"testing"

	"spinscope/backend"
	"spinscope/backend/watch"
)

func TestCoinsAreWatched(t *testing.T) {
	const mint = "CWiTGbCiDd8BKtNYNE2boT9fJGFG2MU53Uf6HQk4pump"
	dir := t.TempDir()
	a := &App{server: &service{options: backend.Options{DataDir: dir}}}

	for range 2 { // the second finds it listed
		if got, err := a.WatchCoin("https://pump.fun/coin/" + mint + "?x=1"); err != nil || got != mint {
			t.Fatalf("%q, %v", got, err)
		}
	}

	list, err := watch.At(dir).Read()
	if err != nil || len(list) != 1 || list[0].Mint.String() != mint || list[0].AddedAt == 0 {
		t.Errorf("the list is %v, %v", list, err)
	}

	if _, err := a.WatchCoin("no address"); !errors.Is(err, watch.ErrNoMint) {
		t.Errorf("a text without an address: %v", err)
	}
	if err := a.UnwatchCoin(mint); err != nil {
		t.Error(err)
	}

	if err := a.UnwatchCoin(mint); !errors.Is(err, watch.ErrNotListed) || !strings.Contains(err.Error(), "watch.mints") {
		t.Errorf("a coin that is not listed: %v", err)
	}
	if list, err := watch.At(dir).Read(); err != nil || len(list) != 0 {
		t.Errorf("%v is left, %v", list, err)
	}
}
