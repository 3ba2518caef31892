//go:build desktop

package app

import (
	"strings"

	window "github.com/wailsapp/wails/v2/pkg/runtime"
)

// ServerInfo tells the page where the embedded server is.
type ServerInfo struct {
	Base  string `json:"base"`  // such as http://127.0.0.1:5051
	Token string `json:"token"` // the page's own key to it, empty when none is set
	Error string `json:"error"` // why the server could not start
	Ready bool   `json:"ready"`
	First bool   `json:"first"` // nobody has chosen a market yet: the page asks
}

// Server is polled by the page until the server is ready or has failed: the page may load before it.
func (a *App) Server() ServerInfo {
	info := a.where()
	if info.Ready {
		a.expectHeartbeat(true) // the page opens now
	}
	return info
}

// where tells where the server is, in a further window that of the first.
func (a *App) where() (info ServerInfo) {
	if a.first != nil {
		if err := a.first.call("Server", struct{}{}, &info); err != nil {
			info.Error = err.Error()
		}
		return info
	}

	address, failed := a.server.state()
	switch {
	case failed != nil:
		return ServerInfo{Error: failed.Error()}
	case address == "":
		return ServerInfo{}
	}

	now := a.server.settings()
	return ServerInfo{Base: "http://" + address, Token: now.Config.Server.Token, Ready: true, First: firstStart(now.Origin)}
}

// CopyText puts a text on the clipboard.
func (a *App) CopyText(text string) error { return window.ClipboardSetText(a.window(), text) }

// OpenExternal opens a web page in the person's browser; other schemes are ignored.
func (a *App) OpenExternal(url string) {
	if strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://") {
		window.BrowserOpenURL(a.window(), url)
	}
}

// OnTop reports whether the window stays above those of other programs.
func (a *App) OnTop() bool { return a.onTop.Load() }

// SetOnTop lets the window stay above those of other programs, or not; it is remembered. A desktop may refuse: Wayland has
// no such wish.
func (a *App) SetOnTop(on bool) {
	a.onTop.Store(on)
	window.WindowSetAlwaysOnTop(a.window(), on)
}

// Heartbeat is called by the page while it lives.
func (a *App) Heartbeat() { a.expectHeartbeat(true) }
