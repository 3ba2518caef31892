//go:build desktop

package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	window "github.com/wailsapp/wails/v2/pkg/runtime"

	"spinscope/backend"
)

// errNoDisplay is returned by Run where no window can be opened.
var errNoDisplay = errors.New("no display (DISPLAY and WAYLAND_DISPLAY are empty): use `spinscope serve` and open its address in a browser")

// stopTime is how long closing may take before the process ends regardless; an open dialog can hold the window's loop.
const stopTime = 5 * time.Second

// App is the desktop app. Its exported methods are the page's bindings (bindings.go).
type App struct {
	options backend.Options
	log     *slog.Logger
	server  *backend.Backend

	stop    context.CancelFunc // ends the server
	stopped chan struct{}      // closed when the server has ended

	mu     sync.Mutex
	ctx    context.Context // of the window, set at its start; the window's functions want it
	failed error           // why the server ended, when it was not asked to
	view   View
	beat   time.Time
}

// Run opens the window and blocks until it is closed and everything is stopped. ctx ending closes the window.
func Run(ctx context.Context, o backend.Options) error {
	if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return errNoDisplay
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	a := &App{
		options: o, log: o.Logger.With("component", "app"), server: backend.New(o),
		stop: stop, stopped: make(chan struct{}),
	}
	geometry := loadGeometry(o.DataDir)
	err := wails.Run(&options.App{
		Title: "Spinscope", Width: geometry.Width, Height: geometry.Height, MinWidth: 760, MinHeight: 480,
		BackgroundColour: options.NewRGB(0x0e, 0x11, 0x16),
		AssetServer:      &assetserver.Options{Assets: o.Assets},
		Menu:             a.menu(),
		Bind:             []any{a},
		Logger:           quiet{a.log},
		Linux:            &linux.Options{ProgramName: "spinscope", WebviewGpuPolicy: linux.WebviewGpuPolicyNever, Icon: icon},
		SingleInstanceLock: &options.SingleInstanceLock{
			UniqueId:               instanceID(o.DataDir),
			OnSecondInstanceLaunch: func(options.SecondInstanceData) { a.show() },
		},
		OnStartup: func(windowCtx context.Context) {
			a.mu.Lock()
			a.ctx = windowCtx
			a.mu.Unlock()
			geometry.place(windowCtx)
			go a.serve(serving)
			go a.quitWith(ctx)
		},
		OnBeforeClose: func(windowCtx context.Context) bool {
			saveGeometry(windowCtx, o.DataDir, a.log)
			return false
		},
		OnShutdown: func(context.Context) { a.shutdown() },
	})
	if err != nil {
		return fmt.Errorf("open window: %w", err)
	}
	return nil
}

// serve runs the backend. When it fails the window stays open and says why.
func (a *App) serve(ctx context.Context) {
	defer close(a.stopped)
	if err := a.server.Run(ctx); err != nil {
		a.mu.Lock()
		a.failed = err
		a.mu.Unlock()
		a.log.Error("server stopped", "err", err)
	}
}

// quitWith closes the window when ctx ends, as on SIGTERM. A dialog that is open would hold the window's loop for good:
// then the store is closed here and the process ended.
func (a *App) quitWith(ctx context.Context) {
	<-ctx.Done()
	go window.Quit(a.ctx)
	time.AfterFunc(stopTime, func() {
		a.shutdown()
		os.Exit(0)
	})
}

// shutdown stops the server and waits for the store to be closed.
func (a *App) shutdown() {
	a.stop()
	select {
	case <-a.stopped:
	case <-time.After(stopTime):
		a.log.Error("the server did not stop in time")
	}
}

// show brings the window to the front, as when the app is started a second time.
func (a *App) show() {
	window.WindowUnminimise(a.ctx)
	window.WindowShow(a.ctx)
}

// instanceID names the one instance per data directory; the second one brings the first to the front.
func instanceID(dir string) string {
	path, err := filepath.Abs(dir)
	if err != nil {
		path = dir
	}
	id := uint64(14695981039346656037) // FNV-1a
	for _, b := range []byte(path) {
		id = (id ^ uint64(b)) * 1099511628211
	}
	return fmt.Sprintf("spinscope.%x", id)
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
