package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestSettings(t *testing.T) {
	need(t)
	d := newDesk(t)
	a := d.open()
	a.ready()
	before := a.base()
	d.focus(title)
	d.key("ctrl+comma")
	d.until("the settings are shown", func() bool { return a.has("settings-save") })
	if !a.holds("field-server.listen", "--listen") {
		t.Error("nothing says that --listen fixes the address")
	}

	a.keepShots("dark", "light")

	a.enter("input-store.retention_days", "99999")
	d.key("Return")
	d.until("what is wrong is told beside the field, which has the focus", func() bool {
		return a.holds("problem-store.retention_days", "36500") && a.focused() == "input-store.retention_days"
	})
	a.keepShot("refused")
	if text := d.readConfig(); strings.Contains(text, "retention") {
		t.Fatalf("a bad value is in the file:\n%s", text)
	}

	a.enter("input-store.retention_days", "30")
	d.key("Return")
	d.until("the file holds the value", func() bool { return strings.Contains(d.readConfig(), "retention_days = 30") })
	if text := d.readConfig(); !strings.HasPrefix(text, "# mine\n") || strings.Contains(text, "127.0.0.1") {
		t.Errorf("the file lost its comment, or took a flag's value:\n%s", text)
	}

	if info, err := os.Stat(d.config()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	d.until("the server is a new one", func() bool { return a.base() != before })
	a.ready() // the page has found it
	if n := strings.Count(a.output.String(), "msg=serving"); n != 2 {
		t.Errorf("the server started %d times", n)
	}

	d.until("the person is told", func() bool { return strings.Contains(a.body(), "Settings saved") })

	d.focus(title)
	d.key("ctrl+comma")
	d.until("the settings are shown again, with the value", func() bool {
		return a.value("input-store.retention_days") == "30"
	})
	d.key("Escape")
	d.until("they are gone", func() bool { return !a.has("settings-dialog") })
	d.focus(title)
	d.key("ctrl+q")
	a.endsCleanly()
}

func TestFirstStart(t *testing.T) {
	need(t)
	d := newDesk(t)
	d.forgetConfig()
	a := d.open()
	a.ready() // the demo market runs behind the question
	d.until("the market is asked for", func() bool { return a.has("first-start") })
	a.keepShots("dark", "light")
	d.focus(title)
	d.key("Escape")
	d.until("the demo market is remembered", func() bool { return strings.Contains(d.readConfig(), `cluster = "demo"`) })
	d.until("the question is gone", func() bool { return !a.has("first-start") })
	if n := strings.Count(a.output.String(), "msg=serving"); n != 1 {
		t.Errorf("the server started %d times", n)
	}

	d.focus(title)
	d.key("ctrl+q")
	a.endsCleanly()

	d.forgetConfig()
	b := d.open()
	b.ready()
	d.until("the market is asked for", func() bool { return b.has("market-custom") })
	b.press("market-custom")
	d.until("the address is asked for", func() bool { return b.focused() == "input-solana.rpc_url" })
	b.enter("input-solana.rpc_url", "http://127.0.0.1:1/?api-key=0123456789abcdef")
	b.press("test-own")
	d.until("the test says what is wrong", func() bool { return b.holds("own-result", "nothing listens there") })
	b.keepShot("own")
	b.press("use-own")
	d.until("the endpoint is remembered", func() bool {
		text := d.readConfig()
		return strings.Contains(text, `cluster = "custom"`) && strings.Contains(text, "0123456789abcdef")
	})
	d.until("the server reads it", func() bool {
		var status struct{ Cluster string }
		get(t, b.base()+"/api/events/status", &status)
		return status.Cluster == "custom"
	})
	d.until("the page is there, and asks no more", func() bool {
		b.attach()
		return b.has("status") && !b.has("first-start")
	})
	d.focus(title)
	d.until("the settings are shown", func() bool { // a key that comes while the page is being made is lost
		if !b.has("settings-dialog") {
			d.key("ctrl+comma")
		}
		return b.has("settings-dialog")
	})
	d.until("the key is hidden", func() bool {
		return b.value("input-solana.rpc_url") == "http://127.0.0.1:1/?api-key=••••cdef"
	})
	d.key("Escape")
	d.until("they are gone", func() bool { return !b.has("settings-dialog") })
	d.focus(title)
	d.key("ctrl+q")
	if code := b.exit(patience); code != 0 {
		t.Errorf("exit code %d\n%s", code, b.output)
	}

	if strings.Contains(b.output.String(), "0123456789") {
		t.Errorf("the log holds the key\n%s", b.output)
	}

	c := d.open()
	c.attach()
	d.until("the next start does not ask", func() bool { return c.has("status") })
	if c.has("first-start") {
		t.Error("the market is asked for again")
	}
}

// Somebody whose port is taken mends that in the window itself.
func TestSettingsOfAServerThatCannotStart(t *testing.T) {
	need(t)
	d := newDesk(t)
	taken := listen(t, "127.0.0.1:0")
	defer taken.Close()

	d.listens = true
	text := fmt.Sprintf("[server]\nlisten = %q\n", taken.Addr())
	if err := os.WriteFile(d.config(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}

	a := d.open()
	a.attach()
	d.until("the window says why", func() bool { return strings.Contains(a.body(), "in use") })
	a.press("opening-settings")
	d.until("the settings are shown", func() bool { return a.value("input-server.listen") == taken.Addr().String() })
	a.enter("input-store.retention_days", "30")
	d.key("Return")
	d.until("it still cannot start", func() bool { return a.holds("save-problem", "in use") })
	a.keepShot("not-saved")
	if d.readConfig() != text {
		t.Errorf("the file became %s", d.readConfig())
	}

	a.enter("input-server.listen", "127.0.0.1:0")
	d.key("Return")
	d.until("the file holds the address", func() bool { return strings.Contains(d.readConfig(), `listen = "127.0.0.1:0"`) })
	a.ready()
	d.focus(title)
	d.key("ctrl+q")
	if code := a.exit(patience); code != 0 {
		t.Errorf("exit code %d\n%s", code, a.output)
	}
}

// forgetConfig makes the next start a first one.
func (d *desk) forgetConfig() {
	d.t.Helper()
	if err := os.Remove(d.config()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) readConfig() string {
	text, _ := os.ReadFile(d.config())
	return string(text)
}

func (a *app) has(testID string) bool { return a.count(fmt.Sprintf("[data-testid=%q]", testID)) == 1 }

// holds reports whether an element shows a text.
func (a *app) holds(testID, text string) bool {
	var shown string
	err := a.page.eval(fmt.Sprintf(`document.querySelector('[data-testid=%q]')?.textContent ?? ''`, testID), &shown)
	return err == nil && strings.Contains(shown, text)
}

func (a *app) value(testID string) (text string) {
	_ = a.page.eval(fmt.Sprintf(`document.querySelector('[data-testid=%q]')?.value ?? ''`, testID), &text)
	return text
}

func (a *app) focused() (testID string) {
	_ = a.page.eval(`document.activeElement?.dataset.testid ?? ''`, &testID)
	return testID
}

// press clicks a button of the page.
func (a *app) press(testID string) {
	a.d.t.Helper()
	a.d.until(testID+" is pressed", func() bool {
		var pressed bool
		click := fmt.Sprintf(`(button => button && !button.disabled ? (button.click(), true) : false)(document.querySelector('[data-testid=%q]'))`, testID)
		return a.page.eval(click, &pressed) == nil && pressed
	})
}

// enter types a text in place of a field's, with real keys.
func (a *app) enter(testID, text string) {
	a.d.t.Helper()
	a.d.focus(title)
	a.ask(fmt.Sprintf(`(field => (field.focus(), field.select(), true))(document.querySelector('[data-testid=%q]'))`, testID), new(bool))
	a.d.write(text)
	a.d.until(text+" is typed", func() bool { return a.value(testID) == text })
}

// keepShots keeps a picture in each theme.
func (a *app) keepShots(themes ...string) {
	a.d.t.Helper()
	for _, theme := range themes {
		// As the person does it, so that the canvas follows too: one after the other until it is the right one.
		a.d.until("the theme is "+theme, func() bool {
			var now string
			a.ask(`document.documentElement.dataset.theme`, &now)
			if now != theme {
				a.ask(`(document.querySelector('[data-testid="theme"]').click(), 0)`, new(int))
			}
			return now == theme && a.canvasTheme() == theme
		})
		a.ask(`(window.drawnFrames = 0, requestAnimationFrame(function next() { ++window.drawnFrames < 5 && requestAnimationFrame(next) }), 0)`, new(int))
		a.d.until("it is drawn", func() bool {
			var drawn bool
			return a.page.eval("window.drawnFrames === 5", &drawn) == nil && drawn
		})
		a.keepShot(theme)
	}
}

func (a *app) keepShot(name string) {
	a.d.t.Helper()
	path := a.d.keepPicture()
	if start, kept := strings.CutSuffix(path, ".png"); kept {
		if err := os.Rename(path, start+"-"+name+".png"); err != nil {
			a.d.t.Log(err)
		}
	}
}
