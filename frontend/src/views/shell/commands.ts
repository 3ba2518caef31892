import { TOOL_NAMES, TOOLS } from '../../market/drawing/drawing'
import { indicatorKind, indicatorNames } from '../../market/indicator'
import { INTERVALS, keyOf, label, words } from '../../market/interval'
import { LIST_TABS } from '../../market/token'
import { isDesktop } from '../../native'
import type { ChartKind, Layout, ThemeChoice } from '../../state/prefs.svelte'
import type { WindowState } from '../../state/window.svelte'
import { pickCandle, pickedFor } from '../../state/vwap'
import type { Workspace } from '../../state/workspace.svelte'
import { nextFigure, nextProgram, nextSpan, pickTab, TAB_WORDS } from '../tokens/list'
import { exportShown, saveScreenshot } from '../chart/export'

/** One thing the window can do: for keys, the palette and the list of shortcuts alike. */
export interface Command {
  id: string
  group: 'Tokens' | 'Interval' | 'Chart' | 'Drawing' | 'Layout' | 'Alerts' | 'Export' | 'Window'
  title: string
  /** As KeyboardEvent.key, with "mod+" for Ctrl or Command; "alt+" goes with a digit or a letter. */
  keys: string[]
  run: () => void
  /** What else the palette finds it by. */
  words?: string
}

export const CHARTS: [ChartKind, string][] = [
  ['candles', 'Candles'],
  ['heikin', 'Heikin-Ashi'],
  ['line', 'Line'],
  ['area', 'Area'],
]
/** In the order of their keys. */
export const LAYOUTS: [Layout, string][] = [
  ['one', 'One chart'],
  ['columns', 'Two charts side by side'],
  ['rows', 'Two charts stacked'],
  ['four', 'Four charts'],
]
/** How much wider bars get at once. */
const ZOOM = 1.25
const THEMES: [ThemeChoice, string][] = [
  ['auto', 'Theme: as the system'],
  ['dark', 'Theme: dark'],
  ['light', 'Theme: light'],
]

