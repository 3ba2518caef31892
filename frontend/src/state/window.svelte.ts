export type DialogName =
  '' | 'settings' | 'first-start' | 'shortcuts' | 'about' | 'connect' | 'palette' | 'gaps' | 'layers' | 'health'

/** What the window itself shows, beside the market. */
export class WindowState {
  dialog = $state<DialogName>('')
  /** Set while the list is on screen. */
  focusSearch: (() => void) | undefined
}
