package e2e

import (
	"encoding/json"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestSecondStart(t *testing.T) {
	need(t)
	d := newDesk(t)
	a := d.open()
	base := a.base()
	window := d.focus(title)
	d.try("xdotool", "windowminimize", window)
	d.until("the window is away", func() bool { return len(d.windows(title)) == 0 })

	second := d.launch()
	if code := second.exit(patience); code != 0 {
		t.Errorf("exit code %d\n%s", code, second.output)
	}
	if text := second.output.String(); !strings.Contains(text, "already open") || strings.Contains(text, "serving") || strings.Contains(text, "level=ERROR") {
		t.Errorf("the second start says %s", text)
	}

	d.until("the first window is in front", func() bool { return d.active() == window && len(d.windows(title)) == 1 })
	if a.base() != base {
		t.Errorf("the address became %s, it was %s", a.base(), base)
	}
	d.key("ctrl+q")
	a.endsCleanly()
	if _, err := os.Stat(filepath.Join(a.data, "window.sock")); err == nil {
		t.Error("the socket for a second start was left behind")
	}

	// What a crash leaves behind must not keep the app from starting.
	b := d.open()
	b.base()
	_ = b.Process.Kill()
	<-b.ended
	c := d.open()
	c.base()
	d.focus(title)
	d.key("ctrl+q")
	c.endsCleanly()
}

func TestPortInUse(t *testing.T) {
	need(t)
	d := newDesk(t)
	taken := listen(t, "127.0.0.1:0")
	defer taken.Close()

	a := d.open("--listen", taken.Addr().String())
	a.attach()
	d.until("the window says why, and what to do", func() bool {
		text := a.body()
		return strings.Contains(text, taken.Addr().String()) && strings.Contains(text, "in use") && strings.Contains(text, "--listen")
	})
	d.keepPicture()
	_ = taken.Close()
	a.ask(`[...document.querySelectorAll('button')].find(button => button.textContent.includes('Try again')).click() ?? 1`, new(any))
	a.ready()
	d.focus(title)
	d.key("ctrl+q")
	if code := a.exit(patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestDataDirectoryInUse(t *testing.T) {
	app := need(t)
	d := newDesk(t)
	other := d.start("serve", app, "serve", "--listen", "127.0.0.1:0")
	d.until("the other one serves", func() bool { return strings.Contains(other.output.String(), "msg=serving") })
	a := d.open()
	a.attach()
	d.until("the window says who uses the store", func() bool {
		text := a.body()
		return strings.Contains(text, "in use") && strings.Contains(text, fmt.Sprint(other.Process.Pid))
	})
	d.keepPicture()
	_ = other.Process.Signal(syscall.SIGTERM)
	if code := other.exit(patience); code != 0 {
		t.Errorf("the other one ended with %d\n%s", code, other.output)
	}

	d.focus(title)
	d.key("ctrl+r") // loading the page anew tries again
	a.attach()
	a.ready()
}

func TestThePageDies(t *testing.T) {
	need(t, "pgrep")
	d := newDesk(t)
	a := d.open()
	a.ready()
	died := a.webProcess()
	if err := died.Kill(); err != nil {
		t.Fatal(err)
	}

	began := time.Now()
	d.focus("The page does not answer")
	if waited := time.Since(began); waited < 5*time.Second {
		t.Errorf("asked after %v: too soon to be silence", waited)
	}

	d.keepPicture()
	d.key("alt+y")
	d.until("the question is gone", func() bool { return len(d.windows("The page does not answer")) == 0 })
	a.attach()
	a.ready()
	d.focus(title)
	a.interval("3", "s15")
	d.key("ctrl+q")
	a.endsCleanly()
}

// webProcess is the process that shows the page, a child of the app's.
func (a *app) webProcess() *os.Process {
	a.d.t.Helper()
	out, err := exec.Command("pgrep", "-P", fmt.Sprint(a.Process.Pid), "WebKitWebProces").Output()
	var pid int
	if _, scan := fmt.Sscan(string(out), &pid); err != nil || scan != nil {
		a.d.t.Fatalf("no web process: %v %v", err, scan)
	}
	found, err := os.FindProcess(pid)
	if err != nil {
		a.d.t.Fatal(err)
	}
	return found
}

func TestWindowPlace(t *testing.T) {
	need(t)
	d := newDesk(t)
	a := d.open()
	a.base()
	window := d.focus(title)
	d.try("xdotool", "windowsize", window, "1000", "620")
	d.try("xdotool", "windowmove", window, "150", "120")
	d.until("the window is moved", func() bool { return d.place(window).Dx() == 1000 && d.place(window).Min.X != 0 })

	before := d.atRest(window)
	d.key("ctrl+q")
	a.endsCleanly()

	b := d.open()
	b.base()
	window = d.focus(title)
	d.until("the window is where it was", func() bool { return d.place(window) == before })
	d.key("ctrl+q")
	b.endsCleanly()

	var saved map[string]any
	text, err := os.ReadFile(filepath.Join(b.data, "window.json"))
	if err != nil || json.Unmarshal(text, &saved) != nil {
		t.Fatalf("window.json: %v %s", err, text)
	}

	if err := os.WriteFile(filepath.Join(b.data, "window.json"), []byte(`{"x":-99999,"y":50000,"width":900,"height":700}`), 0o600); err != nil {
		t.Fatal(err)
	}
	d.open()
	window = d.focus(title)
	screen := image.Rect(0, 0, 1400, 900)
	d.until("a window saved off the screen is on it", func() bool { return d.place(window).In(screen) })
}

// atRest is where the window is once it has stopped moving.
func (d *desk) atRest(window string) (place image.Rectangle) {
	same := 0
	d.until("the window rests", func() bool {
		now := d.place(window)
		if now != place {
			same = 0
		}
		place = now
		same++
		return same > 5
	})
	return place
}

// A window that is to stay above others does so, says it, and does it again after the next start.
func TestOnTop(t *testing.T) {
	need(t)
	d := newDesk(t)
	a := d.open()
	a.ready()
	window := d.focus(title)
	above := func() bool { return strings.Contains(d.try("xprop", "-id", window, "_NET_WM_STATE"), "ABOVE") }
	if above() {
		t.Fatal("the window is on top before anyone asked for it")
	}

	d.key("O")
	d.until("the window is above others", above)
	d.until("the page says so", func() bool { return a.has("on-top") })
	d.key("ctrl+q")
	a.endsCleanly()

	b := d.open()
	b.ready()
	window = d.focus(title)
	d.until("the window is above others again", above)
	d.until("the page says so again", func() bool { return b.has("on-top") })

	b.press("on-top")
	d.until("the window lets others above it", func() bool { return !above() && !b.has("on-top") })
	d.key("ctrl+q")
	b.endsCleanly()
}
