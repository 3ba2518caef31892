package e2e

import (
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// TestHangUpEndsCleanly closes the terminal of a server.
func TestHangUpEndsCleanly(t *testing.T) {
	t.Parallel()
	// A server under nohup stays, and this test may run under it: what is caught here is not ignored in the child.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	defer signal.Stop(caught)
	s := startServer(t, t.TempDir(), "--cluster", "demo")
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if code := s.wait(); code != 0 || !strings.Contains(s.stderr.String(), "stopped") {
		t.Errorf("exit code %d", code)
	}
}
