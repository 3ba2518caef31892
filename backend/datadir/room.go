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

// ErrNoRoom is returned when the disk of the data directory has too little room left to write safely.
var ErrNoRoom = errors.New("the disk is nearly full")

// The store writes through memory maps of files with holes. When the disk has no block left for such a hole, the kernel
// ends the process; nothing that was published is lost by that, but nobody would be told why. So there must be room for
// the logs, the tables that they become, and those that a compaction writes before it removes its sources.
const (
	roomToOpen  = 64 << 20  // bytes
	roomToWrite = 256 << 20 // bytes
	roomEvery   = time.Second
	roomSaid    = time.Minute // between two lines of the log
)

// free is the room left for this user, bytes, on the disk that holds the nearest existing directory above path; false
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

// checkRoom refuses to open a store on a full disk.
func (d *Dir) checkRoom() error {
	if left, known := d.Free(); known && left < roomToOpen {
		return noRoom(left, d.Path, roomToOpen)
	}
	return nil
}

func noRoom(left int64, dir string, need int64) error {
	const mega = 1 << 20
	return fmt.Errorf("%w: %d MB are left for %s, and %d MB are needed: make room, or move the data directory to another disk",
		ErrNoRoom, left/mega, dir, need/mega)
}

// Room is what a writer knows of the disk. One goroutine calls Await; Trouble is for any.
type Room struct {
	dir     Dir
	patient bool
	log     *slog.Logger

	lacking atomic.Bool  // the writer waits
	left    atomic.Int64 // bytes, while it does
}

// Room is for a writer into the directory. A patient one waits for room and goes on; another is refused.
func (d *Dir) Room(patient bool, log *slog.Logger) *Room {
	return &Room{dir: *d, patient: patient, log: log}
}

// Await returns when there is room to write. A server waits for it, and goes on serving what it has; a command ends with
// ErrNoRoom.
func (r *Room) Await(ctx context.Context) error {
	left, known := r.dir.Free()
	if !known || left >= roomToWrite {
		return nil
	}
	if !r.patient {
		return noRoom(left, r.dir.Path, roomToWrite)
	}

	defer r.lacking.Store(false)
	var said time.Time
	tick := time.NewTicker(r.dir.roomEvery())
	defer tick.Stop()
	for ; known && left < roomToWrite; left, known = r.dir.Free() {
		r.left.Store(left)
		r.lacking.Store(true)
		if time.Since(said) >= roomSaid {
			said = time.Now()
			r.log.Error("nothing is stored until there is room", "err", noRoom(left, r.dir.Path, roomToWrite))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	r.log.Info("there is room again, storing goes on")
	return nil
}

func (d *Dir) roomEvery() time.Duration {
	if d.FreeOf != nil {
		return time.Millisecond
	}
	return roomEvery
}

// Trouble says that the writer waits for room, "" when it does not. It names no path: it is shown to whoever asks.
func (r *Room) Trouble() string {
	if !r.lacking.Load() {
		return ""
	}
	return noRoom(r.left.Load(), "the data directory", roomToWrite).Error()
}
