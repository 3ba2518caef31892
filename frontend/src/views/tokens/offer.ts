import { addressIn } from '../../market/address'
import type { Workspace } from '../../state/workspace.svelte'

/** The address in a pasted text that no token of the list has; empty when there is none. */
export function unlisted({ tokens }: Workspace, text: string): string {
  const mint = addressIn(text)
  return mint && !tokens.get(mint) ? mint : ''
}

/** What is offered for such an address. */
export function offerWords(workspace: Workspace): string {
  return workspace.canWatch ? 'Watch this coin' : 'Show this coin'
}

/** Does what was offered. */
export function takeUp(workspace: Workspace, mint: string): void {
  if (workspace.canWatch) void workspace.watch(mint)
  else workspace.navigation.pick(mint)
}
