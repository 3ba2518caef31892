package watch

import (
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spinscope/backend/market"
)

func TestListOfCoins(t *testing.T) {
	f := At(t.TempDir())
	now := time.UnixMilli(1_790_000_000_123)
	if list, err := f.Read(); err != nil || list != nil {
		t.Fatalf("no file: %v, %v", list, err)
	}

	for _, mint := range []market.Pubkey{{1}, {2}, {3}} {
		if err := f.Add(mint, now); err != nil {
			t.Fatal(err)
		}
	}

	if err := f.Add(market.Pubkey{2}, now); !errors.Is(err, ErrListed) {
		t.Errorf("twice: %v", err)
	}
	if err := f.Remove(market.Pubkey{2}); err != nil {
		t.Error(err)
	}

	if err := f.Remove(market.Pubkey{2}); !errors.Is(err, ErrNotListed) {
		t.Errorf("removed twice: %v", err)
	}
	if list, err := f.Read(); err != nil || !slices.Equal(list, []Listed{{market.Pubkey{1}, now.UnixMilli()}, {market.Pubkey{3}, now.UnixMilli()}}) {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestManyChangeTheList: nobody's change is lost.
func TestManyChangeTheList(t *testing.T) {
	f := At(t.TempDir())
	var group sync.WaitGroup
	for n := range 40 {
		group.Go(func() {
			if err := f.Add(market.Pubkey{byte(n + 1)}, time.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if list, err := f.Read(); err != nil || len(list) != 40 {
		t.Errorf("%d coins, %v", len(list), err)
	}
}

// TestListThatMakesNoSense is neither read as another nor overwritten.
func TestListThatMakesNoSense(t *testing.T) {
	mint := market.Pubkey{7}.String()
	for name, text := range map[string]string{
		"no JSON":           `{"version": 1, "coins": [`,
		"another file":      `{"version": 1, "rules": []}`,
		"no version":        `{"coins": []}`,
		"a later version":   `{"version": 2, "coins": []}`,
		"no address":        `{"version": 1, "coins": [{"mint": "x"}]}`,
		"no mint":           `{"version": 1, "coins": [{"added_at": 3}]}`,
		"a coin twice":      `{"version": 1, "coins": [{"mint": "` + mint + `"}, {"mint": "` + mint + `"}]}`,
		"more than it may":  strings.Repeat(" ", maxFile+1),
		"not a text at all": "\xff\xfe\x00",
	} {
		f := At(t.TempDir())
		if err := os.WriteFile(f.Path(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if list, err := f.Read(); !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), f.Path()) {
			t.Errorf("%s: %v, %v", name, list, err)
		}

		if err := f.Add(market.Pubkey{1}, time.Now()); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: changed, %v", name, err)
		}
		if left, _ := os.ReadFile(f.Path()); string(left) != text {
			t.Errorf("%s: the file was overwritten", name)
		}
	}
}
