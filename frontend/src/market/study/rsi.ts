import type { Indicator } from '../indicator'

/**
 * Wilder's relative strength index: 100 − 100/(1 + gains/losses), both smoothed over `period` closes, begun by the plain mean of the
 * first `period` changes. Where nothing fell it is 100, where nothing moved 50.
 */
export function relativeStrength(period: number): Indicator {
  const [values, gains, losses]: [number[], number[], number[]] = [[], [], []]
  return {
    lines: [values],
    fill(bars, from) {
      for (const list of [values, gains, losses]) list.length = bars.length
      const change = (i: number) => (bars[i]?.close ?? NaN) - (bars[i - 1]?.close ?? NaN)
      for (let i = from; i < bars.length; i++) {
        if (i < period) {
          gains[i] = losses[i] = values[i] = NaN
          continue
        }
        if (i === period) {
          let [up, down] = [0, 0]
          for (let k = 1; k <= period; k++) {
            up += Math.max(0, change(k))
            down += Math.max(0, -change(k))
          }
          gains[i] = up / period
          losses[i] = down / period
        } else {
          gains[i] = ((gains[i - 1] ?? NaN) * (period - 1) + Math.max(0, change(i))) / period
          losses[i] = ((losses[i - 1] ?? NaN) * (period - 1) + Math.max(0, -change(i))) / period
        }
        const [gain, loss] = [gains[i] ?? NaN, losses[i] ?? NaN]
        values[i] = gain + loss > 0 ? (100 * gain) / (gain + loss) : gain + loss === 0 ? 50 : NaN
      }
    },
  }
}
