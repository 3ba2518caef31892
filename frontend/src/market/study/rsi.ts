import type { Indicator } from '../indicator'
import { smooth } from './smooth'

/**
 * Wilder's relative strength index: 100 − 100/(1 + gains/losses), both smoothed over `period` closes, begun by the plain mean of the
 * first `period` changes. Where nothing fell it is 100, where nothing moved 50.
 */
export function relativeStrength(period: number): Indicator {
  const [values, gains, losses]: [number[], number[], number[]] = [[], [], []]
  // The first close has no change.
  const wilder = { period, first: 1, weight: 1 / period }
  return {
    lines: [values],
    fill(bars, from) {
      for (const list of [values, gains, losses]) list.length = bars.length
      const change = (i: number) => (bars[i]?.close ?? NaN) - (bars[i - 1]?.close ?? NaN)
      for (let i = from; i < bars.length; i++) {
        smooth(gains, (k) => Math.max(0, change(k)), i, wilder)
        smooth(losses, (k) => Math.max(0, -change(k)), i, wilder)
        const [gain, loss] = [gains[i] ?? NaN, losses[i] ?? NaN]
        values[i] = gain + loss > 0 ? (100 * gain) / (gain + loss) : gain + loss === 0 ? 50 : NaN
      }
    },
  }
}
