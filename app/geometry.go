//go:build desktop

package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"

	window "github.com/wailsapp/wails/v2/pkg/runtime"

	"spinscope/backend/textfile"
)

// geometry is where the window was when it was closed. Place and size are those of the window when it is not maximised.
type geometry struct {
	X         int  `json:"x"`
	Y         int  `json:"y"`
	Width     int  `json:"width"`
	Height    int  `json:"height"`
	Maximised bool `json:"maximised"`
	OnTop     bool `json:"on_top"` // stays above the windows of other programs
	known     bool
}

const (
	geometryFile = "window.json" // of the first window
	edge         = 80            // pixels of the window that must lie on the screen
)

// loadGeometry returns the last one, or the default when there is none or it makes no sense.
func loadGeometry(dir, file string) geometry {
	var g geometry
	text, err := textfile.Read(filepath.Join(dir, file))
	if err != nil || json.Unmarshal(text, &g) != nil || g.Width < 400 || g.Height < 300 || g.Width > 20_000 || g.Height > 20_000 {
		return geometry{Width: 1280, Height: 800}
	}
	g.known = true
	return g
}

// place puts the window where it was, if enough of it lies on the screens there are now.
func (g geometry) place(ctx context.Context) {
	if !g.known {
		return
	}
	screens, err := window.ScreenGetAll(ctx)
	if err != nil {
		return
	}

	width, height := 0, 0 // screens stand side by side as a rule
	for _, screen := range screens {
		width += screen.Size.Width
		height = max(height, screen.Size.Height)
	}

	if g.X >= 0 && g.Y >= 0 && g.X+edge < width && g.Y+edge < height {
		window.WindowSetPosition(ctx, g.X, g.Y)
	}
	if g.Maximised {
		window.WindowMaximise(ctx)
	}
}

// save writes where the window is. A maximised one keeps the place and size it goes back to.
func (g geometry) save(ctx context.Context, path string, log *slog.Logger) {
	g.Maximised = window.WindowIsMaximised(ctx)
	if !g.Maximised && !window.WindowIsFullscreen(ctx) {
		g.X, g.Y = window.WindowGetPosition(ctx)
		g.Width, g.Height = window.WindowGetSize(ctx)
	}
	text, err := json.Marshal(g)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		log.Warn("window place not saved", "err", err)
	}
}
