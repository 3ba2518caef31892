import type { Indicator } from '../indicator'
import { sameDay } from '../time'

/** Tokens that takers bought less those that they sold, in each bar, and their sum since midnight UTC. */
export function orderFlow(): Indicator {
  const [delta, sum]: [number[], number[]] = [[], []]
  return {
    lines: [delta, sum],
    fill(bars, from) {
      delta.length = sum.length = bars.length
      for (let i = from; i < bars.length; i++) {
        const [bar, before] = [bars[i], bars[i - 1]]
        if (!bar) break
        const moved = 2 * bar.buy_volume - bar.volume
        delta[i] = moved
        sum[i] = moved + (before && sameDay(before.time, bar.time) ? (sum[i - 1] ?? 0) : 0)
      }
    },
  }
}
