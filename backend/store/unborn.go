package store

import (
	"fmt"
	"os"
	"path/filepath"
)

// unborn reports whether a log file is empty. The newest one is when the process was killed after it created the file and
// before it gave it its size, which is before anything was written to it.
func unborn(o *Options, name string) bool { return hasSize(o, name, 0) }

// emptied reports whether an empty log file that is not the newest may be one that Badger was about to delete: it cuts a file
// to nothing before it removes it, and a kill may come between. It deletes a memtable's log when its rows are in a table;
// whether they are, or are missing, checkChanges finds. After the machine went down a file may be empty for other reasons.
func emptied(o *Options, name string) bool { return filepath.Ext(name) == ".mem" && !wentDown(o) }

func hasSize(o *Options, name string, size int64) bool {
	info, err := os.Stat(filepath.Join(o.Dir, name))
	return err == nil && info.Size() == size
}

// dropUnborn deletes the log files that Badger refuses to open, or would delete in two steps of which a kill may leave the
// first: empty ones that were taken for undamaged, and value logs, but for the newest, in which nothing was ever written.
func dropUnborn(o *Options, found *survey) error {
	for _, names := range [][]string{found.logs, found.values} { // sorted: the names are numbers of equal length
		for i, name := range names {
			newest, value := i == len(names)-1, filepath.Ext(name) == ".vlog"
			empty := unborn(o, name) && (newest || !value)
			unused := value && !newest && hasSize(o, name, logHeader)
			if !empty && !unused || inUse(o.Dir) {
				continue // Badger will say what it thinks of it
			}

			if err := os.Remove(filepath.Join(o.Dir, name)); err != nil {
				return fmt.Errorf("remove an empty file: %w", err)
			}
			if empty {
				o.Logger.Info("removed a file left empty by a crash", "component", "store", "file", name)
			}
		}
	}

	return nil
}
