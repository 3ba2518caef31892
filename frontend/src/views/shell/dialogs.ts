import type { Component } from 'svelte'
import type { SavedWorkspaces } from '../../state/saved-workspaces.svelte'
import { storage } from '../../state/storage'
import type { DialogName, WindowState } from '../../state/window.svelte'
import type { Workspace } from '../../state/workspace.svelte'
import { LATER_PANELS } from '../side/panels'

type Loaded = Promise<{ default: Component }>

/** The dialogs that are no part of what stands before the first candle. The palette is: it takes what is typed at once. */
const LATER: Partial<Record<DialogName, () => Loaded>> = {
  shortcuts: () => import('./Shortcuts.svelte'),
  tour: () => import('../help/Tour.svelte'),
  help: () => import('./large').then(({ Help }) => ({ default: Help })),
  about: () => import('./About.svelte'),
  connect: () => import('../connect/Connect.svelte'),
  export: () => import('./large').then(({ Export }) => ({ default: Export })),
  gaps: () => import('../chart/Gaps.svelte'),
  layers: () => import('../chart/Layers.svelte'),
  replay: () => import('./large').then(({ Replay }) => ({ default: Replay })),
  health: () => import('../health/Health.svelte'),
  watched: () => import('../tokens/Watched.svelte'),
  workspaces: () => import('./large').then(({ Workspaces }) => ({ default: Workspaces })),
  'list-filter': () => import('../tokens/Filter.svelte'),
}

/** The dialog of this name; undefined for one that App shows itself. */
export function dialogOf(name: DialogName): Loaded | undefined {
  return LATER[name]?.()
}

/** How long the page may be busy before the dialogs are read all the same, in milliseconds. */
const BUSY = 3000

/** Reads all dialogs and panels once there is nothing else to do: each then opens at once, also when the server is away by then. */
export function readLater(): void {
  const read = () => {
    // One that fails is asked for again when it is opened.
    for (const one of [...Object.values(LATER), ...Object.values(LATER_PANELS)]) one().catch(() => undefined)
  }
  if ('requestIdleCallback' in window) requestIdleCallback(read, { timeout: BUSY })
  else setTimeout(read, BUSY)
}

/** Reads what was saved of the window, once; the status bar tells which of it is in use. */
export async function readSaved(workspace: Workspace, view: WindowState): Promise<SavedWorkspaces> {
  const { SavedWorkspaces } = await import('./large')
  return (view.saved ??= new SavedWorkspaces(storage(), workspace.prefs, (values) => workspace.arrange(values)))
}
