//go:build desktop

package app

import (
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
		a.message(window.ErrorDialog, "Export failed", err.Error())
		return
	}
	path, err := window.SaveFileDialog(a.ctx, window.SaveDialogOptions{
		Title:           "Export History",
		DefaultFilename: fileName(view.Symbol, view.Mint) + "-" + view.Interval + ".csv",
		Filters:         []window.FileFilter{{DisplayName: "Comma-separated values (*.csv)", Pattern: "*.csv"}},
	})
	if err != nil {
		a.message(window.ErrorDialog, "Export failed", err.Error())
		return
	}
	if path == "" { // cancelled
		return
	}
	if filepath.Ext(path) == "" {
		path += ".csv"
	}
	rows, err := a.server.ExportCandles(a.ctx, mint, interval, path, func(rows int) {
		window.EventsEmit(a.ctx, "menu:export-progress", map[string]any{"rows": rows})
	})
	if err != nil {
		a.log.Error("export failed", "err", err)
		window.EventsEmit(a.ctx, "menu:export-error", map[string]any{"message": err.Error()})
		a.message(window.ErrorDialog, "Export failed", err.Error())
		return
	}
	a.log.Info("history exported", "mint", mint, "interval", interval.String(), "rows", rows)
	window.EventsEmit(a.ctx, "menu:export-done", map[string]any{"path": path, "rows": rows})
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
