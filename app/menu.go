//go:build desktop

package app

import (
	"github.com/wailsapp/wails/v2/pkg/menu"
	"github.com/wailsapp/wails/v2/pkg/menu/keys"
	window "github.com/wailsapp/wails/v2/pkg/runtime"

	"spinscope/backend/market"
)

// menu is the native menu. On Linux it cannot change once shown, so that whatever has a state is told to the page, which
// shows the state.
func (a *App) menu() *menu.Menu {
	bar := menu.NewMenu()

	file := bar.AddSubmenu("File")
	file.AddText("Export History…", keys.CmdOrCtrl("e"), func(*menu.CallbackData) { go a.export() })
	more := file.AddSubmenu("Load More History")
	for _, reach := range reaches {
		more.AddText(reach.name, nil, func(*menu.CallbackData) { go a.loadHistory(reach.name, reach.age) })
	}
	file.AddSeparator()
	file.AddText("Quit", keys.CmdOrCtrl("q"), func(*menu.CallbackData) { window.Quit(a.window()) })

	view := bar.AddSubmenu("View")
	interval := view.AddSubmenu("Interval")
	for _, i := range market.AllIntervals() {
		interval.AddText(words(i), nil, a.tell("menu:interval", i.String()))
	}
	chart := view.AddSubmenu("Chart")
	chart.AddText("Candles", nil, a.tell("menu:chart", "candles"))
	chart.AddText("Line", nil, a.tell("menu:chart", "line"))
	chart.AddText("Area", nil, a.tell("menu:chart", "area"))
	view.AddText("Volume", nil, a.tell("menu:toggle", "volume"))
	view.AddText("Fit Chart", keys.CmdOrCtrl("0"), a.tell("menu:fit", nil))
	theme := view.AddSubmenu("Theme")
	theme.AddText("System", nil, a.tell("menu:theme", "auto"))
	theme.AddText("Dark", nil, a.tell("menu:theme", "dark"))
	theme.AddText("Light", nil, a.tell("menu:theme", "light"))
	view.AddSeparator()
	view.AddText("Reload Page", keys.CmdOrCtrl("r"), func(*menu.CallbackData) { renewPage(a.window()) })
	view.AddText("Full Screen", keys.Key("f11"), func(*menu.CallbackData) { a.toggleFullScreen() })

	help := bar.AddSubmenu("Help")
	help.AddText("Keyboard Shortcuts", nil, a.tell("menu:shortcuts", nil))
	help.AddText("API Documentation", nil, func(*menu.CallbackData) { a.openDocs() })
	help.AddText("About Spinscope", nil, func(*menu.CallbackData) { go a.about() })
	return bar
}

// words names an interval, such as "15 minutes".
func words(i market.Interval) string {
	code := i.String()
	unit := map[byte]string{'s': "second", 'm': "minute", 'h': "hour", 'd': "day"}[code[0]]
	if code[1:] != "1" {
		unit += "s"
	}
	return code[1:] + " " + unit
}

// tell passes a menu choice to the page.
func (a *App) tell(event string, value any) menu.Callback {
	return func(*menu.CallbackData) { window.EventsEmit(a.window(), event, value) }
}

func (a *App) toggleFullScreen() {
	if ctx := a.window(); window.WindowIsFullscreen(ctx) {
		window.WindowUnfullscreen(ctx)
	} else {
		window.WindowFullscreen(ctx)
	}
}

func (a *App) openDocs() {
	if address, _ := a.server.state(); address != "" {
		window.BrowserOpenURL(a.window(), "http://"+address+"/docs")
	}
}

func (a *App) about() {
	a.message(window.InfoDialog, "About Spinscope",
		"Spinscope "+a.options.Version+"\n\nLive candles of SpinPet tokens, for you and for your scripts.\nMIT License.")
}