export function commands(workspace: Workspace, view: WindowState): Command[] {
  const { prefs } = workspace
  const list: Command[] = []
  const add = (group: Command['group'], id: string, title: string, keys: string[], run: () => void, words = '') =>
    list.push({ group, id, title, keys, run, words })

  add('Tokens', 'search', 'Search tokens', ['/'], () => view.focusSearch?.())
  add('Tokens', 'next', 'Next token', ['ArrowDown', 'j'], () => workspace.navigation.step(1))
  add('Tokens', 'previous', 'Previous token', ['ArrowUp', 'k'], () => workspace.navigation.step(-1))
  add(
    'Tokens',
    'favourite',
    'Star or unstar the token',
    ['s'],
    () => workspace.navigation.setFavourite(workspace.chart.mint),
    'favourite',
  )
  add(
    'Tokens',
    'copy-mint',
    'Copy the token’s address',
    ['y'],
    () => void workspace.clipboard.copy(workspace.chart.mint, 'Address'),
  )

  add('Tokens', 'watched', 'Watched coins', ['W'], () => (view.dialog = 'watched'), 'watch add mint pump')
  add('Tokens', 'pictures', 'Toggle token pictures', ['i'], () => prefs.toggle('pictures'))

  for (const tab of LIST_TABS) {
    const [title, words] = TAB_WORDS[tab]
    add('Tokens', `list-${tab}`, `Tokens: ${title.toLowerCase()}`, [], () => pickTab(workspace, tab), words)
  }
  add('Tokens', 'list-span', 'Change over: cycle through 5m, 1h, 24h', [], () => nextSpan(workspace))
  add('Tokens', 'list-program', 'Tokens: cycle through the programs', [], () => nextProgram(workspace))
  add(
    'Tokens',
    'list-filter',
    'Choose the coins of the list',
    [],
    () => (view.dialog = 'list-filter'),
    'filter scanner',
  )
  add(
    'Tokens',
    'list-figure',
    'Beside the name: cycle through last trade, age, volume, trades, market cap, curve',
    [],
    () => nextFigure(workspace),
  )

  for (const interval of INTERVALS) {
    const key = keyOf(interval)
    const show = () => workspace.navigation.setInterval(interval)
    add('Interval', `interval-${interval}`, words(interval), key ? [key] : [], show, label(interval))
  }

  for (const [kind, title] of CHARTS) add('Chart', `chart-${kind}`, title, [], () => prefs.set('chart', kind))
  add('Chart', 'chart-cycle', 'Next chart type', ['c'], () => {
    const place = CHARTS.findIndex(([kind]) => kind === prefs.values.chart)
    prefs.set('chart', (CHARTS[(place + 1) % CHARTS.length] ?? ['candles'])[0])
  })
  add('Chart', 'volume', 'Toggle volume', ['v'], () => prefs.toggle('volume'))
  add('Chart', 'volume-paid', 'Volume: tokens or what was paid', ['V'], () => prefs.toggle('volumePaid'))
  add('Chart', 'volume-delta', 'Volume in the colour of the side that took more', ['Q'], () =>
    prefs.toggle('volumeDelta'),
  )
  add('Chart', 'log', 'Toggle logarithmic scale', ['l'], () => prefs.toggle('log'))
  add('Chart', 'percent', 'Toggle the axis in percent of the first candle in sight', ['%'], () =>
    prefs.toggle('percent'),
  )
  add('Chart', 'cap', 'Switch between price and market cap', ['M'], () => workspace.switchWorth(), 'mcap')
  add('Chart', 'usd', 'Switch between the quote and US dollars', ['$'], () => workspace.switchMoney(), 'SOL usd dollar')
  add('Chart', 'layers', 'Indicators and layers', ['o'], () => (view.dialog = 'layers'))
  for (const name of indicatorNames) {
    const { words, key } = indicatorKind(name)
    add('Chart', name, `Toggle ${words}`, [key], () => {
      prefs.toggle(name)
      // The coin is still to be chosen.
      if (name === 'compare' && prefs.values.compare && !workspace.chart.compare) view.dialog = 'layers'
    })
  }
  add('Chart', 'vwap-here', 'VWAP from the candle at the crosshair on, or of sessions again', ['alt+w'], () => {
    const { mint } = workspace.chart
    const picked = pickedFor(prefs.values, mint)
    const here = workspace.charts.cross?.time
    if (picked || here !== undefined) pickCandle(prefs, mint, picked ? 0 : (here ?? 0))
    else workspace.toasts.show('info', 'Point at the candle first from which on the VWAP is to count.')
  })
  add('Chart', 'bands', 'Toggle liquidation ranges', ['b'], () => prefs.toggle('bands'))
  add('Chart', 'liquidations', 'Toggle liquidation marks', ['d'], () => prefs.toggle('liquidations'))
  add('Chart', 'large-trades', 'Toggle large trades', ['h'], () => prefs.toggle('largeTrades'))
  add('Chart', 'gap-marks', 'Toggle gap marks', ['g'], () => prefs.toggle('gapMarks'))
  add('Chart', 'zone', 'Switch between UTC and local time', ['u'], () =>
    prefs.set('zone', prefs.values.zone === 'utc' ? 'local' : 'utc'),
  )
  add('Chart', 'fit', 'Fit all bars', ['f'], () => workspace.chart.controls?.fit())
  add('Chart', 'reset', 'Back to the newest bar', ['r', 'End'], () => workspace.chart.controls?.reset())

  add(
    'Chart',
    'replay',
    'Replay: the coin as it was',
    ['P'],
    () => {
      if (workspace.chart.mint) view.dialog = 'replay'
    },
    'past play back',
  )
  add(
    'Chart',
    'copy-link',
    'Copy a link to the coin, interval and time in sight',
    ['U'],
    () => void import('./large').then(({ copyLink }) => copyLink(workspace)),
    'share url address',
  )

  add('Chart', 'oldest', 'Go to the oldest bar loaded', ['Home'], () => workspace.chart.controls?.oldest())
  add('Chart', 'cross-left', 'Crosshair one bar back', ['ArrowLeft'], () => workspace.chart.controls?.step(-1))
  add('Chart', 'cross-right', 'Crosshair one bar forward', ['ArrowRight'], () => workspace.chart.controls?.step(1))
  add('Chart', 'cross-off', 'Give up a drawing, or hide the crosshair', ['Escape'], () => {
    if (!view.drawings?.cancel()) workspace.chart.controls?.uncross()
  })
  add('Chart', 'zoom-in', 'Wider bars', ['+', '='], () => workspace.chart.controls?.zoom(ZOOM))
  add('Chart', 'zoom-out', 'Narrower bars', ['-'], () => workspace.chart.controls?.zoom(1 / ZOOM))

  const mint = () => workspace.chart.mint
  add('Drawing', 'draw-tools', 'Toggle the drawing tools', ['L'], () => prefs.toggle('drawTools'))
  for (const tool of TOOL_NAMES) {
    const { words, key } = TOOLS[tool]
    add('Drawing', `draw-${tool}`, words, [key], () => view.drawings?.pick(tool), 'draw')
  }
  add('Drawing', 'draw-place', 'Set a point of the drawing at the crosshair', ['Enter'], () =>
    view.drawings?.hand?.place(),
  )
  add('Drawing', 'draw-magnet', 'Toggle the magnet: points go to prices of their candle', ['alt+g'], () =>
    prefs.toggle('magnet'),
  )
  add('Drawing', 'draw-next', 'Select the next drawing', ['N'], () => view.drawings?.next(mint()))
  add('Drawing', 'draw-remove', 'Remove the selected drawing', ['Delete', 'Backspace'], () =>
    view.drawings?.remove(mint()),
  )
  add('Drawing', 'draw-clear', 'Remove all drawings of the token', [], () => view.drawings?.clear(mint()))
  add('Drawing', 'draw-undo', 'Undo the last change of drawings', ['mod+z'], () => view.drawings?.undo(mint()))
  add('Drawing', 'draw-redo', 'Redo it', ['mod+shift+z', 'mod+y'], () => view.drawings?.redo(mint()), 'drawing')

  LAYOUTS.forEach(([layout, title], place) => {
    add('Layout', `layout-${layout}`, title, [`alt+${place + 1}`], () => workspace.navigation.arrange(layout))
  })
  add('Layout', 'next-chart', 'Next chart', [']'], () => workspace.navigation.stepChart(1))
  add('Layout', 'previous-chart', 'Previous chart', ['['], () => workspace.navigation.stepChart(-1))
  add('Layout', 'cross-sync', 'Toggle the crosshair in all charts', ['z'], () => prefs.toggle('crossSync'))
  add('Layout', 'link-coin', 'Link the charts: all show the same coin', ['G'], () =>
    workspace.navigation.linkCoin(!prefs.values.linkCoin),
  )
  add('Layout', 'link-time', 'Link the charts: all show the same time', ['Z'], () =>
    workspace.charts.linkTime(!prefs.values.linkTime),
  )

  add(
    'Layout',
    'workspaces',
    'Workspaces: save how the window is arranged, open another',
    ['S'],
    () => (view.dialog = 'workspaces'),
    'name file import export',
  )

  add('Export', 'screenshot', 'Save the chart as a picture', ['p'], () => void saveScreenshot(workspace))
  add('Alerts', 'alerts', 'Show alerts', ['a'], () => workspace.navigation.showAlerts())
  add('Alerts', 'alert-new', 'New alert at the crosshair, or at the last price', ['A'], () => workspace.newAlert())
  add('Alerts', 'alert-sound', 'Toggle the sound of alerts', [], () => workspace.sound.toggle(), 'mute silent volume')

  add(
    'Export',
    'export',
    'Export candles, trades, events, orders or gaps to a file',
    ['e'],
    () => (view.dialog = 'export'),
    'history csv json lines jsonl parquet arrow download save manifest',
  )
  if (!isDesktop) add('Export', 'export-shown', 'Save the shown bars as CSV', [], () => exportShown(workspace))

  add('Window', 'palette', 'All commands', ['mod+k'], () => (view.dialog = 'palette'))
  add('Window', 'frames', 'Live frames, as a script gets them', ['q'], () => {
    prefs.set('connect', 'frames')
    view.dialog = 'connect'
  })
  add('Window', 'health', 'Health: endpoints, clients, log', ['H'], () => (view.dialog = 'health'))
  add('Window', 'gaps', 'Known gaps', [], () => (view.dialog = 'gaps'))
  add('Window', 'connect', 'Connect a script', ['x'], () => (view.dialog = 'connect'))
  add(
    'Window',
    'copy-base',
    'Copy the server’s address',
    ['C'],
    () => void workspace.clipboard.copy(workspace.connection.address, 'Server address'),
  )
  for (const [theme, title] of THEMES) add('Window', `theme-${theme}`, title, [], () => prefs.set('theme', theme))
  add('Window', 'theme', 'Next theme', ['t'], () => nextTheme(workspace))
  add(
    'Window',
    'colours',
    'Colours: green and red, or blue and orange',
    [],
    () => prefs.set('colours', prefs.values.colours === 'green-red' ? 'blue-orange' : 'green-red'),
    'blind deuteranopia',
  )
  add(
    'Window',
    'filter-trades',
    'Filter the trades by kind, size or account',
    ['Y'],
    () => {
      workspace.navigation.showSide('trades')
      workspace.tape.toggleFilter()
    },
    'tape wallet whale',
  )
  add('Window', 'tab-trades', 'Show trades', [], () => workspace.navigation.showSide('trades'))
  add('Window', 'tab-orders', 'Show orders', [], () => workspace.navigation.showSide('orders'))
  add('Window', 'tab-info', 'Show token information', [], () => workspace.navigation.showSide('info'))
  add(
    'Window',
    'new-window',
    'New window',
    ['E'],
    () => void import('./large').then(({ newWindow }) => newWindow(workspace)),
    'second further screen',
  )
  if (isDesktop)
    add('Window', 'on-top', `Always on top: ${view.onTop ? 'on' : 'off'}`, ['O'], () => view.switchOnTop(), 'above pin')
  add('Window', 'settings', 'Settings', ['mod+,'], () => (view.dialog = 'settings'))
  add('Window', 'retry', 'Retry the connection', [], () => workspace.retry())
  add('Window', 'help', 'Help: what you see', ['F1'], () => (view.dialog = 'help'), 'legend marks colours glossary')
  add('Window', 'tour', 'A first tour of the window', [], () => (view.dialog = 'tour'), 'help introduction')
  add('Window', 'shortcuts', 'Keyboard shortcuts', ['?'], () => (view.dialog = 'shortcuts'))
  add('Window', 'about', 'About Spinscope', [], () => (view.dialog = 'about'))
  return list
}

