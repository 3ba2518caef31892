//go:build desktop

package app

import (
	"github.com/wailsapp/wails/v2/pkg/menu"
	"github.com/wailsapp/wails/v2/pkg/menu/keys"
	window "github.com/wailsapp/wails/v2/pkg/runtime"
)

// menu is the native menu. On Linux it cannot change once shown, so that whatever has a state is told to the page, which
// shows the state.
func (a *App) menu() *menu.Menu {
	bar := menu.NewMenu()

	file := bar.AddSubmenu("File")
	file.AddText("New Window", nil, a.tell("menu:toggle", "new-window"))
	file.AddText("Export…", keys.CmdOrCtrl("e"), a.tell("menu:toggle", "export"))
	if a.first == nil { // history and settings are the first window's
		more := file.AddSubmenu("Load More History")
		for _, reach := range reaches {
			more.AddText(reach.name, nil, func(*menu.CallbackData) { go a.loadHistory(reach.name, reach.age) })
		}
		file.AddSeparator()
		file.AddText("Settings…", keys.CmdOrCtrl(","), a.tell("menu:toggle", "settings"))
	} else {
		file.AddText("Close Window", keys.CmdOrCtrl("w"), func(*menu.CallbackData) { window.Quit(a.window()) })
	}

	file.AddSeparator()
	file.AddText("Quit", keys.CmdOrCtrl("q"), func(*menu.CallbackData) { a.quit() })

	view := bar.AddSubmenu("View")
	a.layoutMenu(view)
	theme := view.AddSubmenu("Theme")
	theme.AddText("System", nil, a.tell("menu:theme", "auto"))
	theme.AddText("Dark", nil, a.tell("menu:theme", "dark"))
	theme.AddText("Light", nil, a.tell("menu:theme", "light"))
	theme.AddSeparator()
	theme.AddText("Green and Red, or Blue and Orange", nil, a.tell("menu:toggle", "colours"))
	view.AddSeparator()
	view.AddText("All Commands…", keys.CmdOrCtrl("k"), a.tell("menu:toggle", "palette"))
	view.AddText("Health", nil, a.tell("menu:toggle", "health"))
	view.AddText("Retry the Connection", nil, a.tell("menu:toggle", "retry"))
	view.AddSeparator()
	view.AddText("Connect a Script…", nil, a.tell("menu:toggle", "connect"))
	view.AddText("Live Frames…", nil, a.tell("menu:toggle", "frames"))
	view.AddText("Copy Server Address", nil, a.tell("menu:toggle", "copy-base"))
	view.AddSeparator()
	view.AddText("Reload Page", keys.CmdOrCtrl("r"), func(*menu.CallbackData) { renewPage(a.window()) })
	view.AddText("Always on Top", nil, a.tell("menu:toggle", "on-top"))
	view.AddText("Full Screen", keys.Key("f11"), func(*menu.CallbackData) { a.toggleFullScreen() })

	a.tokenMenu(bar)
	a.chartMenu(bar)

	alerts := bar.AddSubmenu("Alerts")
	alerts.AddText("New Alert…", keys.CmdOrCtrl("n"), a.tell("menu:toggle", "alert-new"))
	alerts.AddText("Show Alerts", nil, a.tell("menu:toggle", "alerts"))
	alerts.AddText("Sound of Alerts", nil, a.tell("menu:toggle", "alert-sound"))

	help := bar.AddSubmenu("Help")
	help.AddText("What You See", nil, a.tell("menu:toggle", "help"))
	help.AddText("First Tour", nil, a.tell("menu:toggle", "tour"))
	help.AddText("Keyboard Shortcuts", nil, a.tell("menu:shortcuts", nil))
	help.AddText("API Documentation", nil, func(*menu.CallbackData) { a.openDocs() })
	help.AddText("About Spinscope", nil, func(*menu.CallbackData) { go a.about() })
	return bar
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
	if base := a.where().Base; base != "" {
		window.BrowserOpenURL(a.window(), base+"/docs")
	}
}

// quit closes all windows; a further one alone when the first cannot be asked.
func (a *App) quit() {
	if a.first == nil || a.first.call("Quit", struct{}{}, nil) != nil {
		window.Quit(a.window())
	}
}

func (a *App) about() {
	a.message(window.InfoDialog, "About Spinscope",
		"Spinscope "+a.options.Version+"\n\nLive candles of SpinPet tokens, for you and for your scripts.\nMIT License.")
}
