package e2e

import (
	"bufio"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// clicker clicks menu items through the accessibility bus.
type clicker struct {
	t       *testing.T
	input   io.Writer
	answers *bufio.Scanner
	errors  *log
}

// newClicker needs a desk with the accessibility bus on (NO_AT_BRIDGE=0).
func newClicker(d *desk) *clicker {
	d.t.Helper()
	c := &clicker{t: d.t, errors: &log{}}
	script, err := filepath.Abs("testdata/click.py")
	if err != nil {
		d.t.Fatal(err)
	}

	cmd := exec.Command("/usr/bin/python3", script, "spinscope") // Debian's own: it has the bindings
	cmd.Env, cmd.Stderr = d.env, c.errors
	if c.input, err = cmd.StdinPipe(); err != nil {
		d.t.Fatal(err)
	}

	output, err := cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	c.answers = bufio.NewScanner(output)
	if err := begin(cmd); err != nil {
		d.t.Fatal(err)
	}

	d.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return c
}

func (c *clicker) click(label string) {
	c.t.Helper()
	_, _ = fmt.Fprintln(c.input, label)
	if !c.answers.Scan() || c.answers.Text() != "clicked" {
		c.t.Fatalf("menu item %q: %s\n%s", label, c.answers.Text(), c.errors)
	}
}

func TestMenu(t *testing.T) {
	need(t)
	if err := exec.Command("/usr/bin/python3", "-c", "import gi; gi.require_version('Atspi', '2.0')").Run(); err != nil {
		t.Skip("SKIPPED: the accessibility bindings of Python are missing; run `build/setup.sh test`")
	}
	opened, bin := browser(t)
	d := newDesk(t, "NO_AT_BRIDGE=0", "PATH="+bin+":"+os.Getenv("PATH"))
	a := d.open()
	a.ready()

	window := d.focus(title)
	menu := newClicker(d)

	for label, interval := range map[string]string{
		"1 second": "s1", "5 seconds": "s5", "15 seconds": "s15", "30 seconds": "s30", "1 minute": "m1",
		"5 minutes": "m5", "15 minutes": "m15", "1 hour": "h1", "4 hours": "h4", "1 day": "d1",
	} {
		menu.click(label)
		d.until(label+" is shown", func() bool { return a.shows(interval) })
	}

	menu.click("1 minute")
	d.until("minutes are shown", func() bool { return a.shows("m1") })

	for _, label := range []string{"Wider Bars", "Narrower Bars", "Oldest Bar"} {
		before := a.paint()
		menu.click(label)
		d.until(label+" changes the picture", func() bool { return a.paint().hash != before.hash })
	}

	menu.click("Back to the Newest Bar")

	for label, button := range map[string]string{"Line": "chart-line", "Area": "chart-area"} {
		menu.click(label)
		d.until("the chart is of the kind "+label, func() bool { return a.pressed(button) })
	}

	menu.click("Candles")
	d.until("the chart is of candles", func() bool { return a.pressed("chart-candles") })

	hadVolume := a.pressed("toggle-volume")
	menu.click("Volume")
	d.until("volume is toggled", func() bool { return a.pressed("toggle-volume") != hadVolume })

	before := a.paint()
	menu.click("Fit Chart")
	d.until("the chart shows all bars", func() bool { return a.paint().hash != before.hash })

	for _, theme := range []string{"Dark", "Light", "System"} {
		menu.click(theme)
		d.until("the theme is "+theme, func() bool {
			var now string
			err := a.page.eval("document.documentElement.dataset.theme", &now)
			return err == nil && (now == strings.ToLower(theme) || theme == "System")
		})
		d.until("the canvas has the background of the theme", func() bool { return a.count(":root[data-theme="+a.canvasTheme()+"]") == 1 })
	}

	menu.click("Full Screen")
	d.until("the window fills the screen", func() bool { return d.place(window) == image.Rect(0, 0, 1400, 900) })
	menu.click("Full Screen")
	d.until("the window is as it was", func() bool { return d.place(window) != image.Rect(0, 0, 1400, 900) })

	menu.click("Keyboard Shortcuts")
	d.until("the shortcuts are shown", func() bool { return a.count("dialog[open], [role=dialog]") == 1 })

	docs := func() bool {
		text, err := os.ReadFile(opened)
		return err == nil && strings.TrimSpace(string(text)) == a.base()+"/docs"
	}
	menu.click("API Documentation")
	d.until("the browser is asked for the documentation", docs)
	if err := os.Remove(opened); err != nil {
		t.Fatal(err)
	}

	d.focus(title)
	d.key("Escape")
	d.until("the shortcuts are gone", func() bool { return a.count("dialog[open]") == 0 })
	a.ask(`(document.querySelector('[data-testid="connect"]').click(), 1)`, new(int))
	d.until("the panel is there", func() bool { return a.count(`[data-testid="open-docs"]`) == 1 })
	a.ask(`(document.querySelector('[data-testid="open-docs"]').click(), 1)`, new(int))
	d.until("the browser is asked for it again", docs)
	d.key("Escape")

	menu.click("About Spinscope")
	d.focus("About Spinscope")
	d.key("Escape")
	d.until("the dialog is gone", func() bool { return len(d.windows("About Spinscope")) == 0 })

	a.ask("(window.marked = true)", new(bool))
	menu.click("Reload Page")
	d.until("the page is a new one", func() bool {
		a.attach()
		return a.count(":root") == 1 && !a.marked()
	})
	a.ready()

	menu.click("Export…")
	d.until("what is to be exported is asked", func() bool { return a.has("export-dialog") })
	d.focus(title)
	d.key("Escape")
	d.until("the dialog is gone", func() bool { return !a.has("export-dialog") })

	menu.click("Quit")
	a.endsCleanly()
}

// browser puts a stand-in for the person's browser into a directory; it writes the address it is given to a file.
func browser(t *testing.T) (opened, bin string) {
	t.Helper()
	bin = t.TempDir()
	opened = filepath.Join(bin, "opened")
	script := "#!/bin/sh\nprintf '%s\\n' \"$1\" >'" + opened + "'\n"
	if err := os.WriteFile(filepath.Join(bin, "xdg-open"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return opened, bin
}

// canvasTheme is dark or light, by what the chart has in a corner.
func (a *app) canvasTheme() (theme string) {
	a.ask(`(canvas => canvas.getContext('2d').getImageData(canvas.width - 40, 3, 1, 1).data[0] > 128 ? 'light' : 'dark')(
		document.querySelector('[data-testid="chart"] canvas'))`, &theme)
	return theme
}

func (a *app) pressed(testID string) bool {
	var pressed bool
	err := a.page.eval(fmt.Sprintf(`document.querySelector('[data-testid="%s"]')?.getAttribute('aria-pressed') === 'true'`, testID), &pressed)
	return err == nil && pressed
}

func (a *app) count(selector string) (n int) {
	if err := a.page.eval(fmt.Sprintf(`document.querySelectorAll('%s').length`, selector), &n); err != nil {
		return -1
	}
	return n
}

// marked reports whether the page is still the one that was marked.
func (a *app) marked() bool {
	marked := true
	return a.page.eval("window.marked === true", &marked) == nil && marked
}
