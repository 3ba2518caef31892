//go:build desktop

package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadWorkspaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	write("\ufeff{}") // as an editor of Windows leaves it
	if text, err := readWorkspaces(path); text != "{}" || err != nil {
		t.Errorf("%q, %v", text, err)
	}

	write(strings.Repeat(" ", maxWorkspaces+1))
	for _, large := range []string{path, filepath.Dir(path)} {
		if _, err := readWorkspaces(large); !errors.Is(err, errWorkspaces) {
			t.Errorf("%s: %v", large, err)
		}
	}
	if _, err := readWorkspaces(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := (&App{}).SaveWorkspaces("w.json", strings.Repeat(" ", maxWorkspaces+1)); !errors.Is(err, errWorkspaces) {
		t.Errorf("too large to be saved: %v", err)
	}
}
