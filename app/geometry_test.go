//go:build desktop

package app

import (
	"os"
	"path/filepath"
	"testing"
)

// The window's place is read although an editor has put a byte order mark before it.
func TestGeometryWithMark(t *testing.T) {
	dir := t.TempDir()
	text := "\ufeff" + `{"x":5,"y":6,"width":900,"height":700}`
	if err := os.WriteFile(filepath.Join(dir, geometryFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if g := loadGeometry(dir, geometryFile); g.X != 5 || g.Width != 900 || !g.known {
		t.Errorf("read %+v", g)
	}
}
