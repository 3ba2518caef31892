package e2e

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// endsCleanly waits for the app to end with 0 and its store closed.
func (a *app) endsCleanly() {
	a.d.t.Helper()
	if code := a.exit(patience); code != 0 {
		a.d.t.Fatalf("exit code %d\n%s", code, a.output)
	}
	if !strings.Contains(a.output.String(), "msg=stopped component=backend") {
		a.d.t.Fatalf("the store was not closed\n%s", a.output)
	}
	for _, bad := range []string{"level=ERROR", "panic", "gtk_main_quit", "goroutine "} {
		if strings.Contains(a.output.String(), bad) {
			a.d.t.Errorf("the log holds %q\n%s", bad, a.output)
		}
	}
}

func TestQuit(t *testing.T) {
	need(t)
	ways := map[string]func(*desk, *app){
		"ctrl+q": func(d *desk, _ *app) { d.focus(title); d.key("ctrl+q") },
		"the cross": func(d *desk, a *app) {
			d.focus(title)
			d.until("the window manager closes the window", func() bool { // it may be too new to hear its keys
				d.key("alt+F4")
				select {
				case <-a.ended:
					return true
				case <-time.After(5 * time.Second):
					return false
				}
			})
		},
		"SIGINT":  func(_ *desk, a *app) { _ = a.Process.Signal(os.Interrupt) },
		"SIGTERM": func(_ *desk, a *app) { _ = a.Process.Signal(syscall.SIGTERM) },
	}
	for name, quit := range ways {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			a := d.open()
			a.base()
			quit(d, a)
			a.endsCleanly()
		})
	}
}

func TestSignalWhileADialogIsOpen(t *testing.T) {
	need(t)
	d := newDesk(t)
	a := d.open()
	a.ready()
	a.toExport()
	d.key("Return")
	d.focus(exportDialog)
	asked := time.Now()
	_ = a.Process.Signal(syscall.SIGTERM)
	a.endsCleanly()
	t.Logf("ended after %v", time.Since(asked))
}

func TestSignalAtTheStart(t *testing.T) {
	need(t)
	d := newDesk(t)
	a := d.launch()
	d.until("the app has begun", func() bool { return a.output.String() != "" || len(d.windows(title)) > 0 })
	_ = a.Process.Signal(syscall.SIGTERM)
	if code := a.exit(patience); code != 0 {
		t.Fatalf("exit code %d\n%s", code, a.output)
	}
}

func TestNoDisplay(t *testing.T) {
	need(t)
	d := &desk{t: t, dir: t.TempDir()}
	for name, display := range map[string]string{"none": "", "one that is not there": ":4711"} {
		t.Run(name, func(t *testing.T) {
			d := &desk{t: t, dir: d.dir, home: d.dir, env: []string{"HOME=" + d.dir, "DISPLAY=" + display}}
			a := d.start("spinscope", os.Getenv("SPINSCOPE_DESKTOP"), "--listen", "127.0.0.1:0")
			if code := a.exit(patience); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			text := strings.TrimSpace(a.output.String())
			last := text[strings.LastIndexByte(text, '\n')+1:]
			if !strings.Contains(last, "no display") || !strings.Contains(last, "spinscope serve") || strings.Contains(text, "goroutine") {
				t.Errorf("it says %q", text)
			}
		})
	}
}
