package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience ends a test that hangs. It is no measure of speed: the machine may be busy.
const patience = 90 * time.Second

// errNotYet is returned by conditions that need not say more.
var errNotYet = errors.New("not yet")

// await polls until done returns nil.
func await(t *testing.T, what string, done func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := done()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s: %v", what, err)
		}
		<-ticker.C
	}
}

// capture collects what a process writes.
type capture struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(p)
}

func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

func (c *capture) lines() []string {
	text := strings.TrimSpace(c.String())
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// process is a started program.
type process struct {
	t      *testing.T
	name   string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.Writer
	stderr *capture
	ended  chan struct{} // closed when the process is gone and all it wrote is read
	wanted bool          // the test ended it
}

// environment is that of a fresh user, so that nobody's own configuration takes part.
func environment(t *testing.T, more ...string) []string {
	t.Helper()
	home := t.TempDir()
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_DATA_HOME=" + home, "TZ=UTC", "GORACE=atexit_sleep_ms=0"}
	return append(env, more...)
}

// launch starts a program; stdout may be nil. The process is killed at the end of the test if it still runs.
func launch(t *testing.T, name string, env []string, stdout io.Writer, argv ...string) *process {
	t.Helper()
	return launchIn(t, "", name, env, stdout, argv...)
}

// launchIn is launch in a directory.
func launchIn(t *testing.T, dir, name string, env []string, stdout io.Writer, argv ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, stdout: stdout, stderr: &capture{}, ended: make(chan struct{})}
	if p.stdout == nil {
		p.stdout = &capture{}
	}

	p.cmd = exec.Command(argv[0], argv[1:]...) //nolint:gosec,noctx // ended by pid, see kill
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = dir, env, p.stdout, p.stderr
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}

	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // the exit code is in ProcessState
	}()
	t.Cleanup(p.clean)

	return p
}

// clean ends the process and looks for what no process may ever print.
func (p *process) clean() {
	if p.running() {
		p.kill()
	} else if !p.wanted {
		p.t.Errorf("%s ended by itself: %v", p.name, p.cmd.ProcessState)
	}
	log := p.stderr.String()
	for _, sign := range []string{"WARNING: DATA RACE", "panic:", "panic recovered", "fatal error:", "goroutine 1 ["} {
		if at := strings.Index(log, sign); at >= 0 {
			p.t.Errorf("%s: %.6000s", p.name, log[at:])
			break
		}
	}
	if p.t.Failed() {
		const limit = 4000
		p.t.Logf("end of the log of %s:\n%s", p.name, log[max(0, len(log)-limit):])
	}
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// kill is a crash: SIGKILL, by pid.
func (p *process) kill() {
	p.wanted = true
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// end sends SIGTERM and expects a clean exit.
func (p *process) end() {
	p.t.Helper()
	p.wanted = true
	start := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatalf("%s: SIGTERM: %v", p.name, err)
	}
	if code := p.wait(); code != 0 {
		p.t.Fatalf("%s: exit code %d after SIGTERM, want 0", p.name, code)
	}
	p.t.Logf("%s ended %v after SIGTERM", p.name, time.Since(start).Round(time.Millisecond))
}

// wait returns the exit code.
func (p *process) wait() int {
	p.t.Helper()
	p.wanted = true
	guard := time.NewTimer(patience)
	defer guard.Stop()
	select {
	case <-p.ended:
	case <-guard.C:
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // its goroutines go to the log
		p.t.Errorf("%s hangs", p.name)
		p.kill()
		p.t.FailNow()
	}
	return p.cmd.ProcessState.ExitCode()
}

// alive fails the test when the process is gone.
func (p *process) alive() error {
	if p.running() {
		return nil
	}
	return fmt.Errorf("%s is gone: %v", p.name, p.cmd.ProcessState)
}
