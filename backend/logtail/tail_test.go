package logtail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"spinscope/backend/logtail"
)

func logger(level slog.Level) (*slog.Logger, *logtail.Tail, *bytes.Buffer) {
	tail, out := logtail.New(), &bytes.Buffer{}
	return slog.New(tail.Handler(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}))), tail, out
}

func attrs(r logtail.Record) string {
	var parts []string
	for _, a := range r.Attrs {
		parts = append(parts, a.Key+"="+a.Value)
	}
	return strings.Join(parts, " ")
}

// What the wrapped handler writes is kept, and nothing that it leaves out.
func TestKeepsWhatIsWritten(t *testing.T) {
	log, tail, out := logger(slog.LevelInfo)
	if oldest, newest := tail.Span(); oldest != 0 || newest != 0 || len(tail.After(0, slog.LevelDebug, 10)) != 0 {
		t.Error("a new tail is not empty")
	}
	log.Debug("unseen")
	log.With("component", "solana").WithGroup("g").Warn("endpoint lost", "err", errors.New("no route"), slog.Group("at", "slot", 7, "in", time.Second))
	log.Info("two")

	found := tail.After(0, slog.LevelDebug, 10)
	if len(found) != 2 || strings.Count(out.String(), "\n") != 2 {
		t.Fatalf("%d records, and the log has %s", len(found), out)
	}
	first := found[0]
	if first.Seq != 1 || first.Level != slog.LevelWarn || first.Message != "endpoint lost" || first.Time.IsZero() ||
		attrs(first) != "component=solana g.err=no route g.at.slot=7 g.at.in=1s" {
		t.Errorf("%+v", first)
	}

	if got := tail.After(0, slog.LevelWarn, 10); len(got) != 1 || got[0].Seq != 1 {
		t.Errorf("warnings: %+v", got)
	}
	if got := tail.After(1, slog.LevelDebug, 10); len(got) != 1 || got[0].Seq != 2 {
		t.Errorf("after 1: %+v", got)
	}

	if got := tail.After(0, slog.LevelDebug, 1); len(got) != 1 || got[0].Seq != 2 {
		t.Errorf("of many the newest: %+v", got)
	}
}

// Against a plain list, with any number of records, levels, limits and starts.
func TestAgainstAList(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	levels := []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	log, tail, _ := logger(slog.LevelDebug)
	var all []slog.Level
	for range 300 {
		for range random.IntN(12) {
			level := levels[random.IntN(len(levels))]
			log.Log(t.Context(), level, fmt.Sprint(len(all)+1)) //nolint:sloglint // counted
			all = append(all, level)
		}

		seq, least, limit := uint64(random.IntN(len(all)+5)), levels[random.IntN(len(levels))], random.IntN(logtail.Records+20)
		var want []uint64
		for n := len(all); n >= 1 && n > len(all)-logtail.Records && uint64(n) > seq && len(want) < limit; n-- {
			if all[n-1] >= least {
				want = append(want, uint64(n))
			}
		}

		slices.Reverse(want)
		var got []uint64
		for _, r := range tail.After(seq, least, limit) {
			if r.Message != fmt.Sprint(r.Seq) || r.Level != all[r.Seq-1] {
				t.Fatalf("record %d is %+v", r.Seq, r)
			}
			got = append(got, r.Seq)
		}

		if !slices.Equal(got, want) {
			t.Fatalf("after %d, %v, %d: %v, want %v", seq, least, limit, got, want)
		}
	}

	if oldest, newest := tail.Span(); newest != uint64(len(all)) || newest-oldest+1 != logtail.Records {
		t.Errorf("span %d to %d of %d", oldest, newest, len(all))
	}
}

type nasty struct{}

func (*nasty) Error() string { panic("no") }

type hidden struct{ secret string }

func (hidden) LogValue() slog.Value { return slog.StringValue("redacted") }

type shy struct{ secret string }

func (shy) MarshalText() ([]byte, error) { return []byte("short"), nil }

// Nothing that is logged grows the tail without bound, breaks it or shows more than the log does.
func TestOddValues(t *testing.T) {
	log, tail, _ := logger(slog.LevelDebug)
	long := strings.Repeat("x", 1<<20)
	many := make([]any, 0, 200)
	for i := range 100 {
		many = append(many, fmt.Sprint("k", i), i)
	}

	log.Info(long, long, long) //nolint:sloglint // that is the point
	log.Info("many", many...)
	var deep slog.Value
	for range 100 {
		deep = slog.GroupValue(slog.Any("g", deep), slog.Int("n", 1))
	}

	log.With(many...).Info("odd", "nil", nil, "deep", deep)
	log.Info("texts", "bytes", "\xff\xfe", "valuer", hidden{"s"}, "shy", shy{"s"}, "at", time.Unix(0, 0).UTC(), "", "no key")
	log.Info("panics", "err", error((*nasty)(nil)))
	for _, r := range tail.After(0, slog.LevelDebug, 10) {
		size := len(r.Message)
		for _, a := range r.Attrs {
			size += len(a.Key) + len(a.Value)
		}
		if len(r.Attrs) > 32 || size > 40_000 {
			t.Errorf("record %d has %d attributes, %d bytes", r.Seq, len(r.Attrs), size)
		}
	}

	found := tail.After(3, slog.LevelDebug, 10)
	if got := attrs(found[0]); got != "bytes= valuer=redacted shy=short at=1970-01-01T00:00:00Z" {
		t.Error(got)
	}
	if got := attrs(found[1]); got != "err=!PANIC" {
		t.Error(got)
	}
}

