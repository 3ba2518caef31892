package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience bounds every wait; a wait ends as soon as what it waits for is there.
const patience = 60 * time.Second

// desk is a screen with a window manager and a message bus, and a home directory.
type desk struct {
	t    *testing.T
	dir  string
	home string
	env  []string

	listens bool // apps listen where their configuration file says, and on a free port otherwise
}

// need skips the test, saying so, when what it drives is not there.
func need(t *testing.T, tools ...string) string {
	t.Helper()
	app := os.Getenv("SPINSCOPE_DESKTOP")
	if app == "" {
		t.Skip("SKIPPED: SPINSCOPE_DESKTOP is not set; run `make e2e-desktop`, which builds the app and sets it")
	}
	for _, tool := range append(tools, "Xvfb", "openbox", "xdotool", "xprop", "xwininfo", "import", "dbus-daemon") {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is missing; run `build/setup.sh test`", tool)
		}
	}
	return app
}

// newDesk starts a screen. Everything on it ends with the test.
func newDesk(t *testing.T, env ...string) *desk {
	t.Helper()
	dir, err := os.MkdirTemp("", "desk") // short: it holds sockets, whose paths are limited
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &desk{t: t, dir: dir, home: filepath.Join(dir, "home")}
	// Somebody who has chosen the demo market already: else the app asks.
	if err := os.MkdirAll(filepath.Dir(d.config()), 0o700); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(d.config(), []byte("# mine\n[solana]\ncluster = \"demo\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + d.home, "XDG_RUNTIME_DIR=" + dir, "GDK_BACKEND=x11", "LANG=C.UTF-8",
		"GTK_THEME=Adwaita", "GSETTINGS_BACKEND=memory", "GIO_USE_VFS=local", "GTK_USE_PORTAL=0", "NO_AT_BRIDGE=1",
	}, env...)
	d.env = append(d.env, "DISPLAY="+d.screen())
	bus := d.start("bus", "dbus-daemon", "--session", "--nofork", "--print-address").firstLine()
	d.env = append(d.env, "DBUS_SESSION_BUS_ADDRESS="+bus)
	d.start("window manager", "openbox")
	d.until("the window manager is there", func() bool {
		return strings.Contains(d.try("xprop", "-root", "_NET_SUPPORTING_WM_CHECK"), "window id")
	})

	return d
}

// config is the person's configuration file.
func (d *desk) config() string { return filepath.Join(d.home, ".config", "spinscope", "config.toml") }

// screen starts an X server and returns its name. A server that is given a number takes it or ends; one that may choose
// for itself (-displayfd) can take another's.
func (d *desk) screen() (name string) {
	d.t.Helper()
	for range 20 {
		name = fmt.Sprintf(":%d", 100+rand.IntN(9_000))
		server := d.start("screen", "Xvfb", name, "-screen", "0", "1400x900x24", "-nolisten", "tcp", "-noreset")
		up := false
		d.until("the screen is there", func() bool {
			up = d.try("xprop", "-display", name, "-root", "-notype", "WM_NAME") != "" && server.running()
			return up || !server.running()
		})
		if up {
			return name
		}
	}
	d.t.Fatal("no screen")
	return ""
}

// process is something that runs beside the test.
type process struct {
	*exec.Cmd
	d      *desk
	name   string
	output *log
	ended  chan struct{}
}

// start runs a program until the test ends.
func (d *desk) start(name, program string, args ...string) *process {
	d.t.Helper()
	p := &process{Cmd: exec.Command(program, args...), d: d, name: name, output: &log{}, ended: make(chan struct{})}
	p.Env, p.Dir = d.env, d.dir
	p.Stdout, p.Stderr = p.output, p.output
	p.WaitDelay = time.Second
	if err := begin(p.Cmd); err != nil {
		d.t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		_ = p.Wait()
		close(p.ended)
	}()
	d.t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.ended
	})
	return p
}

// firstLine is what the program writes first.
func (p *process) firstLine() (line string) {
	p.d.until(p.name+" writes a line", func() bool {
		var found bool
		line, _, found = strings.Cut(p.output.String(), "\n")
		return found
	})
	return strings.TrimSpace(line)
}

// exit waits until the program has ended and returns its exit code.
func (p *process) exit(within time.Duration) int {
	p.d.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		p.d.t.Fatalf("%s has not ended after %v\n%s", p.name, within, p.output)
	}
	return p.ProcessState.ExitCode()
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// try runs a program and returns what it wrote, whether it succeeded or not.
func (d *desk) try(program string, args ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = d.env
	out, _ := cmd.Output()
	return strings.TrimSpace(string(out))
}

// until waits for something to become true.
func (d *desk) until(what string, check func() bool) {
	d.t.Helper()
	d.untilWithin(patience, what, check)
}

func (d *desk) untilWithin(limit time.Duration, what string, check func() bool) {
	d.t.Helper()
	began := time.Now()
	for ; !check(); time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > limit {
			d.t.Fatalf("waited %v in vain until %s; picture: %s", limit, what, d.keepPicture())
		}
	}
	if waited := time.Since(began); waited > 5*time.Second {
		d.t.Logf("waited %v until %s", waited.Round(time.Millisecond), what)
	}
}

// windows are the visible windows whose whole title matches the pattern.
func (d *desk) windows(title string) []string {
	return strings.Fields(d.try("xdotool", "search", "--onlyvisible", "--name", "^"+title+"$"))
}

// focus waits for the window of this title and makes it the active one.
func (d *desk) focus(title string) (window string) {
	d.t.Helper()
	d.until("the window "+title+" is in front", func() bool {
		for _, window = range d.windows(title) {
			if d.active() == window {
				return true
			}
			d.try("xdotool", "windowactivate", window)
		}
		return false
	})
	return window
}

func (d *desk) active() string { return d.try("xdotool", "getactivewindow") }

// key presses keys in the active window, such as ctrl+e.
func (d *desk) key(keys ...string) {
	d.try("xdotool", append([]string{"key", "--clearmodifiers"}, keys...)...)
}

// write types a text into the active window.
func (d *desk) write(text string) { d.try("xdotool", "type", "--delay", "10", text) }

// place is where a window lies on the screen, without its frame. xdotool would count the frame twice.
func (d *desk) place(window string) image.Rectangle {
	d.t.Helper()
	values := map[string]int{}
	lines := bufio.NewScanner(strings.NewReader(d.try("xwininfo", "-id", window)))
	for lines.Scan() {
		name, value, _ := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		values[name], _ = strconv.Atoi(strings.TrimSpace(value))
	}

	at := image.Pt(values["Absolute upper-left X"], values["Absolute upper-left Y"])
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(values["Width"], values["Height"]))}
}

// picture is what the screen shows.
func (d *desk) picture() image.Image {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "import", "-window", "root", "png:-")
	cmd.Env = d.env
	out, err := cmd.Output()
	if err != nil {
		d.t.Fatalf("take a picture: %v", err)
	}
	shown, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		d.t.Fatalf("read the picture: %v", err)
	}
	return shown
}

// keepPicture saves what the screen shows where SPINSCOPE_SHOTS says, and returns the path.
func (d *desk) keepPicture() string {
	dir := os.Getenv("SPINSCOPE_SHOTS")
	if dir == "" {
		return "none (SPINSCOPE_SHOTS is not set)"
	}
	path := filepath.Join(dir, strings.ReplaceAll(d.t.Name(), "/", "-")+".png")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err.Error()
	}
	d.try("import", "-window", "root", path)
	return path
}
