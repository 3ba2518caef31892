import type { Candle } from '../candle'

type Prices = Pick<Candle, 'open' | 'high' | 'low' | 'close'>

/** The Heikin-Ashi candle after one that was drawn as `before`: the mean of the candle's own prices, from the middle of that one on. */
export function heikinAshi({ open, high, low, close }: Prices, before: Prices | undefined): Prices {
  const from = before ? (before.open + before.close) / 2 : (open + close) / 2
  const to = (open + high + low + close) / 4
  return { open: from, high: Math.max(high, from, to), low: Math.min(low, from, to), close: to }
}

/** The Heikin-Ashi candles of a series: `fill` computes them anew from a place on, what stands before is taken as right. */
export class HeikinAshi {
  #made: Prices[] = []

  fill(bars: readonly Prices[], from: number): void {
    this.#made.length = bars.length
    for (let i = from; i < bars.length; i++) {
      const bar = bars[i]
      if (bar) this.#made[i] = heikinAshi(bar, this.#made[i - 1])
    }
  }

  /** The one at a place. */
  at(place: number): Prices | undefined {
    return this.#made[place]
  }
}
