//go:build desktop

package app

import (
	"github.com/wailsapp/wails/v2/pkg/menu"
	"github.com/wailsapp/wails/v2/pkg/menu/keys"

	"spinscope/backend/market"
)

// What "menu:toggle" carries is the id of a command of the page (frontend/src/views/shell/commands.ts).

func (a *App) layoutMenu(view *menu.Menu) {
	layout := view.AddSubmenu("Layout")
	layout.AddText("One Chart", keys.OptionOrAlt("1"), a.tell("menu:layout", "one"))
	layout.AddText("Two Charts Side by Side", keys.OptionOrAlt("2"), a.tell("menu:layout", "columns"))
	layout.AddText("Two Charts Stacked", keys.OptionOrAlt("3"), a.tell("menu:layout", "rows"))
	layout.AddText("Four Charts", keys.OptionOrAlt("4"), a.tell("menu:layout", "four"))
	layout.AddSeparator()
	layout.AddText("Next Chart", keys.CmdOrCtrl("]"), a.tell("menu:toggle", "next-chart"))
	layout.AddText("Previous Chart", keys.CmdOrCtrl("["), a.tell("menu:toggle", "previous-chart"))
	layout.AddText("Crosshair in All Charts", nil, a.tell("menu:toggle", "cross-sync"))
	layout.AddText("Same Coin in All Charts", nil, a.tell("menu:toggle", "link-coin"))
	layout.AddText("Same Time in All Charts", nil, a.tell("menu:toggle", "link-time"))
	layout.AddText("Workspaces…", nil, a.tell("menu:toggle", "workspaces"))
}

func (a *App) tokenMenu(bar *menu.Menu) {
	token := bar.AddSubmenu("Token")
	token.AddText("Search…", keys.CmdOrCtrl("f"), a.tell("menu:toggle", "search"))
	token.AddText("Next Token", nil, a.tell("menu:toggle", "next"))
	token.AddText("Previous Token", nil, a.tell("menu:toggle", "previous"))
	token.AddSeparator()
	token.AddText("Star", keys.CmdOrCtrl("d"), a.tell("menu:toggle", "favourite"))
	token.AddText("Watched Coins…", nil, a.tell("menu:toggle", "watched"))
	token.AddText("Copy Address", nil, a.tell("menu:toggle", "copy-mint"))
	token.AddSeparator()
	token.AddText("Show Trades", nil, a.tell("menu:toggle", "tab-trades"))
	token.AddText("Filter Trades", nil, a.tell("menu:toggle", "filter-trades"))
	token.AddText("Show Orders", nil, a.tell("menu:toggle", "tab-orders"))
	token.AddText("Show Information", nil, a.tell("menu:toggle", "tab-info"))
	token.AddText("Pictures", nil, a.tell("menu:toggle", "pictures"))

	order := token.AddSubmenu("List")
	order.AddText("Top by Volume", nil, a.tell("menu:toggle", "list-top"))
	order.AddText("Active by Last Trade", nil, a.tell("menu:toggle", "list-active"))
	order.AddText("Gainers", nil, a.tell("menu:toggle", "list-gainers"))
	order.AddText("Losers", nil, a.tell("menu:toggle", "list-losers"))
	order.AddText("New", nil, a.tell("menu:toggle", "list-new"))
	order.AddText("Starred", nil, a.tell("menu:toggle", "list-favourites"))
	token.AddText("Choose Coins of the List…", nil, a.tell("menu:toggle", "list-filter"))
	token.AddText("Next Period of Change (5m, 1h, 24h)", nil, a.tell("menu:toggle", "list-span"))
	token.AddText("Next Program in the List", nil, a.tell("menu:toggle", "list-program"))
	token.AddText("Next Figure in the List", nil, a.tell("menu:toggle", "list-figure"))
}

