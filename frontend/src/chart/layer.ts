import type { IPanePrimitive, IPrimitivePaneView, PaneAttachedParameter, Time } from 'lightweight-charts'
import type { ChartTheme } from './theme'

export type Target = Parameters<NonNullable<ReturnType<IPrimitivePaneView['renderer']>>['draw']>[0]

const NOTHING: readonly IPrimitivePaneView[] = []

/** Something of ours that is drawn below the bars, from a list. */
export abstract class Layer<T> implements IPanePrimitive<Time> {
  protected items: readonly T[] = []
  protected attachedTo: PaneAttachedParameter<Time> | undefined
  readonly #views: IPrimitivePaneView[] = [
    { zOrder: () => 'bottom', renderer: () => ({ draw: (target: Target) => this.draw(target) }) },
  ]

  constructor(protected theme: ChartTheme) {}

  attached(given: PaneAttachedParameter<Time>): void {
    this.attachedTo = given
  }

  detached(): void {
    this.attachedTo = undefined
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.items.length > 0 ? this.#views : NOTHING
  }

  /** Draws these, and no others. */
  set(items: readonly T[], theme: ChartTheme): void {
    this.items = items
    this.theme = theme
    if (items.length === 0) this.clear()
    this.attachedTo?.requestUpdate()
  }

  protected abstract draw(target: Target): void

  /** Nothing is drawn from here on. */
  protected abstract clear(): void
}
