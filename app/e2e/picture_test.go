package e2e

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Titles of windows, as patterns.
const (
	savePicture = "Save Picture"
	replace     = "Replace the file[?]"
)

// A picture of the chart goes into the file that the real save dialog names; none that is there is replaced unasked.
func TestPicture(t *testing.T) {
	need(t)
	d := newDesk(t)
	a := d.open()
	a.ready()
	a.chooseBusiest()
	chart := a.chart()

	d.focus(title)
	path := filepath.Join(d.home, "typed.png")
	a.save("ctrl+p", savePicture, path)
	before := readPicture(t, path, chart.Size())

	// The page's own key, and a name without the ending: a hidden one, which the dialog does not complete.
	d.focus(title)
	second := filepath.Join(d.home, ".second")
	a.save("p", savePicture, second)
	readPicture(t, second+".png", chart.Size())
	if _, err := os.Lstat(second); err == nil {
		t.Errorf("%s was written too", second)
	}

	t.Log("cancelled")
	d.focus(title)
	d.key("ctrl+p")
	dialog := d.focus(savePicture)
	d.key("ctrl+a")
	d.write(filepath.Join(d.home, "cancelled.png"))
	d.until("the dialog is gone", func() bool { // the first Escape may only close what completes the name
		if d.active() == dialog {
			d.key("Escape")
		}
		return len(d.windows(savePicture)) == 0
	})
	if list, err := filepath.Glob(filepath.Join(d.home, "cancelled*")); err != nil || len(list) > 0 {
		t.Errorf("a cancelled picture was written: %q %v", list, err)
	}

	t.Log("a file that is there: the dialog asks, and no is no")
	d.focus(title)
	d.key("ctrl+p")
	dialog = a.name(savePicture, path)
	asks := func() bool { return d.active() != dialog && len(d.windows(savePicture)) > 0 }
	d.until("the dialog asks whether to replace the file", asks)
	d.keepPicture()
	d.key("Escape")
	d.until("it is back", func() bool { return d.active() == dialog })
	a.unchanged(path, before)
	a.name(savePicture, path)
	d.until("it asks again", asks)
	d.key("Return")
	a.closed(savePicture)
	d.until("the file is another one", func() bool {
		now, err := os.Stat(path)
		return err == nil && !now.ModTime().Equal(before.ModTime())
	})
	readPicture(t, path, chart.Size())

	t.Log("a file that is there with the ending that is added: the app asks")
	before = readPicture(t, second+".png", chart.Size())
	d.focus(title)
	a.save("ctrl+p", savePicture, second)
	d.focus(replace)
	d.key("Escape")
	a.closed(replace)
	a.unchanged(second+".png", before)

	d.focus(title)
	d.key("ctrl+q")
	a.endsCleanly()
}

// save asks for a save dialog by a key, types a path into it and waits until it is gone.
func (a *app) save(key, dialog, path string) {
	a.d.t.Helper()
	a.d.key(key)
	a.name(dialog, path)
	a.closed(dialog)
}

// name types a path into a save dialog and accepts it; the dialog may then ask something.
func (a *app) name(dialog, path string) (window string) {
	a.d.t.Helper()
	window = a.d.focus(dialog)
	a.d.key("ctrl+a")
	a.d.write(path)
	var pressed time.Time
	a.d.until("the path is accepted", func() bool {
		if a.d.active() != window {
			return true
		}
		if time.Since(pressed) > 3*time.Second {
			// Of files that are there the dialog completes the name, which Delete undoes, and lists others, which would
			// take the Return; End puts them away. Both may come late.
			a.d.key("Delete", "End", "Return")
			pressed = time.Now()
		}
		return false
	})

	return window
}

func (a *app) closed(dialog string) {
	a.d.t.Helper()
	a.d.until("the dialog "+dialog+" is gone", func() bool { return len(a.d.windows(dialog)) == 0 })
}

func (a *app) unchanged(path string, before os.FileInfo) {
	a.d.t.Helper()
	after, err := os.Stat(path)
	if err != nil || !after.ModTime().Equal(before.ModTime()) || after.Size() != before.Size() {
		a.d.t.Errorf("%s was touched: %v", path, err)
	}
}

// readPicture reads a picture once all of it is there. It must be about as large as the chart and show something.
func readPicture(t *testing.T, path string, chart image.Point) (info os.FileInfo) {
	t.Helper()
	d := &desk{t: t}
	var shown image.Image
	d.until(path+" is a picture", func() bool {
		file, err := os.Open(path)
		if err != nil {
			return false
		}
		defer file.Close()
		if shown, err = png.Decode(file); err != nil {
			return false
		}
		info, err = file.Stat()
		return err == nil
	})

	size := shown.Bounds().Size()
	// Two pixels for each of the chart's, and the caption above it; a banner may have come or gone.
	if !about(size.X, 2*chart.X, 8) || size.Y < 2*chart.Y-120 || size.Y > 2*chart.Y+400 {
		t.Errorf("%s: %v, the chart is %v", path, size, chart)
	}

	colours := map[color.Color]bool{}
	for y := range size.Y {
		for x := range size.X {
			colours[shown.At(x, y)] = true
		}
	}

	if len(colours) < 20 {
		t.Errorf("%s has %d colours", path, len(colours))
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("%s may be read by others: %o", path, mode)
	}

	return info
}

func about(a, b, limit int) bool { return max(a, b)-min(a, b) <= limit }
