import type { Indicator } from '../indicator'

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
      for (let i = from; i < bars.length; i++) {
        if (i + 1 < period) values[i] = NaN
        else if (i + 1 === period) {
          let sum = 0
          for (let k = 0; k < period; k++) sum += range(k)
          values[i] = sum / period
        } else values[i] = ((values[i - 1] ?? NaN) * (period - 1) + range(i)) / period
      }
    },
  }
}
