import { addressIn } from '../../market/address'
import type { Workspace } from '../../state/workspace.svelte'

/** The address in a pasted text that no token of the list has; empty when there is none. */
export function unlisted({ tokens }: Workspace, text: string): string {
  const mint = addressIn(text)
  return mint && tokens.all.every((token) => token.mint !== mint) ? mint : ''
}

/** Whether a coin can be put on the list of watched ones from here. */
const canWatch = ({ watched, health }: Workspace) => watched.writable && !health.simulated

/** What is offered for such an address. */
export function offerWords(workspace: Workspace): string {
  return canWatch(workspace) ? 'Watch this coin' : 'Show this coin'
}

/** Does what was offered. */
export function takeUp(workspace: Workspace, mint: string): void {
  if (canWatch(workspace)) void workspace.watch(mint)
  else workspace.navigation.pick(mint)
}
