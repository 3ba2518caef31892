//go:build desktop

package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	window "github.com/wailsapp/wails/v2/pkg/runtime"

	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/store"
)

var (
	// errExporting is returned for a second export while one runs.
	errExporting = errors.New("an export is running: wait until it has ended, or stop it")
	// errNoServer is returned while there is no market to export from.
	errNoServer = errors.New("the server is not running: View › Reload Page starts it again")
)

// exportEvery is how often the page hears of an export's progress.
const exportEvery = 200 * time.Millisecond

// ExportRequest is what the export dialog asks for.
type ExportRequest struct {
	Kind      string   `json:"kind"`
	Format    string   `json:"format"`
	Interval  string   `json:"interval"` // of candles
	Mints     []string `json:"mints"`    // none: of all tokens
	From      *int64   `json:"from"`     // block times in Unix seconds, inclusive; null: no bound
	To        *int64   `json:"to"`
	MarketCap bool     `json:"market_cap"` // a column of candles, trades and events
	Name      string   `json:"name"`       // what the file is called unless the person calls it otherwise
}

// ExportProgress tells how far an export is, as the event export:progress.
type ExportProgress struct {
	Path string  `json:"path"`
	Rows int64   `json:"rows"`
	Part float64 `json:"part"` // of the whole, 0 to 1, as far as that can be told
	Left float64 `json:"left"` // seconds until it ends; 0 while that cannot be told
}

// ExportEnd tells how an export ended, as the event export:end.
type ExportEnd struct {
	Path    string `json:"path"`
	Rows    int64  `json:"rows"`
	Bytes   int64  `json:"bytes"`
	Gaps    int    `json:"gaps"`    // known ones that were not filled, which the manifest lists
	Stopped bool   `json:"stopped"` // by the person: no file was written
	Error   string `json:"error"`   // why there is none; empty when there is
}

// exports lets one export run at a time. The zero value has none. Safe for concurrent use.
type exports struct {
	mu   sync.Mutex
	stop context.CancelFunc // of the one that runs, nil when none does
}

// begin takes the place, and gives a context that ends with stopNow and how to leave.
func (e *exports) begin() (ctx context.Context, done func(), err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stop != nil {
		return nil, nil, errExporting
	}

	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	return ctx, func() {
		stop()
		e.mu.Lock()
		defer e.mu.Unlock()
		e.stop = nil
	}, nil
}

func (e *exports) stopNow() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stop != nil {
		e.stop()
	}
}

// Export asks for a file and begins to write what the dialog asks for to it. It returns the file, empty when the person
// changed their mind. The events export:progress and export:end tell the rest: a page that was loaded anew hears of it too.
func (a *App) Export(asked ExportRequest) (string, error) {
	if a.first != nil {
		return "", errFirstOnly
	}
	request, err := asked.parse()
	if err != nil {
		return "", err
	}
	ctx, done, err := a.exports.begin()
	if err != nil {
		return "", err
	}

	path, err := a.exportPath(&asked, request.Format)
	if err == nil && path != "" {
		_, err = export.NamedFormat(path, request.Format) // before anything is written
	}
	if err != nil || path == "" {
		done()
		return "", err
	}

	shell := a.window()
	go func() {
		defer done()
		a.runExport(ctx, request, path, func(event string, value any) { window.EventsEmit(shell, event, value) })
	}()
	return path, nil
}

// StopExport ends the export that runs; its unfinished file goes.
func (a *App) StopExport() { a.exports.stopNow() }

