import type { Component } from 'svelte'
import type { SavedWorkspaces } from '../../state/saved-workspaces.svelte'
import { storage } from '../../state/storage'
import type { DialogName, WindowState } from '../../state/window.svelte'
import type { Workspace } from '../../state/workspace.svelte'
import { readPanels } from '../side/panels'

type Loaded = Promise<{ default: Component }>

type Large = typeof import('./large')

/** The dialogs that are no part of what stands before the first candle. The palette is: it takes what is typed at once. */
const LATER: Partial<Record<DialogName, (large: Large) => Component>> = {
  shortcuts: ({ Shortcuts }) => Shortcuts,
  tour: ({ Tour }) => Tour,
  help: ({ Help }) => Help,
  about: ({ About }) => About,
  connect: ({ Connect }) => Connect,
  export: ({ Export }) => Export,
  gaps: ({ Gaps }) => Gaps,
  layers: ({ Layers }) => Layers,
  replay: ({ Replay }) => Replay,
  health: ({ Health }) => Health,
  watched: ({ Watched }) => Watched,
  workspaces: ({ Workspaces }) => Workspaces,
  'list-filter': ({ Filter }) => Filter,
}

/** The dialog of this name; undefined for one that App shows itself. */
export function dialogOf(name: DialogName): Loaded | undefined {
  const of = LATER[name]
  return of && import('./large').then((large) => ({ default: of(large) }))
}

/** How long the page may be busy before the dialogs are read all the same, in milliseconds. */
const BUSY = 3000

/**
 * Reads all dialogs and panels, and what was saved of the window, once there is nothing else to do: each then opens at once,
 * also when the server is away by then.
 */
export function readLater(workspace: Workspace, view: WindowState): void {
  const read = () => {
    // One that fails is asked for again when it is opened.
    for (const one of [readSaved(workspace, view), readPanels()]) one.catch(() => undefined)
  }
  if ('requestIdleCallback' in window) requestIdleCallback(read, { timeout: BUSY })
  else setTimeout(read, BUSY)
}

/** Reads what was saved of the window, once; the status bar tells which of it is in use. */
export async function readSaved(workspace: Workspace, view: WindowState): Promise<SavedWorkspaces> {
  const { SavedWorkspaces } = await import('./large')
  return (view.saved ??= new SavedWorkspaces(storage(), workspace.prefs, (values) => workspace.arrange(values)))
}
