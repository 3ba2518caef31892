import type { Alert } from '../api/client/index'
import type { ChartState } from './chart.svelte'
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
  if (!(await reachBack(chart, time))) return
  if (!chart.controls?.goTo(time)) {
    workspace.toasts.show('info', 'That time is before the first candle of this interval; try a longer one.')
  }
}

/** Reads candles back to a time, as far as there are any; false when the chart shows another coin by then. */
export async function reachBack(chart: ChartState, time: number): Promise<boolean> {
  const { market, mint } = chart
  const rest = async (busy: () => boolean) => {
    for (let waited = 0; busy() && waited < PATIENCE_MS; waited += LOOK_MS) await pause(LOOK_MS)
  }
  await rest(() => market.phase === 'loading')
  for (let page = 0; page < MAX_PAGES && market.phase === 'ready'; page++) {
    // The chart itself may be reading older ones.
    await rest(() => market.loadingOlder)
    const { oldest, hasOlder } = market.series
    if (!oldest || oldest.time <= time || !hasOlder || chart.mint !== mint) break
    const known = market.series.length
    await market.loadOlder()
    if (market.series.length === known) break
  }

  // What was just read is drawn with the next frame.
  if (chart.mint === mint) await pause(LOOK_MS)
  return chart.mint === mint
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
