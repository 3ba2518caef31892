//go:build desktop

package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	window "github.com/wailsapp/wails/v2/pkg/runtime"

	"spinscope/backend"
)

// errNoDisplay is returned by Run where no window can be opened.
var errNoDisplay = errors.New("no display: use `spinscope serve` and open its address in a browser")

// stopTime is how long closing may take after a signal before the process ends regardless.
const stopTime = 4 * time.Second

// App is the desktop app. Its exported methods are the page's bindings (bindings.go).
type App struct {
	options backend.Options
	log     *slog.Logger
	server  *service
	notes   *notifier

	closing atomic.Bool  // the window is on its way out
	loads   atomic.Int64 // of the page
	onTop   atomic.Bool  // the window stays above those of other programs
	dialog  dialogs
	saving  sync.Mutex // held while settings are saved
	probes  probes     // endpoints being tried
	exports exports
	windows windows      // the further ones
	first   *firstWindow // in a further window; nil in the first

	mu        sync.Mutex
	ctx       context.Context // of the window, nil before it is there; the window's functions want it
	geometry  geometry
	heartbeat time.Time // last sign of life of the page; zero while none is expected
	exportDir string    // where the last export went
}

// Run opens the window and blocks until it is closed and everything is stopped. ctx ending closes the window. When the
// app is already open on the same data directory, its window is brought to the front instead.
func Run(ctx context.Context, o backend.Options) error {
	if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return errNoDisplay
	}
	notes := newNotifier(o.Logger.With("component", "app"))
	o.Notify = notes.offer
	a := &App{
		notes: notes, options: o, log: o.Logger.With("component", "app"), server: newService(o), geometry: loadGeometry(o.DataDir, geometryFile),
	}
	a.onTop.Store(a.geometry.OnTop)
	only, err := claim(o.DataDir, a.show)
	if errors.Is(err, errAlreadyOpen) {
		a.log.Info("already open; its window is brought to the front", "data", o.DataDir)
		return nil
	}

	if err != nil { // only the second start suffers: it cannot find this one
		a.log.Warn("a second start will not find this window", "err", err)
	}
	defer only.Close()
	return a.open(ctx)
}

// open runs the window. The library panics when the display cannot be used.
func (a *App) open(ctx context.Context) (err error) {
	windowDone := make(chan struct{})
	defer close(windowDone)
	defer func() {
		if cause := recover(); cause != nil {
			if a.window() != nil {
				panic(cause)
			}
			err = fmt.Errorf("open display %q: %v: %w", os.Getenv("DISPLAY"), cause, errNoDisplay)
		}
	}()

	err = wails.Run(&options.App{
		Title: a.title(), Width: a.geometry.Width, Height: a.geometry.Height, MinWidth: 760, MinHeight: 480,
		AlwaysOnTop:      a.geometry.OnTop,
		BackgroundColour: options.NewRGB(0x0e, 0x11, 0x16),
		AssetServer:      &assetserver.Options{Assets: a.options.Assets, Middleware: a.watchLoads},
		Menu:             a.menu(),
		Bind:             []any{a},
		Logger:           quiet{a.log},
		Linux:            &linux.Options{ProgramName: "spinscope", WebviewGpuPolicy: gpuPolicy(a.options.Config.Window.GPU), Icon: icon},
		OnStartup: func(windowCtx context.Context) {
			a.mu.Lock()
			a.ctx = windowCtx
			a.mu.Unlock()
			go a.quitWith(ctx, windowDone)
			go a.watchPage(windowDone)
			if a.first == nil {
				a.server.start(a.fell)
				go a.notify(windowCtx, windowDone)
			} else {
				go a.hear()
			}
			a.geometry.place(windowCtx)
		},
		OnBeforeClose: func(windowCtx context.Context) bool {
			if a.closing.Swap(true) { // a signal reaches us twice, here and in the library
				return true
			}
			g := a.geometry
			g.OnTop = a.onTop.Load()
			g.save(windowCtx, filepath.Join(a.options.DataDir, a.geometryFile()), a.log)
			return false
		},
		OnShutdown: func(context.Context) {
			a.windows.close()
			if !a.server.stop(stopTime) {
				a.log.Error("the server did not stop in time")
			}
		},
	})
	if err != nil {
		return fmt.Errorf("open window: %w", err)
	}

	return nil
}

// title is the window's: further ones have a number.
func (a *App) title() string {
	if a.first == nil {
		return "Spinscope"
	}
	return fmt.Sprintf("Spinscope %d", a.first.setup.Place)
}

// geometryFile is where the window's place is kept, in the data directory.
func (a *App) geometryFile() string {
	if a.first == nil {
		return geometryFile
	}
	return fmt.Sprintf("window-%d.json", a.first.setup.Place)
}

// window is the context that the window's functions want; nil before the window is there.
func (a *App) window() context.Context {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ctx
}

// quitWith closes the window when ctx ends, as on SIGTERM. An open dialog holds the window's loop until someone closes
// it: then the store is closed here and the process ended.
func (a *App) quitWith(ctx context.Context, windowDone <-chan struct{}) {
	select {
	case <-windowDone:
		return
	case <-ctx.Done():
	}

	go window.Quit(a.window())
	patience := stopTime
	if a.dialog.open() {
		patience = time.Second // enough to save the window's place
	}

	select {
	case <-windowDone:
	case <-time.After(patience):
		code := 0
		if !a.server.stop(stopTime) {
			a.log.Error("the server did not stop in time")
			code = 1
		}
		os.Exit(code)
	}
}

// fell tells that the server stopped by itself after it had been running; a failed start is told by the page.
func (a *App) fell(err error) {
	a.message(window.ErrorDialog, "The server stopped",
		err.Error()+"\n\nWhat was stored is safe. View › Reload Page starts the server again.")
}

// show brings the window to the front, as when the app is started a second time.
func (a *App) show() {
	if ctx := a.window(); ctx != nil {
		window.WindowShow(ctx)
		window.WindowUnminimise(ctx)
	}
}

// watchLoads sees the page being loaded. A page loaded anew owes no sign of life yet, and gives a server that could not
// start another try.
func (a *App) watchLoads(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" || r.URL.Path == "/index.html" {
			a.expectHeartbeat(false)
			if a.loads.Add(1) > 1 {
				a.server.retry(a.fell)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// quiet passes the window library's messages to the program's log.
type quiet struct{ log *slog.Logger }

func (q quiet) Print(message string)   { q.Debug(message) }
func (q quiet) Trace(message string)   { q.Debug(message) }
func (q quiet) Debug(message string)   { q.log.Debug("window", "text", message) }
func (q quiet) Info(message string)    { q.log.Debug("window", "text", message) }
func (q quiet) Warning(message string) { q.log.Warn("window", "text", message) }
func (q quiet) Error(message string)   { q.log.Error("window", "text", message) }
func (q quiet) Fatal(message string)   { q.log.Error("window", "text", message); os.Exit(1) }