// parse reads what the dialog asks for, as the command line reads its flags.
func (r *ExportRequest) parse() (request export.Request, err error) {
	if request.Kind, err = export.ParseKind(r.Kind); err != nil {
		return request, err
	}
	if request.Format, err = export.ParseFormat(r.Format); err != nil {
		return request, err
	}
	if request.Kind == export.Candles {
		if request.Interval, err = market.ParseInterval(r.Interval); err != nil {
			return request, err
		}
	}
	for _, text := range r.Mints {
		mint, err := market.ParsePubkey(text)
		if err != nil {
			return request, err
		}
		request.Mints = append(request.Mints, mint)
	}

	request.MarketCap = r.MarketCap
	request.From, request.To = export.Always()
	if r.From != nil {
		request.From = *r.From
	}
	if r.To != nil {
		request.To = *r.To
	}
	return request, nil
}

// runExport writes the file and tells of it.
func (a *App) runExport(ctx context.Context, request export.Request, path string, tell func(event string, value any)) {
	server, serving, running := a.server.current()
	if !running {
		tell("export:end", ExportEnd{Path: path, Error: errNoServer.Error()})
		return
	}

	stopped := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(serving, cancel)()

	begun, sent := time.Now(), time.Time{}
	tell("export:progress", ExportProgress{Path: path})
	written, err := server.Export(ctx, request, path, func(p export.Progress) {
		if now := time.Now(); now.Sub(sent) >= exportEvery { // the page is no faster, and chunks are small
			sent = now
			tell("export:progress", ExportProgress{path, p.Rows, p.Part, p.Left(now.Sub(begun)).Seconds()})
		}
	})

	end := ExportEnd{Path: path, Rows: written.Rows, Gaps: len(written.Gaps)}
	for _, file := range written.Files {
		end.Bytes += file.Bytes
	}
	switch {
	case err == nil:
		a.log.Info("exported", "kind", request.Kind, "rows", written.Rows, "path", path)
	case stopped.Err() != nil:
		a.log.Info("export stopped", "kind", request.Kind, "path", path)
		end.Stopped = true
	case serving.Err() != nil || errors.Is(err, store.ErrClosed):
		end.Error = filepath.Base(path) + ": the server was stopped or started anew meanwhile, and no file was written: export it again"
	default:
		a.log.Error("export failed", "path", path, "err", err)
		end.Error = err.Error()
	}
	tell("export:end", end)
}

// formatNames are what the file dialog calls the formats, and the endings that are theirs.
var formatNames = map[export.Format][2]string{
	export.CSV:     {"Comma-separated values", "*.csv;*.csv.gz;*.csv.zst"},
	export.JSONL:   {"JSON Lines", "*.jsonl;*.jsonl.gz;*.jsonl.zst;*.ndjson;*.json"},
	export.Parquet: {"Parquet", "*.parquet"},
	export.Arrow:   {"Arrow", "*.arrow;*.feather"},
}

// exportPath asks for the file; empty when the person changed their mind.
func (a *App) exportPath(asked *ExportRequest, format export.Format) (path string, err error) {
	dir := a.lastDir()

	name := filepath.Base(asked.Name)
	words := formatNames[format]
	a.dialog.with(func() {
		path, err = window.SaveFileDialog(a.window(), window.SaveDialogOptions{
			Title: "Export to File", DefaultDirectory: dir, CanCreateDirectories: true, DefaultFilename: name,
			Filters: []window.FileFilter{{DisplayName: fmt.Sprintf("%s (%s)", words[0], strings.ReplaceAll(words[1], ";", ", ")), Pattern: words[1]}},
		})
	})
	if err != nil || path == "" {
		return "", err
	}

	a.wentTo(path)
	whole := withEnding(path, name, format)
	if whole == path {
		return path, nil
	}

	if _, err := os.Stat(whole); err == nil && // the dialog asked about the name without its ending
		!a.ask("Replace the file?", filepath.Base(whole)+" exists already. Replace it?") {
		return "", nil
	}
	return whole, nil
}

// withEnding is the path with an ending, where it has none: that of the name that was proposed.
func withEnding(path, proposed string, format export.Format) string {
	if filepath.Ext(path) != "" {
		return path
	}
	if _, ending, found := strings.Cut(proposed, "."); found {
		return path + "." + ending
	}
	return path + "." + string(format)
}
