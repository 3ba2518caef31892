export type DialogName = '' | 'shortcuts' | 'about' | 'connect' | 'palette' | 'gaps' | 'layers'

/** What the chart can be told from outside. */
export interface ChartControls {
  fit(): void
  reset(): void
  screenshot(): HTMLCanvasElement
}

/** What the window itself shows, beside the market. */
export class WindowState {
  dialog = $state<DialogName>('')
  /** Set while a chart is on screen. */
  chart: ChartControls | undefined
  /** Set while the list is on screen. */
  focusSearch: (() => void) | undefined
}
