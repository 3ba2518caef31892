import type { Stream } from '../api/stream'
import type { Rest } from '../api/rest'
import { SlotClock } from '../market/gap'
import type { Interval } from '../market/interval'
import { type ChartChoice, ChartState } from './chart.svelte'
import { type Layout, MAX_CHARTS, PLACES, type Prefs } from './prefs.svelte'

/** Where the pointer is over a chart, for the others. */
export interface Cross {
  from: ChartState
  /** Of the bar under the pointer, Unix seconds. */
  time: number
  /** Level with the pointer, quote per whole token. */
  price: number
}

/** What a chart shows that is opened for the first time: the same token, at an interval not yet on screen. */
const FRESH: Interval[] = ['m1', 'm5', 'm15', 'h1', 'h4']

/** The charts of the window. One has the focus: the token list, the header, the tape and the keys are about that one. */
export class Charts {
  /** In the order of their places; those not in `shown` are closed. */
  list = $state.raw<readonly ChartState[]>([])
  /** Index of the focused one. */
  focus = $state(0)
  /** Those on screen: the first ones, but in the last place the one that had the focus when the places became fewer. */
  shown: readonly ChartState[] = $derived.by(() => {
    const last = PLACES[this.prefs.values.layout] - 1
    return this.list.filter((_, place) => place < last || place === Math.max(last, this.prefs.values.lastPlace))
  })
  focused: ChartState = $derived(this.list[this.focus] as ChartState)
  /** Set while the pointer is over a chart. */
  cross = $state.raw<Cross | undefined>()
  readonly slots = new SlotClock()
  /** The frame in which the others follow the focused one. */
  #leading = 0

  constructor(
    private readonly prefs: Prefs,
    rest: () => Rest,
    stream: () => Stream,
  ) {
    this.list = Array.from({ length: MAX_CHARTS }, (_, id) => new ChartState(id, rest, stream, this.slots))
    this.#recall()
  }

  /** Chooses for every chart what the preferences say by now; `open` shows it. */
  restore(): void {
    this.#recall()
    for (const chart of this.list) if (!this.shown.includes(chart)) chart.close()
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

  /** Compares the focused chart with a coin; empty for none. */
  compare(mint: string): void {
    this.focused.compare = mint
    if (mint) this.prefs.set('compare', true)
    this.#remember()
  }

  /** Gives this chart the focus. */
  point(chart: ChartState): void {
    if (this.shown.includes(chart)) this.focus = this.list.indexOf(chart)
    this.#remember()
  }

  /** Gives the focus to the chart so many places on. */
  step(places: number): void {
    const count = this.shown.length
    const next = this.shown[(this.shown.indexOf(this.focused) + places + count) % count]
    if (next) this.point(next)
  }

  /** Shows as many charts as the layout has places for; the focused one stays, and so does the order. */
  arrange(layout: Layout): void {
    this.prefs.set('lastPlace', this.focus)
    this.prefs.set('layout', layout)
    for (const chart of this.list) if (!this.shown.includes(chart)) chart.close()
    this.open()
  }

  /** Ties the charts to one coin, that of the focused one, or lets each have its own. */
  linkCoin(linked: boolean): void {
    this.prefs.set('linkCoin', linked)
    this.open()
  }

  /** Ties the charts to the time that the focused one has in sight, or lets each have its own. */
  linkTime(linked: boolean): void {
    this.prefs.set('linkTime', linked)
    this.lead()
  }

  /** Before the next frame all charts show the time that the focused one has in sight, when they are tied to it. */
  lead(from = this.focused): void {
    if (!this.prefs.values.linkTime || from !== this.focused) return
    cancelAnimationFrame(this.#leading)
    this.#leading = requestAnimationFrame(() => {
      const range = this.focused.controls?.range
      if (!range) return
      for (const chart of this.shown) if (chart !== this.focused) chart.controls?.show(range.from, range.to)
    })
  }

  open(): void {
    const { mint } = this.focused
    for (const chart of this.shown) {
      if (!chart.mint && mint) chart.choose({ mint, interval: this.#fresh() })
      else if (this.prefs.values.linkCoin && mint) chart.choose({ mint })
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

  #recall(): void {
    const { charts, focus } = this.prefs.values
    this.list.forEach((chart, place) => chart.choose({ compare: '', ...charts[place] }))
    this.focus = this.shown.includes(this.list[focus] as ChartState) ? focus : 0
  }

  #remember(): void {
    const choices = this.list.map(({ mint, interval, compare }) => ({ mint, interval, compare: compare || undefined }))
    this.prefs.set('charts', choices)
    this.prefs.set('focus', this.focus)
  }
}
