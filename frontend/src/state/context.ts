import { getContext, setContext } from 'svelte'
import type { WindowState } from './window.svelte'
import type { Workspace } from './workspace.svelte'

const KEY = Symbol('spinscope')

interface Shared {
  workspace: Workspace
  view: WindowState
}

export function share(shared: Shared): void {
  setContext(KEY, shared)
}

/** What the nearest App shares with the views inside it. */
export function shared(): Shared {
  return getContext<Shared>(KEY)
}
