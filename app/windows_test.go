//go:build desktop

package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"strings"
	"testing"

	"spinscope/backend"
	"spinscope/backend/watch"
)

func TestWindowsAreFew(t *testing.T) {
	var w windows
	var open []*further
	for place := 2; place <= maxWindows; place++ {
		one, err := w.begin(Setup{}, func() {})
		if err != nil || one.setup.Place != place {
			t.Fatalf("window %d: %+v, %v", place, one, err)
		}
		open = append(open, one)
	}
	if _, err := w.begin(Setup{}, func() {}); !errors.Is(err, errWindows) {
		t.Fatalf("one window too many: %v", err)
	}

	w.end(open[1]) // the third
	if one, err := w.begin(Setup{}, func() {}); err != nil || one.setup.Place != 3 {
		t.Errorf("the free place is not taken: %+v, %v", one, err)
	}
}

// A window that takes no messages is closed: it would show what is not so any more.
func TestAWindowThatHearsNothing(t *testing.T) {
	var w windows
	ctx, stop := context.WithCancel(t.Context())
	if _, err := w.begin(Setup{}, stop); err != nil {
		t.Fatal(err)
	}
	for range windowQueue {
		w.tell(0, "kept", Kept{Key: "k"})
	}
	if ctx.Err() != nil {
		t.Fatal("it is closed while its messages have room")
	}
	w.tell(2, "kept", Kept{Key: "k"}) // its own
	if ctx.Err() != nil {
		t.Fatal("a window is told what it said itself")
	}
	w.tell(0, "kept", Kept{Key: "k"})
	if ctx.Err() == nil {
		t.Error("it stays open")
	}
}

// A further window asks the first over a pipe, hears what others keep, and is told when the first is gone.
func TestWindowsSpeakWithEachOther(t *testing.T) {
	dir := t.TempDir()
	first := &App{server: &service{options: backend.Options{DataDir: dir}}, log: slog.New(slog.DiscardHandler)}
	one, err := first.windows.begin(Setup{DataDir: dir, Kept: map[string]string{"a": "1"}}, func() {})
	if err != nil {
		t.Fatal(err)
	}

	here, there := net.Pipe()
	server := rpc.NewServer()
	if err := server.RegisterName("Window", &answers{first, one}); err != nil {
		t.Fatal(err)
	}
	go server.ServeCodec(jsonrpc.NewServerCodec(here))
	f := &firstWindow{client: jsonrpc.NewClient(there)}
	if err := f.call("Setup", struct{}{}, &f.setup); err != nil || f.setup.Place != 2 || f.kept()["a"] != "1" {
		t.Fatalf("%+v, %v", f.setup, err)
	}
	second := &App{first: f}

	const mint = "CWiTGbCiDd8BKtNYNE2boT9fJGFG2MU53Uf6HQk4pump"
	if got, err := second.WatchCoin(mint); err != nil || got != mint {
		t.Fatalf("%q, %v", got, err)
	}
	if list, err := watch.At(dir).Read(); err != nil || len(list) != 1 {
		t.Errorf("the first window's list is %v, %v", list, err)
	}
	if _, err := second.WatchCoin("no address"); err == nil || errors.Is(err, errGone) || !strings.Contains(err.Error(), watch.ErrNoMint.Error()) {
		t.Errorf("a refusal comes as %v", err)
	}
	if got := second.Settings().Problem; got != errFirstOnly.Error() {
		t.Errorf("settings in a further window: %q", got)
	}

	text := "2"
	if err := first.Keep("a", &text); err != nil {
		t.Fatal(err)
	}
	var message WindowMessage
	var kept Kept
	if err := f.call("Next", struct{}{}, &message); err != nil || message.Event != "kept" || json.Unmarshal(message.Value, &kept) != nil {
		t.Fatalf("%+v, %v", message, err)
	}
	f.keep(kept)
	if got := second.Kept(); got.Place != 2 || got.Kept["a"] != "2" {
		t.Errorf("its page begins with %+v", got)
	}

	_ = here.Close()
	if info := second.Server(); info.Ready || info.Error == "" {
		t.Errorf("the server of a first window that is gone: %+v", info)
	}
	if err := second.DeleteAlert("x"); !errors.Is(err, errGone) {
		t.Errorf("the first window is gone, and an answer is %v", err)
	}
}
