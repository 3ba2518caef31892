package datadir

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// ErrDiskFull is returned when the disk of the data directory has too little space left to write safely.
var ErrDiskFull = errors.New("the disk is nearly full")

// The store writes through memory maps of files with holes. When the disk has no block left for such a hole, the kernel
// ends the process; nothing that was published is lost by that, but nobody would be told why. So there must be space for
// the logs, the tables that they become, and those that a compaction writes before it removes its sources.
const (
	spaceToOpen  = 64 << 20  // bytes
	spaceToWrite = 256 << 20 // bytes
	spaceEvery   = time.Second
	spaceSaid    = time.Minute // between two lines of the log
)

// free is the space left for this user, bytes, on the disk that holds the nearest existing directory above path; false
// when the system does not say.
func free(path string) (int64, bool) {
	for {
		if _, err := os.Stat(path); err == nil {
			return freeAt(path)
		}
		above := filepath.Dir(path)
		if above == path {
			return 0, false
		}
		path = above
	}
}

// Free is how many bytes are left on the directory's disk; false when the system does not say.
func (d *Dir) Free() (int64, bool) {
	if d.FreeOf != nil {
		return d.FreeOf(d.Path)
	}
	return free(d.Path)
}

// checkSpace refuses to open a store on a full disk.
func (d *Dir) checkSpace() error {
	if left, known := d.Free(); known && left < spaceToOpen {
		return diskFull(left, d.Path, spaceToOpen)
	}
	return nil
}

func diskFull(left int64, dir string, need int64) error {
	const mega = 1 << 20
	return fmt.Errorf("%w: %d MB are left for %s, and %d MB are needed: make room, or move the data directory to another disk",
		ErrDiskFull, left/mega, dir, need/mega)
}

// Space is what a writer knows of the disk. One goroutine calls Await; Trouble is for any.
type Space struct {
	dir     Dir
	patient bool
	log     *slog.Logger

	lacking atomic.Bool  // the writer waits
	left    atomic.Int64 // bytes, while it does
}

// Space is for a writer into the directory. A patient one waits for space and goes on; another is refused.
func (d *Dir) Space(patient bool, log *slog.Logger) *Space {
	return &Space{dir: *d, patient: patient, log: log}
}

// Await returns when there is space to write. A server waits for it, and goes on serving what it has; a command ends with
// ErrDiskFull.
func (s *Space) Await(ctx context.Context) error {
	left, known := s.dir.Free()
	if !known || left >= spaceToWrite {
		return nil
	}
	if !s.patient {
		return diskFull(left, s.dir.Path, spaceToWrite)
	}

	defer s.lacking.Store(false)
	var said time.Time
	tick := time.NewTicker(s.dir.checkEvery())
	defer tick.Stop()

	for ; known && left < spaceToWrite; left, known = s.dir.Free() {
		s.left.Store(left)
		s.lacking.Store(true)
		if time.Since(said) >= spaceSaid {
			said = time.Now()
			s.log.Error("nothing is stored until there is room", "err", diskFull(left, s.dir.Path, spaceToWrite))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}

	s.log.Info("there is room again, storing goes on")
	return nil
}

func (d *Dir) checkEvery() time.Duration {
	if d.FreeOf != nil {
		return time.Millisecond
	}
	return spaceEvery
}

// Trouble says that the writer waits for space, "" when it does not. It names no path: it is shown to whoever asks.
func (s *Space) Trouble() string {
	if !s.lacking.Load() {
		return ""
	}
	return diskFull(s.left.Load(), "the data directory", spaceToWrite).Error()
}
