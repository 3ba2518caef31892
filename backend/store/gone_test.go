package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"spinscope/backend/market"
)

// vanish deletes a directory that somebody may still write to: what is made by its name meanwhile would keep os.RemoveAll
// from emptying it.
func vanish(dir string) error {
	away := dir + "-away"

	return errors.Join(os.Rename(dir, away), os.RemoveAll(away))
}

// A directory that vanishes, is moved away or replaced ends the storing: Run says so, commits are refused, also one that
// waits for Badger, and Close returns.
func TestVanishedDirectoryEndsTheStoring(t *testing.T) {
	for name, take := range map[string]func(dir string) error{
		"deleted": vanish,
		"moved":   func(dir string) error { return os.Rename(dir, dir+"-away") },
		"replaced": func(dir string) error {
			return errors.Join(os.Rename(dir, dir+"-away"), os.CopyFS(dir, os.DirFS(dir+"-away")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := small(Options{Dir: filepath.Join(t.TempDir(), "store")})
			o.goneEvery = time.Millisecond
			s, err := Open(o)
			if err != nil {
				t.Fatal(err)
			}

			fill(t, s, 2, 5)
			stop, ended := runStore(s)
			defer stop()

			if s.Gone() {
				t.Fatal("gone before it was")
			}
			if err := take(o.Dir); err != nil {
				t.Fatal(err)
			}

			committing := make(chan error, 1)
			go func() { // more than memtables hold, so that Badger needs a file
				for {
					if err := s.Commit(&market.Commit{Seq: s.Seq() + 1}); err != nil {
						committing <- err
						return
					}
				}
			}()
			for what, done := range map[string]<-chan error{"run": ended, "commit": committing} {
				select {
				case err := <-done:
					if !errors.Is(err, ErrGone) {
						t.Errorf("%s: %v", what, err)
					}
				case <-time.After(2 * time.Minute):
					t.Fatalf("%s goes on", what)
				}
			}

			closed := make(chan error, 1)
			go func() { closed <- s.Close() }()
			select {
			case err := <-closed:
				if err != nil && !errors.Is(err, ErrGone) || !s.Gone() {
					t.Error(err, s.Gone())
				}
			case <-time.After(2 * time.Minute):
				t.Fatal("close hangs")
			}
		})
	}
}

// Close notices too: nobody may have looked since the directory vanished.
func TestCloseOfAVanishedStore(t *testing.T) {
	o := small(Options{Dir: filepath.Join(t.TempDir(), "store")})
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}

	fill(t, s, 20, 50)
	if err := vanish(o.Dir); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	select {
	case err := <-closed:
		if !errors.Is(err, ErrGone) {
			t.Error(err)
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("close hangs")
	}
}