export function nextTheme(workspace: Workspace): void {
  const { prefs } = workspace
  const place = THEMES.findIndex(([theme]) => theme === prefs.values.theme)
  prefs.set('theme', (THEMES[(place + 1) % THEMES.length] ?? ['auto'])[0])
}

/** The command that a key stands for; undefined while the person types text or a dialog is open. */
export function commandFor(list: readonly Command[], event: KeyboardEvent): Command | undefined {
  const target = event.target as Element | null
  const typing = target?.closest?.('input, textarea, select, [contenteditable]')
  const mod = event.ctrlKey || event.metaKey
  const key = event.key.toLowerCase()
  // A field has an undo of its own, and Enter belongs to what has the focus.
  if (event.defaultPrevented || (typing && (!mod || 'zy'.includes(key)))) return undefined
  if (event.key === 'Enter' && target?.closest?.('button, a, summary, [tabindex]')) return undefined
  const names = event.altKey
    ? altKeys(event)
    : !mod
      ? [event.key]
      : event.shiftKey
        ? [`mod+shift+${key}`, `mod+${key}`]
        : [`mod+${key}`]
  for (const name of names) {
    const found = list.find((command) => command.keys.includes(name))
    if (found) return found
  }
  return undefined
}

// With Alt some layouts type another character: then the key's place on the keyboard counts.
function altKeys(event: KeyboardEvent): string[] {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return []
  const place = event.code.replace(/^(Digit|Key)/, '').toLowerCase()
  return /^[a-z]$/i.test(event.key) ? [`alt+${event.key.toLowerCase()}`] : [`alt+${place}`]
}

/** How a key is written: Ctrl+K, ↓, /. */
export function keyLabel(key: string): string {
  const names: Record<string, string> = { ArrowDown: '↓', ArrowUp: '↑', ArrowLeft: '←', ArrowRight: '→', Escape: 'Esc' }
  if (key.startsWith('mod+shift+')) return `Ctrl+Shift+${key.slice(10).toUpperCase()}`
  if (key.startsWith('mod+')) return `Ctrl+${key.slice(4).toUpperCase()}`
  if (key.startsWith('alt+')) return `Alt+${key.slice(4).toUpperCase()}`
  if (/^[A-Z]$/.test(key)) return `Shift+${key}`
  return names[key] ?? (key.length === 1 ? key.toUpperCase() : key)
}
