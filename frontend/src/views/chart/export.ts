import { candlesToCsv } from '../../market/csv'
import type { Workspace } from '../../state/workspace.svelte'
import { saveFile, savePicture } from '../../native'
import { words } from '../../market/interval'
import { measureText } from '../../market/measure'
import { FIRST_PROGRAM, programFacts } from '../../market/program'
import { formatPrice } from '../../market/price'
import { formatMoment } from '../../market/time'
import { cleanName, shortAddress } from '../../market/token'
import type { PictureCaption } from '../../state/chart.svelte'
import { reason } from '../../state/reason'

/** A symbol without characters that a file system refuses. */
export function safeSymbol(symbol: string): string {
  return cleanName(symbol, 'token', 24).replace(/[^\p{L}\p{N}_-]+/gu, '-')
}

/** Such as SPT-m1.csv. */
export function exportName(symbol: string, interval: string, extension: string): string {
  return `${safeSymbol(symbol)}-${interval}.${extension}`
}

/** Saves the bars that are loaded in the chart, without asking the server. */
export function exportShown(workspace: Workspace): void {
  const { mint, interval, series } = workspace.market
  const name = exportName(workspace.tokens.get(mint)?.symbol ?? mint, `${interval}-shown`, 'csv')
  saveFile(name, new Blob([candlesToCsv(series.bars)], { type: 'text/csv' }))
  workspace.toasts.show('good', `Saved ${series.length} bars as ${name}`)
}

/** What a picture of the focused chart says of itself, wherever it is shown. */
export function captionOf(workspace: Workspace): PictureCaption {
  const { mint, interval, controls, market } = workspace.chart
  const { zone } = workspace.prefs.values
  const { health, clock } = workspace
  const token = workspace.tokens.get(mint)
  const quote = workspace.tokens.quote(mint).symbol
  const clockName = zone === 'utc' ? 'UTC' : 'local time'
  const { range } = controls ?? {}
  const sight = range ? `${formatMoment(range.from, zone)} to ${formatMoment(range.to, zone)}` : 'No bars in sight'
  const price = market.last ? `last price ${formatPrice(market.last.close, 5)} ${quote}` : 'no price yet'
  const shownAs = measureText(workspace.measure(mint), quote)
  // The address is that of the program whose market is read whole.
  const on = token?.program ?? FIRST_PROGRAM
  const program = on === FIRST_PROGRAM ? (health.status?.program_id ?? '') : programFacts(on).name
  return {
    title: `${token?.named ? `${token.symbol} / ${quote}, ${token.name}` : `${shortAddress(mint)} / ${quote}`} · ${words(interval)}`,
    tag: health.simulated ? 'simulated' : health.replay ? 'replay' : '',
    lines: [
      `${sight}, ${clockName}`,
      `Saved ${formatMoment(clock.now, zone)} ${clockName}, ${price}`,
      ...(shownAs ? [`Prices shown as ${shownAs}`] : []),
      `Mint ${mint}`,
      ...(program ? [`Program ${program}`] : []),
    ],
  }
}

/** Saves the chart as a picture. */
export async function saveScreenshot(workspace: Workspace): Promise<void> {
  const { mint, interval, controls } = workspace.chart
  if (!controls) return
  const name = exportName(workspace.tokens.get(mint)?.symbol ?? mint, interval, 'png')
  try {
    const saved = await savePicture(name, controls.picture(captionOf(workspace)))
    if (saved) workspace.toasts.show('good', `Saved ${saved}`)
  } catch (error) {
    workspace.toasts.show('bad', `The picture could not be saved: ${reason(error)}`)
  }
}
