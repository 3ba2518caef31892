package release

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// days runs a watcher for so long and returns when it asked, in time since the start of it.
func days(t *testing.T, w *Watcher, long time.Duration, answer func(n int) (signed, error)) (asked []time.Duration) {
	t.Helper()
	start := time.Now()
	w.ask = func(context.Context, string) (signed, error) {
		asked = append(asked, time.Since(start))
		return answer(len(asked))
	}
	ctx, stop := context.WithTimeout(t.Context(), long)
	defer stop()
	if err := w.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
	return asked
}

// TestOnceADay: whatever the answer is, and however often the program starts, one question a day goes out.
func TestOnceADay(t *testing.T) {
	p := newPublisher(t)
	p.publish("/r", described("0.2.0"))
	options := Options{URL: "https://example.com/r", Path: filepath.Join(t.TempDir(), "updates.json")}
	answer, err := p.watcher(t, options).ask(t.Context(), options.URL)
	if err != nil {
		t.Fatal(err)
	}

	synctest.Test(t, func(t *testing.T) {
		asked := days(t, p.watcher(t, options), 80*time.Hour, func(n int) (signed, error) {
			if n == 2 {
				return signed{}, errors.New("unreachable")
			}
			return answer, nil
		})
		if len(asked) != 4 || asked[0] < firstAfter || asked[0] > 2*firstAfter {
			t.Fatalf("asked after %v", asked)
		}
		for i := range asked[1:] {
			if pause := asked[i+1] - asked[i]; pause < interval || pause > interval+jitter {
				t.Errorf("asked after %v", asked)
			}
		}

		// Starts, an hour each: the first asks, the next twenty are within a day of it, and of the eight after those one asks.
		options.Path += ".2"
		var counts [3]int
		for i := range 1 + 20 + 8 {
			w := p.watcher(t, options)
			asked := days(t, w, time.Hour, func(int) (signed, error) { return answer, nil })
			counts[min(i, 1)+i/21] += len(asked)
			if found, ok := w.Newer(); !ok || found.Version != "0.2.0" {
				t.Errorf("start %d does not know what was said", i)
			}
		}
		if counts != [3]int{1, 0, 1} {
			t.Errorf("questions: %v", counts)
		}
	})
}

// TestFileIsBelievedNoMoreThanAnAnswer: what is kept counts for its address, its key, and with its signature.
func TestFileIsBelievedNoMoreThanAnAnswer(t *testing.T) {
	p, other := newPublisher(t), newPublisher(t)
	p.publish("/r", described("0.2.0"))
	path := filepath.Join(t.TempDir(), "updates.json")
	options := Options{URL: "https://example.com/r?key=hunter2", Path: path}
	answer, err := p.watcher(t, options).ask(t.Context(), options.URL)
	if err != nil {
		t.Fatal(err)
	}

	synctest.Test(t, func(t *testing.T) {
		days(t, p.watcher(t, options), time.Hour, func(int) (signed, error) { return answer, nil })
		whole, err := os.ReadFile(path)
		if err != nil || strings.Contains(string(whole), "hunter2") {
			t.Fatalf("%s, %v", whole, err)
		}

		look := func(name string, o Options, wantNewer, wantAsked bool) {
			t.Helper()
			w := p.watcher(t, o)
			asked := days(t, w, time.Hour, func(int) (signed, error) { return signed{}, errors.New("unreachable") })
			if _, ok := w.Newer(); ok != wantNewer || len(asked) > 0 != wantAsked {
				t.Errorf("%s: newer %v, asked %v", name, ok, asked)
			}
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		look("as it is", options, true, false)
		look("of another address", Options{URL: "https://example.com/other", Path: path}, false, true)
		look("of another key", Options{URL: options.URL, Key: other.public, Path: path}, false, true)

		installed := options
		installed.Version = "0.2.0"
		look("installed meanwhile", installed, false, false)

		for name, change := range map[string][2]string{
			"version": {"0.2.0", "0.9.0"}, "JSON": {"{", "["}, "signature": {"RW", "RX"},
		} {
			forged := strings.Replace(string(whole), change[0], change[1], 1)
			if err := os.WriteFile(path, []byte(forged), 0o600); err != nil || forged == string(whole) {
				t.Fatal(name, err)
			}
			look("another "+name, options, false, name == "JSON")
		}
	})
}

// TestClockThatWasSetBack: a last question in the future must not silence the program for ever.
func TestClockThatWasSetBack(t *testing.T) {
	p := newPublisher(t)
	options := Options{URL: "https://example.com/r", Path: filepath.Join(t.TempDir(), "updates.json")}
	synctest.Test(t, func(t *testing.T) {
		w := p.watcher(t, options)
		w.save(t.Context(), kept{Of: w.of(), Asked: time.Now().Add(1000 * time.Hour)})
		if asked := days(t, w, 30*time.Hour, func(int) (signed, error) { return signed{}, errors.New("unreachable") }); len(asked) != 1 {
			t.Errorf("asked after %v", asked)
		}
	})
}

func TestNew(t *testing.T) {
	p := newPublisher(t)
	good := Options{URL: "https://example.com/r", Key: p.public, Version: "0.1.0", Logger: slog.New(slog.DiscardHandler)}
	for name, test := range map[string]struct {
		change func(*Options)
		want   error
	}{
		"good":            {func(*Options) {}, nil},
		"address":         {func(o *Options) { o.URL = "http://example.com/r" }, ErrURL},
		"key":             {func(o *Options) { o.Key = "" }, ErrKey},
		"version":         {func(o *Options) { o.Version = "main (commit abc)" }, ErrVersion},
		"version of none": {func(o *Options) { o.Version = "" }, ErrVersion},
	} {
		o := good
		test.change(&o)
		if _, err := New(o); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSay(t *testing.T) {
	w := newPublisher(t).watcher(t, Options{URL: "https://example.com/r"})
	for version, want := range map[string]string{
		"0.2.0":      "0.2.0 is available: https://x.example/0.2.0",
		"0.2.0-rc.1": "No newer release; 0.2.0-rc.1 is a pre-release: https://x.example/0.2.0-rc.1",
		"0.1.0":      "No newer version; the newest release is 0.1.0.",
		"0.0.9":      "No newer version; the newest release is 0.0.9.",
	} {
		if got := w.Say(Description{Version: version, Page: "https://x.example/" + version}); got != want {
			t.Errorf("%s: %s", version, got)
		}
	}
}
