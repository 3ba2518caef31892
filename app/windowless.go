//go:build !desktop

package app

import (
	"context"
	"errors"

	"spinscope/backend"
)

// errNoWindow is returned by Run in a build without the desktop tag.
var errNoWindow = errors.New("this build has no window: use `spinscope serve`, or build the app with `make build`")

// Run reports that this build has no window.
func Run(context.Context, backend.Options) error { return errNoWindow }
