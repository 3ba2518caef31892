package export_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"spinscope/backend/export"
)

// TestPlaceKeepsLinksAndDevices writes through a link, over a file and to a device: none of them is replaced by another
// thing, and a failure leaves what was there.
func TestPlaceKeepsLinksAndDevices(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}

	if err := os.Symlink(file, link); err != nil {
		t.Skip("no links here:", err)
	}
	errFull := errors.New("full")
	if err := export.Place(link, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return errFull
	}); !errors.Is(err, errFull) {
		t.Error(err)
	}

	if text, err := os.ReadFile(file); string(text) != "old" {
		t.Errorf("after a failure: %q, %v", text, err)
	}
	whole := func(w io.Writer) error {
		_, err := io.WriteString(w, "new")
		return err
	}
	if err := export.Place(link, whole); err != nil {
		t.Error(err)
	}

	info, err := os.Lstat(link)
	if text, _ := os.ReadFile(file); err != nil || info.Mode()&os.ModeSymlink == 0 || string(text) != "new" {
		t.Errorf("the link is %v, the file has %q, %v", info, text, err)
	}
	null, err := os.Stat(os.DevNull)
	if err != nil || null.Mode().IsRegular() {
		t.Skip("no device here")
	}

	device := filepath.Join(dir, "device") // a link, so that a mistake costs nothing
	if err := os.Symlink(os.DevNull, device); err != nil {
		t.Fatal(err)
	}
	if err := export.Place(device, whole); err != nil {
		t.Error(err)
	}

	if after, err := os.Stat(os.DevNull); err != nil || after.Mode() != null.Mode() {
		t.Error("the device is gone:", after, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".spinscope*")); len(left) > 0 {
		t.Error("left:", left)
	}
}

// TestNothingIsLeftOfAKilledExport finds what a killed export left, and one that is being written, which stays.
func TestNothingIsLeftOfAKilledExport(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, ".spinscope-export-123")
	if err := os.WriteFile(left, []byte("of a process that was killed"), 0o600); err != nil {
		t.Fatal(err)
	}

	other := filepath.Join(dir, ".spinscope-export")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	say := func(text string) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		}
	}
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	err := export.Place(first, func(w io.Writer) error {
		if err := export.Place(second, say("second")); err != nil {
			return err
		}
		return say("first")(w)
	})
	if err != nil {
		t.Fatal(err)
	}

	for _, path := range []string{first, second} {
		if text, err := os.ReadFile(path); string(text) != filepath.Base(path) {
			t.Errorf("%s holds %q, %v", path, text, err)
		}
	}

	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 3 {
		t.Error("left:", files, err)
	}
}

// TestAFullDiskIsExplained has the file of a full disk named, with the way out, whether it is a file or a device, and nothing left.
func TestAFullDiskIsExplained(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.csv")
	full := func(io.Writer) error {
		return fmt.Errorf("finish export: %w", &os.PathError{Op: "write", Path: filepath.Join(dir, ".spinscope-export-1"), Err: syscall.ENOSPC})
	}
	err := export.Place(path, full)
	if !errors.Is(err, export.ErrDiskFull) || !strings.HasPrefix(err.Error(), path+": the disk is full: nothing of it was kept: make room") || strings.Contains(err.Error(), ".spinscope") {
		t.Errorf("%v", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("left: %v, %v", list, err)
	}
}

// TestADirectoryThatTakesNoFilesIsExplained names the file, and not the temporary one.
func TestADirectoryThatTakesNoFilesIsExplained(t *testing.T) {
	const path = "/proc/self/fd/x.csv" // also for root
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		t.Skip("SKIPPED: there is no such directory here")
	}
	err := export.Place(path, func(io.Writer) error { return nil })
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "create export file "+path+": ") || !strings.HasSuffix(err.Error(), ": name a file in another directory") || strings.Contains(err.Error(), ".spinscope") {
		t.Errorf("%v", err)
	}
}

// TestAManifestThatCannotBeWrittenLeavesTheFile says that the file is whole where its manifest is not there.
func TestAManifestThatCannotBeWrittenLeavesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	if err := os.Mkdir(path+export.ManifestEnding, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := export.FileWithManifest(t.Context(), path, &memory{}, request(export.Trades, export.CSV), nil)
	if err == nil || !strings.Contains(err.Error(), path+" is written and whole, its manifest is not: ") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// TestAManifestGoesWithItsFile: it is not left beside another file of the same name. What is no manifest of that file stays.
func TestAManifestGoesWithItsFile(t *testing.T) {
	for _, c := range []struct {
		what, beside string // "": that of an export before
		stays        bool
	}{
		{what: "the manifest of the file before"},
		{what: "a later version's", beside: `{"manifest": 2, "files": [{"path": "x.csv"}]}`, stays: true},
		{what: "another file's", beside: `{"manifest": 1, "files": [{"path": "y.csv"}]}`, stays: true},
		{what: "a dataset's", beside: `{"manifest": 1, "files": [{"path": "x.csv"}, {"path": "y.csv"}]}`, stays: true},
		{what: "no manifest", beside: "my notes", stays: true},
	} {
		path := filepath.Join(t.TempDir(), "x.csv")
		again := request(export.Trades, export.CSV)
		if _, err := export.FileWithManifest(t.Context(), path, &memory{}, again, nil); err != nil {
			t.Fatal(err)
		}
		if c.beside != "" {
			if err := os.WriteFile(path+export.ManifestEnding, []byte(c.beside), 0o600); err != nil {
				t.Fatal(err)
			}
		}

		if _, err := export.File(t.Context(), path, &memory{}, again, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path + export.ManifestEnding); (err == nil) != c.stays {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

func TestTimeLeft(t *testing.T) {
	for _, c := range []struct {
		part float64
		took time.Duration
		want time.Duration
	}{
		{0.5, 2 * time.Second, 0},
		{0, time.Minute, 0},
		{1, time.Minute, 0},
		{0.25, 10 * time.Second, 30 * time.Second},
	} {
		if got := (export.Progress{Rows: 1, Part: c.part}).Left(c.took); got != c.want {
			t.Errorf("%v of it in %v: %v left, want %v", c.part, c.took, got, c.want)
		}
	}
}
