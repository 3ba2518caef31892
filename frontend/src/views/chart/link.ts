import { linkTo, readLink } from '../../market/link'
import { openOwn, sharing } from '../../native'
import { reachBack } from '../../state/go-to-alert'
import { reason } from '../../state/reason'
import { everythingKept } from '../../state/share'
import type { Workspace } from '../../state/workspace.svelte'

/** Copies a link to what the focused chart shows: its coin, interval and the time in sight. */
export function copyLink(workspace: Workspace): void {
  const link = linkOf(workspace)
  if (link) void workspace.clipboard.copy(link, 'Link')
}

/** Opens a further window on the same market; in a browser with the coin that is shown here. */
export async function newWindow(workspace: Workspace): Promise<void> {
  if (!sharing) {
    openOwn(linkOf(workspace) || workspace.connection.address)
    return
  }
  try {
    await sharing.NewWindow(everythingKept())
  } catch (error) {
    workspace.toasts.show('bad', `No window was opened: ${reason(error)}`)
  }
}

/** The link to what the focused chart shows; '' while it shows nothing. */
function linkOf({ chart, connection }: Workspace): string {
  const { mint, interval, controls } = chart
  return mint && linkTo(connection.address, { mint, interval, range: controls?.range })
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
