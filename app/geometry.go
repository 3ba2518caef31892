//go:build desktop

package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"

	window "github.com/wailsapp/wails/v2/pkg/runtime"
)

// geometry is where the window was when it was closed.
type geometry struct {
	X         int  `json:"x"`
	Y         int  `json:"y"`
	Width     int  `json:"width"`
	Height    int  `json:"height"`
	Maximised bool `json:"maximised"`
	known     bool
}

const geometryFile = "window.json"

// loadGeometry returns the last one, or the default when there is none or it makes no sense.
func loadGeometry(dir string) geometry {
	var g geometry
	text, err := os.ReadFile(filepath.Join(dir, geometryFile))
	if err != nil || json.Unmarshal(text, &g) != nil || g.Width < 400 || g.Height < 300 || g.Width > 20_000 || g.Height > 20_000 {
		return geometry{Width: 1280, Height: 800}
	}
	g.known = true
	return g
}

// place puts the window where it was, if that is still on a screen of at least that size.
func (g geometry) place(ctx context.Context) {
	switch {
	case !g.known:
	case g.Maximised:
		window.WindowMaximise(ctx)
	case g.X >= 0 && g.Y >= 0:
		screens, err := window.ScreenGetAll(ctx)
		if err != nil {
			return
		}
		for _, screen := range screens {
			if g.X+80 < screen.Size.Width && g.Y+80 < screen.Size.Height {
				window.WindowSetPosition(ctx, g.X, g.Y)
				return
			}
		}
	}
}

func saveGeometry(ctx context.Context, dir string, log *slog.Logger) {
	g := geometry{Maximised: window.WindowIsMaximised(ctx)}
	g.X, g.Y = window.WindowGetPosition(ctx)
	g.Width, g.Height = window.WindowGetSize(ctx)
	text, err := json.Marshal(g)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, geometryFile), text, 0o600)
	}
	if err != nil {
		log.Warn("window place not saved", "err", err)
	}
}
