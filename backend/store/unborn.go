package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// dropUnborn deletes the newest memtable or value log file when it is empty: the process was killed after it created the
// file and before it gave it its size, which is before anything was written to it. Badger refuses to open one.
func dropUnborn(o *Options) error {
	files, err := os.ReadDir(o.Dir) // sorted, and the names are numbers of equal length
	if err != nil {
		return fmt.Errorf("list files: %w", err)
	}
	newest := map[string]os.DirEntry{}
	for _, file := range files {
		for _, kind := range []string{".mem", ".vlog"} {
			if strings.HasSuffix(file.Name(), kind) {
				newest[kind] = file
			}
		}
	}
	for _, file := range newest {
		info, err := file.Info()
		if err != nil || info.Size() > 0 || inUse(o.Dir) {
			continue // Badger will say what it thinks of it
		}
		if err := os.Remove(filepath.Join(o.Dir, file.Name())); err != nil {
			return fmt.Errorf("remove a file left empty by a crash: %w", err)
		}
		o.Logger.Info("removed a file left empty by a crash", "component", "store", "file", file.Name())
	}
	return nil
}
