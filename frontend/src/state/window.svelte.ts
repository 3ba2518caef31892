import { topSwitch } from '../native'
import type { Drawings } from './drawings.svelte'
import type { SavedWorkspaces } from './saved-workspaces.svelte'

export type DialogName =
  | ''
  | 'watched'
  | 'list-filter'
  | 'settings'
  | 'first-start'
  | 'shortcuts'
  | 'help'
  | 'tour'
  | 'about'
  | 'connect'
  | 'palette'
  | 'export'
  | 'gaps'
  | 'layers'
  | 'replay'
  | 'workspaces'
  | 'health'

/** A menu that was asked for with the other button of the pointer, at a place of the window. */
export interface OpenMenu {
  x: number
  y: number
  label: string
  items: readonly { text: string; hint?: string; testid: string; checked?: boolean; run: () => void }[]
}

/** What the window itself shows, beside the market. */
export class WindowState {
  dialog = $state<DialogName>('')
  /** The menu at the pointer. */
  menu = $state.raw<OpenMenu | undefined>()
  /** Set while the list is on screen. */
  focusSearch: (() => void) | undefined
  /** What is drawn over the candles; set once the first are on screen. */
  drawings: Drawings | undefined
  /** What was saved of the window; set once the first candles are on screen. */
  saved = $state.raw<SavedWorkspaces | undefined>()
  /** Whether the window stays above those of other programs; undefined where it cannot. */
  onTop = $state<boolean | undefined>()
  readonly #top = topSwitch()

  constructor() {
    void this.#top?.get().then((on) => (this.onTop = on))
  }

  switchOnTop(): void {
    const on = !this.onTop
    void this.#top?.set(on).then(() => (this.onTop = on))
  }
}
