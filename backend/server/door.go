package server

import (
	"container/list"
	"errors"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	maxSilent    = 512              // connections that have sent no request yet
	complainOnce = 10 * time.Second // at most one line in the log in so long
)

// door is a listener that leaves file descriptors to the rest of the program: a store that can open no file ends the
// server. Connections that have sent no request give way first, the oldest before the others; then new ones are refused.
type door struct {
	net.Listener
	limit int // of file descriptors, 0 when there is none
	last  int // descriptors from here on are not for connections
	log   *slog.Logger

	mu      sync.Mutex
	silent  *list.List // of net.Conn, the oldest first
	places  map[net.Conn]*list.Element
	said    time.Time
	refused int // since said
}

// newDoor guards a listener in a process that may open limit files; 0 is any number.
func newDoor(listener net.Listener, limit int, log *slog.Logger) *door {
	return &door{
		Listener: listener, limit: limit, last: limit - reserved(limit), log: log,
		silent: list.New(), places: make(map[net.Conn]*list.Element),
	}
}

// reserved is how many of limit descriptors are kept for the store, its tables and connections to the cluster.
func reserved(limit int) int { return min(max(limit/4, 16), 256) }

// Accept returns the next connection there is space for.
func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err //nolint:wrapcheck // net/http looks at it
		}
		if d.limit == 0 || nextDescriptor() < d.last {
			return conn, nil
		}

		d.complain("file descriptors run short, some are for the store")
		if d.evict() {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// nextDescriptor is the number of the next file to be opened. The system gives out the lowest one that is free: when that is
// high, all below are in use.
func nextDescriptor() int { return descriptorOf(os.DevNull, "/") } // a bare chroot has no null device

// descriptorOf opens the first of the files that can be opened, and tells its number. 0 when none can be for another reason
// than that no more may be open: then nothing is known.
func descriptorOf(names ...string) int {
	for _, name := range names {
		file, err := os.Open(name)
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			return math.MaxInt
		}
		if err == nil {
			defer file.Close() //nolint:errcheck // nothing was written
			return int(file.Fd())
		}
	}
	return 0
}

// watch is an http.Server's ConnState.
func (d *door) watch(conn net.Conn, state http.ConnState) {
	d.mu.Lock()
	place, known := d.places[conn]
	switch {
	case state == http.StateNew:
		d.places[conn] = d.silent.PushBack(conn)
	case known:
		d.silent.Remove(place)
		delete(d.places, conn)
	}
	over := d.silent.Len() > maxSilent
	d.mu.Unlock()

	if over {
		d.complain("too many connections send no request")
		d.evict()
	}
}

// evict closes the oldest connection that has sent no request, if there is one.
func (d *door) evict() bool {
	d.mu.Lock()
	oldest := d.silent.Front()
	if oldest != nil {
		d.silent.Remove(oldest)
		delete(d.places, oldest.Value.(net.Conn))
	}
	d.mu.Unlock()
	if oldest == nil {
		return false
	}
	_ = oldest.Value.(net.Conn).Close()
	return true
}

func (d *door) complain(why string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused++
	if now := time.Now(); now.Sub(d.said) >= complainOnce {
		d.log.Warn("connections closed", "component", "server", "reason", why, "closed", d.refused, "silent", d.silent.Len(), "limit", d.limit,
			"hint", "raise the limit of open files (ulimit -n, LimitNOFILE=)")
		d.said, d.refused = now, 0
	}
}
