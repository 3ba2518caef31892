package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInstall installs with the command of the README, and runs what is there by the name that all documents use.
func TestInstall(t *testing.T) {
	t.Parallel()
	built, place := t.TempDir(), t.TempDir()
	install := func() (string, error) {
		cmd := exec.Command("make", "-s", "-C", "../..", "install", "BIN="+built, "DESTDIR="+place, "PREFIX=/opt/here") //nolint:noctx // ends by itself
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := install(); err == nil || !strings.Contains(out, "make server") {
		t.Errorf("with nothing built: %v %s", err, out)
	}

	if err := os.Link(binary, filepath.Join(built, "spinscope-server")); err != nil {
		t.Fatal(err)
	}
	if out, err := install(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	out := &capture{}
	p := launch(t, "spinscope", environment(t), out, filepath.Join(place, "opt/here/bin/spinscope"), "--version")
	if code := p.wait(); code != 0 || !strings.HasPrefix(out.String(), "spinscope ") {
		t.Errorf("--version: exit code %d: %s", code, out)
	}

	if err := os.Link(binary, filepath.Join(built, "spinscope")); err != nil {
		t.Fatal(err)
	}
	if out, err := install(); err != nil {
		t.Fatalf("the app: %v: %s", err, out)
	}

	for _, file := range []string{"bin/spinscope", "share/applications/spinscope.desktop", "share/icons/hicolor/scalable/apps/spinscope.svg"} {
		if _, err := os.Stat(filepath.Join(place, "opt/here", file)); err != nil {
			t.Error(err)
		}
	}
}
