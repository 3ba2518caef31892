//go:build desktop

package app

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	window "github.com/wailsapp/wails/v2/pkg/runtime"
)

// dialogs lets one dialog be open at a time: the library gives each answer to whoever waits.
type dialogs struct {
	mu    sync.Mutex
	shown atomic.Bool
}

func (d *dialogs) open() bool { return d.shown.Load() }

// with runs show while no other dialog is open.
func (d *dialogs) with(show func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shown.Store(true)
	defer d.shown.Store(false)
	show()
}

// message shows a dialog, waits for it and returns the button. It must not be called from the window's own goroutine.
// A window that is closing shows none.
func (a *App) message(kind window.DialogType, title, text string) (button string) {
	a.dialog.with(func() {
		ctx := a.window()
		if ctx == nil || a.closing.Load() {
			return
		}
		var err error
		button, err = window.MessageDialog(ctx, window.MessageDialogOptions{Type: kind, Title: title, Message: verbatim(text)})
		if err != nil {
			a.log.Warn("dialog failed", "err", err)
		}
	})
	return button
}

// verbatim protects a text from the library, which on Linux takes it for a format of printf.
func verbatim(text string) string {
	if runtime.GOOS == "linux" {
		return strings.ReplaceAll(text, "%", "%%")
	}
	return text
}

// savePath asks for a file to write, and completes its name with this ending; empty when the person changed their mind.
func (a *App) savePath(title string, filter window.FileFilter, name, ending string) (path string, err error) {
	dir := a.lastDir()
	a.dialog.with(func() {
		path, err = window.SaveFileDialog(a.window(), window.SaveDialogOptions{
			Title: title, DefaultDirectory: dir, CanCreateDirectories: true, DefaultFilename: name,
			Filters: []window.FileFilter{filter},
		})
	})
	if err != nil || path == "" {
		return "", err
	}

	a.wentTo(path)
	if strings.EqualFold(filepath.Ext(path), ending) {
		return path, nil
	}

	path += ending // the dialog asked about the name without it
	if _, err := os.Stat(path); err == nil &&
		!a.ask("Replace the file?", filepath.Base(path)+" exists already. Replace it?") {
		return "", nil
	}
	return path, nil
}

// wentTo remembers where a file was put: the next dialog begins there.
func (a *App) wentTo(path string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.exportDir = filepath.Dir(path)
}

// lastDir is where the last file was put, "" where that is not known, or is gone: the library opens no dialog for a
// directory that is not there, nor for one that is reached by a link.
func (a *App) lastDir() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.exportDir == "" {
		return ""
	}
	dir, err := filepath.EvalSymlinks(a.exportDir)
	if err != nil {
		return ""
	}
	return dir
}
