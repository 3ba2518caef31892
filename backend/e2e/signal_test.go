package e2e

import (
	"strings"
	"syscall"
	"testing"
)

// TestHangUpEndsCleanly closes the terminal of a server.
func TestHangUpEndsCleanly(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir(), "--cluster", "demo")
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if code := s.wait(); code != 0 || !strings.Contains(s.stderr.String(), "stopped") {
		t.Errorf("exit code %d", code)
	}
}
