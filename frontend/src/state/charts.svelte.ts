import type { Stream } from '../api/client/index'
import type { Rest } from '../api/rest'
import { SlotClock } from '../market/gap'
import { type ChartChoice, ChartState } from './chart.svelte'
import type { Prefs } from './prefs.svelte'

/** The charts of the window. One has the focus: the token list, the header, the tape and the keys are about that one. */
export class Charts {
  /** In the order of their places; those beyond `shown` are closed. */
  list = $state.raw<readonly ChartState[]>([])
  focus = $state(0)
  /** Those on screen. */
  shown: readonly ChartState[] = $derived(this.list.slice(0, 1))
  focused: ChartState = $derived(this.list[this.focus] as ChartState)
  readonly slots = new SlotClock()

  constructor(
    private readonly prefs: Prefs,
    rest: () => Rest,
    stream: () => Stream,
  ) {
    const chart = new ChartState(0, rest, stream, this.slots)
    chart.choose(prefs.values.charts[0] ?? {})
    this.list = [chart]
  }

  /** Every mint on screen, the focused one first. */
  get mints(): string[] {
    return [...new Set([this.focused, ...this.shown].map((chart) => chart.mint).filter(Boolean))]
  }

  /** Changes what the focused chart shows. */
  choose(choice: Partial<ChartChoice>): void {
    this.focused.choose(choice)
    this.focused.open()
    this.#remember()
  }

  open(): void {
    for (const chart of this.shown) chart.open()
  }

  /** Forgets what is shown, for another server. */
  close(): void {
    for (const chart of this.list) chart.close()
  }

  #remember(): void {
    this.prefs.set(
      'charts',
      this.list.map(({ mint, interval }) => ({ mint, interval })),
    )
  }
}
