import type { Stream } from '../api/stream'
import type { Rest } from '../api/rest'
import { SlotClock } from '../market/gap'
import type { Interval } from '../market/interval'
import { type ChartChoice, ChartState } from './chart.svelte'
import { type Layout, MOST_CHARTS, PLACES, type Prefs } from './prefs.svelte'

/** Where the pointer is over a chart, for the others. */
export interface Cross {
  from: ChartState
  /** Of the bar under the pointer, Unix seconds. */
  time: number
  /** Level with the pointer, SOL per whole token. */
  price: number
}

/** What a chart shows that is opened for the first time: the same token, at an interval not yet on screen. */
const FRESH: Interval[] = ['m1', 'm5', 'm15', 'h1', 'h4']

/** The charts of the window. One has the focus: the token list, the header, the tape and the keys are about that one. */
export class Charts {
  /** In the order of their places; those beyond `shown` are closed. */
  list = $state.raw<readonly ChartState[]>([])
  focus = $state(0)
  /** Those on screen. */
  shown: readonly ChartState[] = $derived.by(() => this.list.slice(0, PLACES[this.prefs.values.layout]))
  focused: ChartState = $derived(this.list[this.focus] as ChartState)
  /** Set while the pointer is over a chart. */
  cross = $state.raw<Cross | undefined>()
  readonly slots = new SlotClock()

  constructor(
    private readonly prefs: Prefs,
    rest: () => Rest,
    stream: () => Stream,
  ) {
    const { charts, focus, layout } = prefs.values
    this.list = Array.from({ length: MOST_CHARTS }, (_, id) => new ChartState(id, rest, stream, this.slots))
    this.list.forEach((chart, place) => chart.choose(charts[place] ?? {}))
    this.focus = Math.min(focus, PLACES[layout] - 1)
  }

  /** Every mint on screen, the focused one first. */
  get mints(): string[] {
    return [...new Set([this.focused, ...this.shown].map((chart) => chart.mint).filter(Boolean))]
  }

  /** Changes what the focused chart shows; those that show nothing yet follow it. */
  choose(choice: Partial<ChartChoice>): void {
    this.focused.choose(choice)
    this.open()
  }

  /** Gives this chart the focus. */
  point(chart: ChartState): void {
    const place = this.shown.indexOf(chart)
    if (place >= 0) this.focus = place
    this.#remember()
  }

  /** Gives the focus to the chart so many places on. */
  step(places: number): void {
    const count = this.shown.length
    this.focus = (this.focus + places + count) % count
    this.#remember()
  }

  /** Shows as many charts as the layout has places for; the focused one stays. */
  arrange(layout: Layout): void {
    const last = PLACES[layout] - 1
    const [focused, given] = [this.focused, this.list[last]]
    if (this.focus > last && given) {
      this.list = this.list.map((chart) => (chart === focused ? given : chart === given ? focused : chart))
      this.focus = last
    }
    this.prefs.set('layout', layout)
    for (const chart of this.list.slice(last + 1)) chart.close()
    this.open()
  }

  open(): void {
    for (const chart of this.shown) {
      if (!chart.mint && this.focused.mint) chart.choose({ mint: this.focused.mint, interval: this.#fresh() })
      chart.open()
    }
    this.#remember()
  }

  /** Forgets what is shown, for another server. */
  close(): void {
    for (const chart of this.list) chart.close()
  }

  #fresh(): Interval {
    const { mint } = this.focused
    const taken = this.shown.filter((chart) => chart.mint === mint).map((chart) => chart.interval)
    return FRESH.find((interval) => !taken.includes(interval)) ?? 'm1'
  }

  #remember(): void {
    const choices = this.list.map(({ mint, interval }) => ({ mint, interval }))
    this.prefs.set('charts', choices)
    this.prefs.set('focus', this.focus)
  }
}
