package metadata

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"spinscope/backend/market"
)

const (
	touchEvery = time.Hour // how exact the time of the last use is across restarts
	fileCost   = 512       // bytes that a file takes beside its content, here and on disk
)

// shelf is a directory of small files, one for each mint, with a bound on their total size: the least recently used
// goes first.
type shelf struct {
	dir    string
	ending string // of the files' names, with the dot
	limit  int64  // bytes
	now    func() time.Time

	mu    sync.Mutex
	total int64
	files map[market.Pubkey]*shelved
}

type shelved struct {
	size          int64
	used, touched time.Time // touched is the file's modification time
}

func newShelf(dir, ending string, limit int64) *shelf {
	return &shelf{dir: dir, ending: ending, limit: limit, now: time.Now, files: map[market.Pubkey]*shelved{}}
}

// load finds the files of earlier runs; what was left half written is removed.
func (s *shelf) load() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("metadata directory: %w", err)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("metadata directory: %w", err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), s.ending+".new") {
			_ = os.Remove(filepath.Join(s.dir, entry.Name())) // it is written over else
			continue
		}

		name, ours := strings.CutSuffix(entry.Name(), s.ending)
		mint, err := market.ParsePubkey(name)
		info, infoErr := entry.Info()
		if !ours || err != nil || infoErr != nil || !info.Mode().IsRegular() {
			continue
		}
		s.files[mint] = &shelved{size: info.Size() + fileCost, used: info.ModTime(), touched: info.ModTime()}
		s.total += info.Size() + fileCost
	}

	s.shrink()
	return nil
}

// mints are those with a file, the least recently used first.
func (s *shelf) mints() []market.Pubkey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byUse()
}

func (s *shelf) byUse() []market.Pubkey {
	list := make([]market.Pubkey, 0, len(s.files))
	for mint := range s.files {
		list = append(list, mint)
	}
	slices.SortFunc(list, func(a, b market.Pubkey) int {
		return cmp.Or(s.files[a].used.Compare(s.files[b].used), slices.Compare(a[:], b[:]))
	})
	return list
}

func (s *shelf) has(mint market.Pubkey) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[mint] != nil
}

// use notes that the mint's file is of use; false when there is none.
func (s *shelf) use(mint market.Pubkey) bool {
	s.mu.Lock()
	file := s.files[mint]
	if file == nil {
		s.mu.Unlock()
		return false
	}
	file.used = s.now()
	stale := file.used.Sub(file.touched) > touchEvery
	if stale {
		file.touched = file.used
	}
	at := file.used
	s.mu.Unlock()
	if stale {
		_ = os.Chtimes(s.path(mint), at, at) // only the order of removal after a restart depends on it
	}
	return true
}

// get reads the mint's file; nil when there is none.
func (s *shelf) get(mint market.Pubkey) ([]byte, error) {
	if !s.use(mint) {
		return nil, nil
	}
	data, err := os.ReadFile(s.path(mint))
	if errors.Is(err, fs.ErrNotExist) {
		s.remove(mint) // somebody tidied up
		return nil, nil
	}
	return data, err
}

// peek reads the mint's file as get does, but counts as no use.
func (s *shelf) peek(mint market.Pubkey) ([]byte, error) { return os.ReadFile(s.path(mint)) }

// put writes the mint's file, whole or not at all, and makes space for it. It gives the mints whose files went.
func (s *shelf) put(mint market.Pubkey, data []byte) (gone []market.Pubkey, err error) {
	temporary := s.path(mint) + ".new"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		_ = os.Remove(temporary) // a full disk is better off without it
		return nil, fmt.Errorf("keep metadata: %w", err)
	}
	if err := os.Rename(temporary, s.path(mint)); err != nil {
		return nil, fmt.Errorf("keep metadata: %w", err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	if old := s.files[mint]; old != nil {
		s.total -= old.size
	}
	file := &shelved{size: int64(len(data)) + fileCost, used: s.now()}
	file.touched = file.used
	s.files[mint] = file
	s.total += file.size
	return s.shrink(), nil
}

// remove takes the mint's file away.
func (s *shelf) remove(mint market.Pubkey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(mint)
}

func (s *shelf) drop(mint market.Pubkey) {
	if file := s.files[mint]; file != nil {
		s.total -= file.size
		delete(s.files, mint)
		_ = os.Remove(s.path(mint)) // it is found again at the next start, and is worth no more
	}
}

// shrink removes files until a tenth of the space is free, so that it is rarely needed. The caller holds the lock.
func (s *shelf) shrink() (gone []market.Pubkey) {
	if s.total <= s.limit {
		return nil
	}
	for _, mint := range s.byUse() {
		if s.total <= s.limit/10*9 {
			break
		}
		s.drop(mint)
		gone = append(gone, mint)
	}
	return gone
}

func (s *shelf) path(mint market.Pubkey) string { return filepath.Join(s.dir, mint.String()+s.ending) }
