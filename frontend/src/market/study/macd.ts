import type { Indicator, IndicatorBar } from '../indicator'
import { smooth } from './smooth'

const FAST = 12
const SLOW = 26
const SIGNAL = 9

/** The exponential mean of 12 closes less that of 26, its own exponential mean over 9 (the signal), and how far the two are apart. */
export function convergence(): Indicator {
  const [fast, slow]: [number[], number[]] = [[], []]
  const [apart, macd, signal]: [number[], number[], number[]] = [[], [], []]
  return {
    lines: [apart, macd, signal],
    fill(bars: readonly IndicatorBar[], from) {
      for (const list of [fast, slow, apart, macd, signal]) list.length = bars.length
      const close = (i: number) => bars[i]?.close ?? NaN
      for (let i = from; i < bars.length; i++) {
        smooth(fast, close, i, { period: FAST })
        smooth(slow, close, i, { period: SLOW })
        macd[i] = (fast[i] ?? NaN) - (slow[i] ?? NaN)
        smooth(signal, (k) => macd[k] ?? NaN, i, { period: SIGNAL, first: SLOW - 1 })
        apart[i] = (macd[i] ?? NaN) - (signal[i] ?? NaN)
      }
    },
  }
}
