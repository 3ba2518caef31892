import type { Indicator } from '../indicator'
import { smooth } from './smooth'

/**
 * Wilder's average true range: how far the price goes in a bar, the way from the last close included; smoothed over `period` bars,
 * begun by the plain mean of the first `period` ranges.
 */
export function averageTrueRange(period: number): Indicator {
  const values: number[] = []
  return {
    lines: [values],
    fill(bars, from) {
      values.length = bars.length
      const range = (i: number) => {
        const [bar, before] = [bars[i], bars[i - 1]?.close]
        if (!bar) return NaN
        return Math.max(bar.high, before ?? bar.high) - Math.min(bar.low, before ?? bar.low)
      }
      for (let i = from; i < bars.length; i++) smooth(values, range, i, { period, weight: 1 / period })
    },
  }
}
