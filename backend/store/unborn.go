package store

import (
	"fmt"
	"os"
	"path/filepath"
)

// unborn reports whether a log file is empty. The newest one is when the process was killed after it created the file and
// before it gave it its size, which is before anything was written to it.
func unborn(o *Options, name string) bool {
	info, err := os.Stat(filepath.Join(o.Dir, name))
	return err == nil && info.Size() == 0
}

// dropUnborn deletes the newest memtable or value log file when it is empty, as Badger refuses to open one.
func dropUnborn(o *Options, found *survey) error {
	for _, names := range [][]string{found.logs, found.values} { // sorted: the names are numbers of equal length
		if len(names) == 0 {
			continue
		}
		newest := names[len(names)-1]
		if !unborn(o, newest) || inUse(o.Dir) {
			continue // Badger will say what it thinks of it
		}
		if err := os.Remove(filepath.Join(o.Dir, newest)); err != nil {
			return fmt.Errorf("remove a file left empty by a crash: %w", err)
		}
		o.Logger.Info("removed a file left empty by a crash", "component", "store", "file", newest)
	}
	return nil
}
