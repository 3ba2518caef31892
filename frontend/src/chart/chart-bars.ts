import type { Bar } from '../market/candle'
import { newest, type Span } from './span'

/**
 * The bars of a chart by time, oldest first, and which of them its canvas holds: the first of those is the library's
 * bar 0.
 */
export class ChartBars {
  all: Bar[] = []
  span: Span = { from: 0, to: 0 }
  held: Bar[] = []

  /** Whether the newest bar is among those on the canvas. */
  get live(): boolean {
    return this.span.to === this.all.length
  }

  /** Other bars: the canvas holds the newest (`reset`), or those of the same times as before. */
  replace(bars: Bar[], reset: boolean): void {
    const [first, final] = [this.held[0]?.time, this.held.at(-1)?.time]
    const live = this.live
    this.all = bars
    if (reset || first === undefined || final === undefined) this.span = newest(bars.length)
    else this.span = { from: this.before(first), to: live ? bars.length : this.before(final + 1) }
  }

  /** Takes in one bar; its place, and whether it is one more. */
  put(bar: Bar): { place: number; fresh: boolean } {
    const known = this.all.findLastIndex(({ time }) => time <= bar.time)
    const place = this.all[known]?.time === bar.time ? known : known + 1
    const fresh = place === this.all.length
    const live = this.live
    this.all[place] = bar
    if (fresh && live) this.span.to++
    return { place, fresh }
  }

  /** Index of the bar of this time, -1 when there is none. */
  placeOf(time: number): number {
    const place = this.before(time)
    return this.all[place]?.time === time ? place : -1
  }

  /** Whether the canvas has the bar of this time. */
  isHeld(time: number): boolean {
    const place = this.placeOf(time)
    return place >= this.span.from && place < this.span.to
  }

  /** How many bars begin before this time. */
  before(time: number): number {
    let [low, high] = [0, this.all.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.all[middle]?.time ?? Infinity) < time) low = middle + 1
      else high = middle
    }
    return low
  }
}
