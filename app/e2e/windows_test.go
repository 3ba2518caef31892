package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// further waits for the window of this place, and looks into its page: its inspector listens on a port of its own.
func (a *app) further(place int) *app {
	a.d.t.Helper()
	a.d.until(fmt.Sprintf("window %d is there", place), func() bool { return len(a.d.windows(furtherTitle(place))) == 1 })
	host, text, err := net.SplitHostPort(a.inspector)
	port, wrong := strconv.Atoi(text)
	if err != nil || wrong != nil {
		a.d.t.Fatal(err, wrong)
	}

	b := &app{process: a.process, data: a.data, inspector: fmt.Sprintf("%s:%d", host, port+place-1)}
	b.attach()
	a.d.until("its candles are drawn", func() bool {
		view, ok := b.view()
		return ok && view.Phase == "ready" && view.Link == "connected" && view.Bars > 0
	})
	return b
}

func furtherTitle(place int) string { return fmt.Sprintf("%s %d", title, place) }

// favourites is how many coins have a star, as the first window keeps it.
func (a *app) favourites() (count int) {
	_ = a.page.eval(`(JSON.parse(localStorage.getItem('spinscope.prefs') ?? '{}').favourites ?? []).length`, &count)
	return count
}

// A further window shows the same market, live, and the same stars and drawings as the first; it closes alone, and with
// the first.
func TestFurtherWindow(t *testing.T) {
	need(t, "pgrep")
	d := newDesk(t)
	a := d.open()
	a.ready()
	a.chooseBusiest()

	d.focus(title)
	d.key("E")
	b := a.further(2)
	shown, _ := b.view()
	if first, _ := a.view(); shown.Mint != first.Mint {
		t.Errorf("the further window shows %s, the first %s", shown.Mint, first.Mint)
	}
	d.until("the further window is live", func() bool {
		now, ok := b.view()
		return ok && now.Updates > shown.Updates
	})

	// Both know what one of them keeps, and no choice is lost.
	d.focus(furtherTitle(2))
	d.key("s")
	d.until("the star is in both windows", func() bool { return a.favourites() == 1 && a.count(starred) == 1 && b.count(starred) == 1 })
	d.focus(title)
	d.key("V")
	d.until("the first window's choice is kept beside the star", func() bool { return a.pref("volumePaid") == "true" })
	if stars := a.favourites(); stars != 1 {
		t.Errorf("%d stars are left after the first window kept something", stars)
	}

	// The charts of each are its own.
	d.focus(furtherTitle(2))
	d.key("alt+2")
	d.until("the further window has two charts", func() bool { return b.count(`[data-testid="chart"]`) == 2 })
	if charts := a.count(`[data-testid="chart"]`); charts != 1 {
		t.Errorf("the first window has %d charts", charts)
	}

	arguments := d.try("pgrep", "-a", "-P", strconv.Itoa(a.Process.Pid), "spinscope")
	if !strings.HasSuffix(arguments, " window") {
		t.Errorf("the further window's process is %q", arguments)
	}

	// It closes alone, and comes again as it was.
	d.focus(furtherTitle(2))
	d.key("ctrl+w")
	d.until("it is closed", func() bool { return len(d.windows(furtherTitle(2))) == 0 })
	if !a.running() {
		t.Fatal("the first window closed too")
	}

	d.focus(title)
	d.key("E")
	b = a.further(2)
	d.until("it has its two charts again", func() bool { return b.count(`[data-testid="chart"]`) == 2 })

	d.focus(title)
	d.key("ctrl+q")
	a.endsCleanly()
	d.until("the further window is closed with the first", func() bool { return len(d.windows(furtherTitle(2))) == 0 })
	if _, err := os.Stat(filepath.Join(a.data, "window-2.json")); err != nil {
		t.Errorf("its place is not kept: %v", err)
	}
}

// starred is the sign of a coin's star in the header.
const starred = `[data-testid="star"][aria-pressed="true"]`

// pref is a choice as the page keeps it.
func (a *app) pref(name string) (value string) {
	_ = a.page.eval(fmt.Sprintf(`String(JSON.parse(localStorage.getItem('spinscope.prefs') ?? '{}')[%q])`, name), &value)
	return value
}
