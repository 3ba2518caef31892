//go:build desktop

package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	window "github.com/wailsapp/wails/v2/pkg/runtime"

	"spinscope/backend/market"
)

// export asks for a file and writes the shown mint's candles of the shown interval to it.
func (a *App) export() {
	a.mu.Lock()
	view := a.view
	a.mu.Unlock()
	mint, err := market.ParsePubkey(view.Mint)
	if err != nil {
		a.message(window.InfoDialog, "Nothing to export", "No token is shown yet. Choose one from the list first.")
		return
	}

	interval, err := market.ParseInterval(view.Interval)
	if err != nil {
		a.exportFailed(err)
		return
	}

	path, err := a.exportPath(view)
	if err != nil {
		a.exportFailed(err)
		return
	}
	if path == "" { // cancelled
		return
	}

	server, ctx, running := a.server.current()
	if !running {
		a.exportFailed(errors.New("the server is not running: View › Reload Page starts it again"))
		return
	}

	shell := a.window()
	rows, err := server.ExportCandles(ctx, mint, interval, path, func(rows int) {
		window.EventsEmit(shell, "menu:export-progress", map[string]any{"rows": rows})
	})
	if err != nil {
		a.exportFailed(err)
		return
	}
	a.log.Info("history exported", "mint", mint, "interval", interval.String(), "rows", rows, "path", path)
	window.EventsEmit(shell, "menu:export-done", map[string]any{"path": path, "rows": rows})
}

// exportPath asks for the file; empty when the person changed their mind.
func (a *App) exportPath(view View) (path string, err error) {
	a.mu.Lock()
	dir := a.exportDir
	a.mu.Unlock()
	a.dialog.with(func() {
		path, err = window.SaveFileDialog(a.window(), window.SaveDialogOptions{
			Title: "Export History", DefaultDirectory: dir, CanCreateDirectories: true,
			DefaultFilename: fileName(view.Symbol, view.Mint) + "-" + view.Interval + ".csv",
			Filters:         []window.FileFilter{{DisplayName: "Comma-separated values (*.csv)", Pattern: "*.csv"}},
		})
	})
	if err != nil || path == "" {
		return "", err
	}

	a.mu.Lock()
	a.exportDir = filepath.Dir(path)
	a.mu.Unlock()
	if filepath.Ext(path) != "" {
		return path, nil
	}

	path += ".csv" // the dialog asked about the name without it
	if _, err := os.Stat(path); err == nil &&
		!a.ask("Replace the file?", filepath.Base(path)+" exists already. Replace it?") {
		return "", nil
	}
	return path, nil
}

func (a *App) exportFailed(err error) {
	if a.closing.Load() {
		return
	}
	a.log.Error("export failed", "err", err)
	window.EventsEmit(a.window(), "menu:export-error", map[string]any{"message": err.Error()})
	a.message(window.ErrorDialog, "Export failed", err.Error())
}

// fileName makes a name that every file system takes out of a token's symbol, which anyone may choose.
func fileName(symbol, mint string) string {
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return -1
	}, symbol)
	if safe == "" || len(safe) > 32 {
		return mint[:8]
	}
	return safe
}