// The rules that every slog.Handler follows, as far as they show in what is handed on.
func TestIsAHandler(t *testing.T) {
	var out bytes.Buffer
	tail := logtail.New()
	err := slogtest.TestHandler(tail.Handler(slog.NewJSONHandler(&out, nil)), func() []map[string]any {
		var all []map[string]any
		for _, r := range tail.After(0, slog.LevelDebug, logtail.Records) {
			one := map[string]any{slog.TimeKey: r.Time, slog.LevelKey: r.Level, slog.MessageKey: r.Message}
			for _, a := range r.Attrs {
				at := one
				parts := strings.Split(a.Key, ".")
				for _, group := range parts[:len(parts)-1] {
					if at[group] == nil {
						at[group] = map[string]any{}
					}
					at = at[group].(map[string]any)
				}
				at[parts[len(parts)-1]] = a.Value
			}

			all = append(all, one)
		}

		return all
	})

	// A record without a time is kept with the time it came: the tail is looked at by people.
	if err != nil && !onlyAboutZeroTime(err) {
		t.Error(err)
	}
}

func onlyAboutZeroTime(err error) bool {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return strings.Contains(err.Error(), "zero Record.Time")
	}
	return !slices.ContainsFunc(joined.Unwrap(), func(one error) bool { return !strings.Contains(one.Error(), "zero Record.Time") })
}

type failing struct{ slog.Handler }

func (failing) Handle(context.Context, slog.Record) error { return errors.New("disk full") }

func TestErrorsArePassedOn(t *testing.T) {
	tail := logtail.New()
	handler := tail.Handler(failing{slog.DiscardHandler})
	if err := handler.Handle(t.Context(), slog.NewRecord(time.Now(), slog.LevelInfo, "x", 0)); err == nil {
		t.Error("the error of the wrapped handler is lost")
	}
	if len(tail.After(0, slog.LevelDebug, 1)) != 1 {
		t.Error("what could not be written is not kept")
	}
}

func TestManyAtOnce(t *testing.T) {
	tail := logtail.New()
	log := slog.New(tail.Handler(slog.NewTextHandler(&bytes.Buffer{}, nil)))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 500 {
				log.With("a", 1).Info("x", "b", 2)
			}
		})
		group.Go(func() {
			for range 100 {
				records := tail.After(0, slog.LevelInfo, logtail.Records)
				for i := 1; i < len(records); i++ {
					if records[i].Seq != records[i-1].Seq+1 {
						t.Error("a gap in the numbers")
						return
					}
				}
			}
		})
	}

	group.Wait()
	if oldest, newest := tail.Span(); newest != 4000 || oldest != 3501 {
		t.Error(oldest, newest)
	}
}

// What is shown names directories, wherever their paths stand, and leaves other paths alone.
func TestPlacesAreNamed(t *testing.T) {
	tail := logtail.New(logtail.Place{Path: "/home/ann", Name: "~"}, logtail.Place{Path: "/home/ann/data/", Name: "DATA_DIR"},
		logtail.Place{Path: "/", Name: "ROOT"}, logtail.Place{Path: "", Name: "HERE"}, logtail.Place{Path: "rel", Name: "REL"})
	out := &bytes.Buffer{}
	log := slog.New(tail.Handler(slog.NewTextHandler(out, nil)))
	log.With("data", "/home/ann/data").Info("in /home/ann/data", "err", fmt.Errorf("open %q: %w", "/home/ann/data/mainnet/1.sst", errors.New("full")),
		"other", "/home/anna/x /mnt/home/ann /home/ann-2 /home/ann/.config", "twice", "/home/ann:/home/ann/data/x /home/ann", "rel", "rel/x")
	found := tail.After(0, slog.LevelDebug, 1)
	if got := found[0].Message + " " + attrs(found[0]); got != `in DATA_DIR data=DATA_DIR err=open "DATA_DIR/mainnet/1.sst": full `+
		`other=/home/anna/x /mnt/home/ann /home/ann-2 ~/.config twice=~:DATA_DIR/x ~ rel=rel/x` {
		t.Error(got)
	}
	if !strings.Contains(out.String(), "/home/ann/data") {
		t.Error("the log itself lost the path:", out)
	}
}
