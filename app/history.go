//go:build desktop

package app

import (
	"errors"
	"time"

	window "github.com/wailsapp/wails/v2/pkg/runtime"

	"spinscope/backend/cluster"
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

	var reach cluster.Reach
	if age > 0 {
		reach.Since = time.Now().Add(-age)
	}
	a.log.Info("older history asked for", "reach", name)
	err := server.LoadHistory(ctx, reach)
	switch {
	case errors.Is(err, cluster.ErrNoHistory):
		a.message(window.InfoDialog, title, "There is no older history to load: this is the demo market, or reading the cluster is switched off.")
	case err == nil:
		a.message(window.InfoDialog, title, "History is loaded: "+name+".")
	case ctx.Err() == nil:
		a.log.Error("older history was not read", "err", err)
		a.message(window.ErrorDialog, title, err.Error()+"\n\nWhat was loaded is kept; load again to continue from there.")
	}
}
