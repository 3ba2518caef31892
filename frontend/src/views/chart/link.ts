import { linkTo, readLink } from '../../market/link'
import { reachBack } from '../../state/go-to-alert'
import type { Workspace } from '../../state/workspace.svelte'

/** Copies a link to what the focused chart shows: its coin, interval and the time in sight. */
export function copyLink(workspace: Workspace): void {
  const { mint, interval, controls } = workspace.chart
  if (!mint) return
  const link = linkTo(workspace.connection.address, { mint, interval, range: controls?.range })
  void workspace.clipboard.copy(link, 'Link')
}

/** Shows in the focused chart what a link says after its #, and tells why it cannot. */
export async function openLink(workspace: Workspace, hash: string): Promise<void> {
  const linked = readLink(hash)
  if (typeof linked === 'string') {
    workspace.toasts.show('bad', `The link opens nothing: ${linked}.`)
    return
  }

  const { mint, interval, range } = linked
  workspace.navigation.pick(mint)
  if (interval) workspace.navigation.setInterval(interval)
  const { chart } = workspace
  if (!range || !(await reachBack(chart, range.from))) return
  // An empty chart says itself why it is.
  if (chart.market.phase === 'ready' && !chart.controls?.show(range.from, range.to))
    workspace.toasts.show('info', 'There is no candle of the time that the link names.')
}
