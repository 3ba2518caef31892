package store

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	leanEvery = 20 * time.Millisecond
	leanBytes = 48 << 20 // of mapped files, the program itself included, that may be resident

	// pageOut is MADV_PAGEOUT. Unlike MADV_DONTNEED it changes nothing that a program can see, whatever lies at an address:
	// a table may be merged into others, and its addresses be used anew, between looking them up and giving the advice.
	pageOut = 21
)

// stayLean gives pages of the tables that were read back to the system until the store is closed, so that reading all of
// a large store does not make all of it resident. Badger maps its tables into memory, and the system takes such pages back
// only when it runs out.
func (s *Store) stayLean() {
	end, ended := make(chan struct{}), make(chan struct{})
	s.endLean = func() {
		close(end)
		<-ended
	}
	go func() {
		defer close(ended)
		tick := time.NewTicker(leanEvery)
		defer tick.Stop()

		for {
			select {
			case <-end:
				return
			case <-tick.C:
				if mappedResident() > leanBytes {
					s.pageOut()
				}
			}
		}
	}()
}

// mappedResident is how many bytes of mapped files are resident.
func mappedResident() int64 {
	text, err := os.ReadFile("/proc/self/statm") // size, resident, shared: in pages
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 3 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[2]), 10, 64)
	return pages * int64(os.Getpagesize())
}

// pageOut advises the system to take back what is mapped of the store's files. A system that cannot leaves it.
func (s *Store) pageOut() {
	dir, err := filepath.EvalSymlinks(s.options.Dir)
	if err != nil {
		return
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return
	}

	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}

	within := []byte(" " + dir + string(filepath.Separator))
	for line := range bytes.Lines(text) {
		if !bytes.Contains(line, within) {
			continue
		}
		first, rest, _ := bytes.Cut(line, []byte("-"))
		last, _, _ := bytes.Cut(rest, []byte(" "))
		from, bad := strconv.ParseUint(string(first), 16, 64)
		to, worse := strconv.ParseUint(string(last), 16, 64)
		if bad == nil && worse == nil && from < to {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, uintptr(from), uintptr(to-from), pageOut)
		}
	}
}
