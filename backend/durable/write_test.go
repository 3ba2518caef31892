package durable_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"spinscope/backend/durable"
)

// Whoever reads while others write sees the whole content of one of them, and nothing is left beside the file.
func TestReadersSeeWholeFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	content := func(n int) []byte { return bytes.Repeat([]byte{'a' + byte(n)}, 1000*(n+1)) }
	if err := durable.WriteFile(path, content(0)); err != nil {
		t.Fatal(err)
	}

	var writers sync.WaitGroup
	for n := range 4 {
		writers.Go(func() {
			for range 20 {
				if err := durable.WriteFile(path, content(n)); err != nil {
					t.Error(err)
				}
			}
		})
	}

	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		text, err := os.ReadFile(path)
		if err != nil || len(text) == 0 || !bytes.Equal(text, content(int(text[0]-'a'))) {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
	}

	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Error(files, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
}

// A failure leaves the file as it was.
func TestFailureLeavesTheFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	if err := durable.WriteFile(filepath.Join(dir, "file"), nil); err == nil {
		t.Error("written into a directory that is not there")
	}
	taken := t.TempDir()
	if err := os.MkdirAll(filepath.Join(taken, "file", "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(filepath.Join(taken, "file"), []byte("x")); err == nil {
		t.Error("written over a directory")
	}
	if files, _ := os.ReadDir(taken); len(files) != 1 {
		t.Error(files)
	}
}
