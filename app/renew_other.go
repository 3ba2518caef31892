//go:build desktop && !linux

package app

import (
	"context"

	window "github.com/wailsapp/wails/v2/pkg/runtime"
)

// renewPage loads the page anew.
func renewPage(ctx context.Context) { window.WindowReloadApp(ctx) }
