import type { EventData, HistoryData, KlineData, StreamGap } from '../api/client/index'
import type { Stream } from '../api/stream'
import type { Rest } from '../api/rest'
import type { SlotClock } from '../market/gap'
import type { Interval } from '../market/interval'
import { Gaps } from './gaps.svelte'
import { Margin } from './margin.svelte'
import { Marks } from './marks.svelte'
import { Market } from './market.svelte'

/** What stands over a saved picture. */
export interface PictureCaption {
  title: string
  /** That the market is no real one; else empty. */
  tag: string
  lines: readonly string[]
}

/** What the chart on screen can be told from outside. */
export interface ChartControls {
  fit(): void
  reset(): void
  /** Shows the bar of this time; false when it is not loaded. */
  goTo(time: number): boolean
  /** Shows the bars that begin from one time until before another; false when none of them is loaded. */
  show(from: number, to: number): boolean
  /** Moves the crosshair so many bars on, from the newest one when it was nowhere; back with a negative number. */
  step(bars: number): void
  /** Takes the crosshair away. */
  uncross(): void
  /** Makes bars wider by a factor, or narrower with one below 1. */
  zoom(factor: number): void
  /** Shows the oldest bar there is so far; older ones are then asked for. */
  oldest(): void
  /** The chart as a picture with a caption, sharp enough for print. */
  picture(caption: PictureCaption): HTMLCanvasElement
  /** When the first bar in sight begins and the last ends, Unix seconds; undefined while there are none. */
  readonly range: { from: number; to: number } | undefined
  /** The last price, as the label at the axis says it. */
  readonly lastLabel: string
  /** Where a price stands, in CSS pixels from the chart's top; NaN where it has no place. */
  heightOf(price: number): number
  /** From one bar to the next, in CSS pixels. */
  readonly barSpacing: number
}

/** What is remembered of a chart. */
export interface ChartChoice {
  mint: string
  interval: Interval
  /** The coin that it is compared with, if one was chosen. */
  compare?: string | undefined
}

/** One chart of the window: the token and interval chosen for it, and what is known of them while it is open. */
export class ChartState {
  mint = $state('')
  interval = $state<Interval>('m1')
  /** Why the server does not follow the mint for this client, in its words; empty when it does or has not said. */
  refusal = $state('')
  /** The coin that it is compared with, whether or not that is shown; empty for none. */
  compare = $state('')
  readonly market: Market
  /** The candles of that coin, while they are shown. */
  readonly other: Market
  readonly margin: Margin
  readonly marks: Marks
  readonly gaps: Gaps
  /** It shows what was: nothing that is of now stands beside it. */
  replayed = false
  /** Set while the chart is on screen. */
  controls: ChartControls | undefined
  /** The mint whose events this chart has asked for. */
  #watched = ''

  constructor(
    readonly id: number,
    rest: () => Rest,
    private readonly stream: () => Stream,
    slots: SlotClock,
  ) {
    this.market = new Market(rest, stream)
    this.other = new Market(rest, stream)
    this.margin = new Margin(rest)
    this.marks = new Marks(rest)
    this.gaps = new Gaps(rest, slots)
  }

  /** Notes what is to be shown, without reading it. */
  choose({ mint, interval, compare }: Partial<ChartChoice>): void {
    this.mint = mint ?? this.mint
    this.interval = interval ?? this.interval
    this.compare = compare ?? this.compare
  }

  /** Shows what is chosen, and keeps it live. */
  open(): void {
    if (!this.mint) return
    if (this.#watched !== this.mint) {
      this.#unwatch()
      this.refusal = ''
      this.#watched = this.mint
      this.stream().watchEvents(this.mint)
      this.margin.open(this.mint)
      void this.gaps.read(this.mint)
    }
    void this.market.open(this.mint, this.interval)
  }

  /** Forgets everything but the choice. */
  close(): void {
    this.#unwatch()
    this.market.close()
    this.other.close()
    this.margin.open('')
    void this.gaps.read('')
  }

  /** Asks again for what was refused. */
  retry(): void {
    this.#unwatch()
    this.open()
    if (this.market.phase !== 'loading') void this.market.reload()
  }

  onHistory(data: HistoryData): void {
    this.market.onHistory(data)
    this.other.onHistory(data)
  }

  onKline(data: KlineData): void {
    this.market.onKline(data)
    this.other.onKline(data)
  }

  onEvent(data: EventData): void {
    this.margin.onEvent(data)
    this.marks.onEvent(data)
  }

  onGap(notice: StreamGap): void {
    this.market.onGap(notice)
    this.other.onGap(notice)
    this.margin.onGap(notice)
    this.marks.onGap(notice)
  }

  /** The connection stands again: what failed is tried anew, and what is not replayed is read anew. */
  onConnected(): void {
    if (this.refusal) this.retry()
    else if (this.market.phase === 'error') void this.market.reload()
    if (this.other.phase === 'error') void this.other.reload()
    void this.margin.reload()
    this.marks.reload()
  }

  #unwatch(): void {
    if (this.#watched) this.stream().unwatchEvents(this.#watched)
    this.#watched = ''
  }
}
