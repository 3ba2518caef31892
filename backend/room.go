package backend

import (
	"context"
	"errors"
	"fmt"
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

// checkRoom refuses to open a store on a full disk.
func (o *Options) checkRoom() error {
	if left, known := o.free(); known && left < roomToOpen {
		return noRoom(left, o.DataDir, roomToOpen)
	}
	return nil
}

func (o *Options) free() (int64, bool) {
	if o.freeOf != nil {
		return o.freeOf(o.DataDir)
	}
	return free(o.DataDir)
}

func noRoom(left int64, dir string, need int64) error {
	const mega = 1 << 20
	return fmt.Errorf("%w: %d MB are left for %s, and %d MB are needed: make room, or move the data directory to another disk",
		ErrNoRoom, left/mega, dir, need/mega)
}

// room is what the intake knows of the disk.
type room struct {
	lacking atomic.Bool  // the writer waits
	left    atomic.Int64 // bytes, while it does
}

// await returns when there is room to write. A server waits for it, and goes on serving what it has; a command ends with
// ErrNoRoom.
func (in *intake) await(ctx context.Context) error {
	o := &in.backend.options
	left, known := o.free()
	if !known || left >= roomToWrite {
		return nil
	}
	if !in.patient {
		return noRoom(left, o.DataDir, roomToWrite)
	}
	defer in.room.lacking.Store(false)
	var said time.Time
	tick := time.NewTicker(o.roomEvery())
	defer tick.Stop()
	for ; known && left < roomToWrite; left, known = o.free() {
		in.room.left.Store(left)
		in.room.lacking.Store(true)
		if time.Since(said) >= roomSaid {
			said = time.Now()
			in.backend.log.Error("nothing is stored until there is room", "err", noRoom(left, o.DataDir, roomToWrite))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	in.backend.log.Info("there is room again, storing goes on")
	return nil
}

func (o *Options) roomEvery() time.Duration {
	if o.freeOf != nil {
		return time.Millisecond
	}
	return roomEvery
}

// trouble is what keeps the writer from storing, "" for nothing. It names no path: it is shown to whoever asks.
func (in *intake) trouble() string {
	if !in.room.lacking.Load() {
		return ""
	}
	return noRoom(in.room.left.Load(), "the data directory", roomToWrite).Error()
}