func (a *App) chartMenu(bar *menu.Menu) {
	chart := bar.AddSubmenu("Chart")
	interval := chart.AddSubmenu("Interval")
	for _, i := range market.AllIntervals() {
		interval.AddText(i.Words(), nil, a.tell("menu:interval", i.String()))
	}

	kind := chart.AddSubmenu("Type")
	kind.AddText("Candles", nil, a.tell("menu:chart", "candles"))
	kind.AddText("Heikin-Ashi", nil, a.tell("menu:chart", "heikin"))
	kind.AddText("Line", nil, a.tell("menu:chart", "line"))
	kind.AddText("Area", nil, a.tell("menu:chart", "area"))
	layers := chart.AddSubmenu("Layers")
	layers.AddText("Volume", nil, a.tell("menu:toggle", "volume"))
	layers.AddText("Volume in What Was Paid", nil, a.tell("menu:toggle", "volume-paid"))
	layers.AddText("Volume Colored by Side", nil, a.tell("menu:toggle", "volume-delta"))
	layers.AddText("Moving Average", nil, a.tell("menu:toggle", "ma"))
	layers.AddText("Exponential Average", nil, a.tell("menu:toggle", "ema"))
	layers.AddText("VWAP", nil, a.tell("menu:toggle", "vwap"))
	layers.AddText("VWAP from the Crosshair On, or of Sessions", nil, a.tell("menu:toggle", "vwap-here"))
	layers.AddText("Bollinger Band", nil, a.tell("menu:toggle", "bollinger"))
	layers.AddText("Volume by Price", nil, a.tell("menu:toggle", "profile"))
	layers.AddText("Line of Another Coin", nil, a.tell("menu:toggle", "compare"))
	layers.AddText("Order Flow", nil, a.tell("menu:toggle", "flow"))
	layers.AddText("Relative Strength", nil, a.tell("menu:toggle", "rsi"))
	layers.AddText("MACD", nil, a.tell("menu:toggle", "macd"))
	layers.AddText("Average True Range", nil, a.tell("menu:toggle", "atr"))
	layers.AddText("Liquidation Ranges", nil, a.tell("menu:toggle", "bands"))
	layers.AddText("Liquidation Marks", nil, a.tell("menu:toggle", "liquidations"))
	layers.AddText("Large Trades", nil, a.tell("menu:toggle", "large-trades"))
	layers.AddText("Gap Marks", nil, a.tell("menu:toggle", "gap-marks"))
	layers.AddSeparator()
	layers.AddText("Indicators and Layers…", keys.CmdOrCtrl("i"), a.tell("menu:toggle", "layers"))
	chart.AddText("Logarithmic Scale", keys.CmdOrCtrl("l"), a.tell("menu:toggle", "log"))
	chart.AddText("Axis in Percent", nil, a.tell("menu:toggle", "percent"))
	chart.AddText("Price or Market Cap", nil, a.tell("menu:toggle", "cap"))
	chart.AddText("Quote or US Dollars", nil, a.tell("menu:toggle", "usd"))
	chart.AddText("Switch UTC and Local Time", keys.CmdOrCtrl("u"), a.tell("menu:toggle", "zone"))
	chart.AddSeparator()
	chart.AddText("Fit Chart", keys.CmdOrCtrl("0"), a.tell("menu:fit", nil))
	chart.AddText("Back to the Newest Bar", keys.CmdOrCtrl("b"), a.tell("menu:toggle", "reset"))

	draw := chart.AddSubmenu("Drawing")
	draw.AddText("Drawing Tools", nil, a.tell("menu:toggle", "draw-tools"))
	draw.AddText("Measure", nil, a.tell("menu:toggle", "draw-ruler"))
	draw.AddText("Horizontal Line", nil, a.tell("menu:toggle", "draw-level"))
	draw.AddText("Trend Line", nil, a.tell("menu:toggle", "draw-trend"))
	draw.AddText("Ray", nil, a.tell("menu:toggle", "draw-ray"))
	draw.AddText("Fibonacci Retracement", nil, a.tell("menu:toggle", "draw-fib"))
	draw.AddText("Text", nil, a.tell("menu:toggle", "draw-text"))
	draw.AddText("Point at the Crosshair", nil, a.tell("menu:toggle", "draw-place"))
	draw.AddText("Magnet", nil, a.tell("menu:toggle", "draw-magnet"))
	draw.AddSeparator()
	draw.AddText("Next Drawing", nil, a.tell("menu:toggle", "draw-next"))
	draw.AddText("Undo", nil, a.tell("menu:toggle", "draw-undo"))
	draw.AddText("Redo", nil, a.tell("menu:toggle", "draw-redo"))
	draw.AddText("Remove the Selected", nil, a.tell("menu:toggle", "draw-remove"))
	draw.AddText("Remove All of the Token", nil, a.tell("menu:toggle", "draw-clear"))

	cross := chart.AddSubmenu("Crosshair")
	cross.AddText("One Bar Back", nil, a.tell("menu:toggle", "cross-left"))
	cross.AddText("One Bar Forward", nil, a.tell("menu:toggle", "cross-right"))
	cross.AddText("None", nil, a.tell("menu:toggle", "cross-off"))
	chart.AddText("Oldest Bar", nil, a.tell("menu:toggle", "oldest"))
	chart.AddText("Wider Bars", nil, a.tell("menu:toggle", "zoom-in"))
	chart.AddText("Narrower Bars", nil, a.tell("menu:toggle", "zoom-out"))
	chart.AddText("Replay…", nil, a.tell("menu:toggle", "replay"))
	chart.AddText("Known Gaps…", nil, a.tell("menu:toggle", "gaps"))
	chart.AddText("Copy Link", nil, a.tell("menu:toggle", "copy-link"))
	chart.AddText("Save Picture…", keys.CmdOrCtrl("p"), a.tell("menu:toggle", "screenshot"))
}
