//go:build desktop

package app

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"spinscope/backend"
)

// Further opens a further window of an app that runs, when args ask for one, and blocks until it is closed. Only the app
// itself starts it; it has neither a store nor a server, and ends with the first window.
func Further(args []string, assets fs.FS) (code int, asked bool) {
	if len(args) != 1 || args[0] != furtherCommand {
		return 0, false
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := openFurther(ctx, assets); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "spinscope:", err)
		return 1, true
	}
	return 0, true
}

func openFurther(ctx context.Context, assets fs.FS) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("component", "app")
	first, err := connect(log)
	if err != nil {
		return err
	}

	o := backend.Options{Assets: assets, Logger: log, DataDir: first.setup.DataDir, Version: first.setup.Version}
	o.Config.Window.GPU = first.setup.GPU
	a := &App{notes: newNotifier(log), options: o, log: log, server: newService(o), first: first}
	a.geometry = loadGeometry(o.DataDir, a.geometryFile())
	a.onTop.Store(a.geometry.OnTop)
	return a.open(ctx)
}
