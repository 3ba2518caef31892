//go:build !desktop

package app

import (
	"context"
	"errors"
	"io/fs"

	"spinscope/backend"
)

// errNoWindow is returned by Run in a build without the desktop tag.
var errNoWindow = errors.New("this build has no window: use `spinscope serve`, or build the app with `make build`")

// Run reports that this build has no window.
func Run(context.Context, backend.Options) error { return errNoWindow }

// Further never opens a window here: only an app with one asks for it.
func Further([]string, fs.FS) (code int, asked bool) { return 0, false }
