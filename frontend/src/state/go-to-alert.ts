import type { Alert } from '../api/client/index'
import type { Workspace } from './workspace.svelte'

const PATIENCE_MS = 10_000
const LOOK_MS = 50
/** Pages of older candles read at most on the way to a time. */
const MAX_PAGES = 20

/** Shows the token of an alert, at the time it fired. */
export async function goToAlert(workspace: Workspace, alert: Pick<Alert, 'symbol' | 'timestamp'>): Promise<void> {
  const time = Math.floor(alert.timestamp / 1000)
  if (!alert.symbol) return
  workspace.navigation.pick(alert.symbol)
  const { chart } = workspace
  const { market } = chart
  for (let waited = 0; market.phase === 'loading' && waited < PATIENCE_MS; waited += LOOK_MS) await pause(LOOK_MS)
  for (let page = 0; page < MAX_PAGES && market.phase === 'ready'; page++) {
    const { oldest, hasOlder } = market.series
    if (!oldest || oldest.time <= time || !hasOlder || chart.mint !== alert.symbol) break
    const known = market.series.length
    await market.loadOlder()
    if (market.series.length === known) break
  }
  if (chart.mint !== alert.symbol) return
  // What was just read is drawn with the next frame.
  await pause(LOOK_MS)
  if (!chart.controls?.goTo(time)) {
    workspace.toasts.show('info', 'That time is before the first candle of this interval; try a longer one.')
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
