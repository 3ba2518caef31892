//go:build desktop

package app

import (
	"errors"
	"time"

	window "github.com/wailsapp/wails/v2/pkg/runtime"

	"spinscope/backend"
)

// reaches are the choices of File › Load More History; age 0 is everything.
var reaches = []struct {
	name string
	age  time.Duration
}{
	{"Last 24 Hours", 24 * time.Hour},
	{"Last 7 Days", 7 * 24 * time.Hour},
	{"Last 30 Days", 30 * 24 * time.Hour},
	{"Everything", 0},
}

// loadHistory reads older history from the cluster while the window goes on; the page shows how far it is.
func (a *App) loadHistory(name string, age time.Duration) {
	const title = "Load More History"
	server, ctx, running := a.server.current()
	if !running {
		a.message(window.ErrorDialog, title, "The server is not running: View › Reload Page starts it again.")
		return
	}
	var reach backend.Reach
	if age > 0 {
		reach.Since = time.Now().Add(-age)
	}
	a.log.Info("older history asked for", "reach", name)
	err := server.LoadHistory(ctx, reach)
	switch {
	case errors.Is(err, backend.ErrNoHistory):
		a.message(window.InfoDialog, title, "The demo market has no older history, and neither has a cluster that is not read.")
	case err == nil:
		a.message(window.InfoDialog, title, "History is loaded: "+name+".")
	case ctx.Err() == nil:
		a.log.Error("older history was not read", "err", err)
		a.message(window.ErrorDialog, title, err.Error()+"\n\nWhat was read is kept; asking again goes on from there.")
	}
}
